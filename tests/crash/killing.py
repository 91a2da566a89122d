"""Killing a night in the middle of its purge, and knowing where it was hit."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.crash.sites import DAY, NIGHT, Picture, Site, kill

_ERASED = "SELECT count(*) FROM privacy_closure WHERE erased_at IS NOT NULL"
_FINISHED = "SELECT count(*) FROM privacy_closure WHERE finished_at IS NOT NULL"
_STEP = "SELECT count(*) FROM privacy_nightsteprun WHERE name = 'disposal.closures' AND started_at IS NOT NULL"
_OVER = (
    "SELECT count(*) FROM privacy_nightsteprun"
    " WHERE name = 'disposal.closures' AND status NOT IN ('pending', 'running', 'waiting')"
)


@dataclass(frozen=True)
class Hit:
    """Where a kill landed: accounts erased in the database, and of those the ones whose files and stores were done."""

    seconds: float
    erased: int
    finished: int
    files: int
    outside: int
    purging: bool

    @property
    def in_follow_up(self) -> bool:
        return self.erased > self.finished


def counted(site: Site, question: str) -> int:
    with site.asking() as ask:
        return int(ask(question)[0][0])


def lying(folder: Path) -> int:
    """How many files lie there."""
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


def begun(site: Site, night: subprocess.Popen[str], *, timeout: float = 200) -> None:
    """Wait until the purge begins."""
    _until(site, night, lambda ask: ask(_STEP) > 0, timeout)


def wait(site: Site, night: subprocess.Popen[str], holds: Callable[[Site, Callable[[str], int]], bool]) -> None:
    """Wait, without a pause, until ``holds`` says so."""
    _until(site, night, lambda ask: holds(site, ask), 400)


def hit(site: Site, began: float) -> Hit:
    """Where the night was when it died."""
    with site.asking() as ask:
        erased, finished, over = (int(ask(question)[0][0]) for question in (_ERASED, _FINISHED, _OVER))
    return Hit(
        time.monotonic() - began,
        erased,
        finished,
        lying(site.folder / "media" / "uploads"),
        lying(site.folder / "outside"),
        not over,
    )


def measured(site: Site) -> float:
    """How long the purge of an undisturbed night takes here and now, in seconds. The night has run afterwards."""
    night = site.begin_night()
    begun(site, night)
    began = time.monotonic()
    wait(site, night, lambda _site, ask: ask(_OVER) > 0)
    took = time.monotonic() - began
    assert night.wait(timeout=500) == 0, night.communicate()
    return took


def killed_after(site: Site, seconds: float) -> Hit:
    """Begin a night and kill it so long after its purge began."""
    night = site.begin_night()
    begun(site, night)
    began = time.monotonic()
    time.sleep(seconds)
    kill(night)
    return hit(site, began)


#: Moments by what the night is at, each from chance: a share of what lies there at first.
WHILE_IT = {
    "destroys rows": lambda chance, _site: (lambda n: lambda _s, ask: ask(_ERASED) >= n)(chance.randint(0, 9) * 50),
    "removes files": lambda chance, site: (
        lambda n: lambda s, _ask: lying(s.folder / "media" / "uploads") <= n
    )(int(lying(site.folder / "media" / "uploads") * chance.uniform(0.25, 0.95))),
    "asks the store": lambda chance, site: (
        lambda n: lambda s, _ask: lying(s.folder / "outside") <= n
    )(int(lying(site.folder / "outside") * chance.uniform(0.25, 0.95))),
}  # fmt: skip


def killed_while(site: Site, doing: str, chance: Random) -> Hit:
    """Begin a night and kill it at a random moment of one of its works."""
    there = WHILE_IT[doing](chance, site)
    night = site.begin_night()
    begun(site, night)
    began = time.monotonic()
    wait(site, night, there)
    if doing == "destroys rows":
        time.sleep(chance.uniform(0, 0.2))
    kill(night)
    return hit(site, began)


def faults_after(site: Site, uninterrupted: Picture, *, at: object = NIGHT + DAY) -> list[str]:
    """Run the next night to its end; what differs from a site that nobody disturbed, in words."""
    report = site.night(at)  # type: ignore[arg-type]
    faults = [] if report["exit"] == 0 else [f"the next night ended with {report['exit']}: {report['said'][-500:]}"]
    seen = site.picture()
    faults += seen.differs_from(uninterrupted)
    faults += [f"told {count} times: {who}" for who, count in seen.told["people"].items() if count != 1]
    faults += [f"{finding['what']} in the evidence" for finding in site.verified()["findings"]]
    return faults


def _until(
    site: Site, night: subprocess.Popen[str], holds: Callable[[Callable[[str], int]], bool], timeout: float
) -> None:
    deadline = time.monotonic() + timeout
    with site.asking() as ask:
        while not holds(lambda question: int(ask(question)[0][0])):
            assert night.poll() is None, night.communicate()
            assert time.monotonic() < deadline, "the night never came there"
