"""Kills a sender again and again, and counts what every recipient got: nobody lost, nobody twice.

As a program it is the site's own process: ``fill COUNT`` queues a mailing, ``send AT`` empties the outbox.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.crash.sites import Site, kill
from tests.processes import ROOT, environment

START = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
_STATES = "SELECT state, count(*) FROM privacy_outboxmessage GROUP BY state"
_DONE = "SELECT count(*) FROM privacy_outboxmessage WHERE state NOT IN ('queued', 'sending')"


@dataclass
class Count:
    """What became of everybody, by the outbox and by the mail server."""

    states: dict[str, int]
    taken: Counter[str]
    fates: Counter[str]
    kills: int
    missing: list[str] = field(default_factory=list)

    def faults(self, people: int) -> list[str]:
        """In words; empty when nobody was lost, nobody got it twice, and no doubt is without its cause."""
        found = [f"got it {count} times" for count in self.taken.values() if count > 1][:5]
        found += [f"{name} was sent, and the server never took it" for name in self.missing[:5]]
        if sum(self.states.values()) != people:
            found.append(f"{sum(self.states.values())} rows for {people} people")
        if left := self.states.get("queued", 0) + self.states.get("sending", 0):
            found.append(f"{left} never ended")
        causes = self.kills + self.fates["drop"] + self.fates["take_and_drop"] + self.fates["hang_after"]
        if self.states.get("ambiguous", 0) > causes:
            found.append(f"{self.states['ambiguous']} in doubt for {causes} causes")
        return found


@contextmanager
def mail_server(folder: Path, seed: int) -> Iterator[int]:
    """A real server in a process of its own; gives its port."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "tests.messages.mailserver", str(folder), str(seed)]
    process = subprocess.Popen(words, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (folder / "port").exists() or not (folder / "port").read_text():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield int((folder / "port").read_text())
    finally:
        process.kill()
        process.wait()


def kill_a_sender(folder: Path, *, people: int, kills: int, seed: int) -> Count:
    """Fill an outbox, kill whoever sends at random moments, and let a last one end it."""
    chance = Random(seed)
    site = Site.new(folder / "site")
    site = replace(site, env={"DJANGO_SETTINGS_MODULE": "tests.messages.site_settings"})
    try:
        site.run("-m", "tests.messages.crashing", "fill", str(people))
        with mail_server(folder / "mail", seed) as port:
            site = site.with_env(MAIL_PORT=str(port))
            at = START
            for number in range(kills):
                at += timedelta(hours=1)
                _killed(site, at, people * (number + chance.random()) / (kills + 1), chance)
            for _ in range(40):
                at += timedelta(hours=13)
                said = json.loads(site.run("-m", "tests.messages.crashing", "send", at.isoformat()) or "{}")
                assert said.get("error") == "", said
                if not {"queued", "sending"} & _states(site).keys():
                    break
            return _count(site, folder / "mail" / "taken.jsonl", kills)
    finally:
        site.drop()


def _killed(site: Site, at: datetime, share: float, chance: Random) -> None:
    """Wait until about that many are done, a random moment more, and kill without a word."""
    process = site.start("-m", "tests.messages.crashing", "send", at.isoformat())
    deadline = time.monotonic() + 600
    with site.asking() as ask:
        while process.poll() is None and int(ask(_DONE)[0][0]) < share:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    time.sleep(chance.uniform(0, 0.05))
    kill(process)


def _states(site: Site) -> dict[str, int]:
    with site.asking() as ask:
        return {state: int(count) for state, count in ask(_STATES)}


def _count(site: Site, log: Path, kills: int) -> Count:
    taken: Counter[str] = Counter()
    fates: Counter[str] = Counter()
    for line in log.read_text().splitlines():
        what, address = json.loads(line)
        fates[what] += 1
        if what == "taken":
            taken[address] += 1
    with site.asking() as ask:
        sent = {address for (address,) in ask("SELECT address FROM privacy_outboxmessage WHERE state = 'sent'")}
    return Count(_states(site), taken, fates, kills, sorted(sent - taken.keys()))


# --- within the site's own process -----------------------------------------------------------


def fill(people: int) -> dict[str, Any]:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)

    from privacy.core.actors import Actor
    from privacy.messages import services
    from privacy.promises.services import load_profile
    from tests.messages.conftest import PROFILE

    profile = Path(os.environ["CRASH_FOLDER"]) / "profile.toml"
    profile.write_text(PROFILE.format(rules=""))
    actor = Actor.system("tests")
    load_profile(path=profile, now=START, actor=actor)
    users = get_user_model()
    users.objects.bulk_create(
        (users(username=f"m{n}", email=f"m{n}@example.org", date_joined=START) for n in range(people)), batch_size=2000
    )
    mailing = services.write(
        code="crash", topic="offers", audience="members", language="en", sender="site@example.org",
        subject="News", text="Hello", now=START, actor=actor,
    )  # fmt: skip
    services.test(mailing=mailing, address="staff@example.org", now=START)
    mailing.outbox.model.objects.all().delete()  # the test itself is not what is counted
    mailing = services.approve(mailing=mailing, promotional=True, now=START, actor=actor)
    services.start(mailing=mailing, now=START, actor=actor)
    return {"gathered": services.prepare(mailing=type(mailing).objects.get(), now=START)}


def send(at: str) -> dict[str, Any]:
    from privacy.core.actors import Actor
    from privacy.messages import services

    report = services.dispatch(now=datetime.fromisoformat(at), actor=Actor.system("tests"))
    return {"counts": report.counts, "error": report.error}


if __name__ == "__main__":
    import django

    django.setup()
    act, word = sys.argv[1:]
    sys.stdout.write(json.dumps(fill(int(word)) if act == "fill" else send(word)))
