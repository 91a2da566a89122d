"""Real workers on Redis: killed in the middle of a night, given messages twice, several at one queue."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.brokers import empty_redis
from tests.retention.site import CLOSED, PEOPLE, ROOT, Site, finish
from tests.retention.test_processes import PEOPLE_LEFT

#: Seconds after which Redis takes a message for lost that its worker has not confirmed; an hour by default.
LOST_AFTER = "3"
Worker = subprocess.Popen[bytes]


@pytest.fixture
def broker() -> Iterator[str]:
    with empty_redis() as address:
        yield address


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site.new(tmp_path_factory.mktemp("seeded") / "site")
    site.run("-m", "tests.retention.site", "seed")
    yield site
    site.drop()


@pytest.fixture
def site(seeded: Site, tmp_path: Path) -> Iterator[Site]:
    site = seeded.copy(tmp_path / "site")
    yield site
    site.drop()


@pytest.fixture
def begin(site: Site, broker: str) -> Iterator[Callable[[], Worker]]:
    """Starts workers, each with its two processes in a group of its own that a test can kill whole."""
    begun: list[Worker] = []

    def start() -> Worker:
        words = ["-m", "celery", "--app", "project", "worker", "--concurrency", "1", "--without-mingle"]
        words += ["--without-gossip", "--hostname", f"w{len(begun)}@%h", "--loglevel", "INFO"]
        dropped = ("PYTEST_", "COV_")
        env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        env |= {
            "DJANGO_SETTINGS_MODULE": "tests.retention.site_settings",
            "DATABASE_URL": site.url,
            "NIGHT_FOLDER": str(site.folder),
            "CELERY_BROKER_URL": broker,
            "VISIBILITY_TIMEOUT": LOST_AFTER,
        }
        with (site.folder / f"worker{len(begun)}.log").open("wb") as log:
            begun.append(
                subprocess.Popen(
                    [sys.executable, *words],
                    cwd=ROOT,
                    env=env,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        return begun[-1]

    yield start
    for worker in begun:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def kill(worker: Worker) -> None:
    """The machine loses its power: neither the worker nor its child says another word."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def logs(site: Site) -> str:
    return "\n".join(path.read_text() for path in sorted(site.folder.glob("worker*.log")))


def wait(site: Site, holds: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, logs(site)
        time.sleep(0.1)


def over(site: Site) -> Callable[[], bool]:
    def holds() -> bool:
        with site.asking() as ask:
            return ask("SELECT count(*) FROM privacy_nightrun WHERE status = 'done'") == 1

    return holds


def send(site: Site, broker: str, task: str, times: int = 1) -> int:
    words = json.dumps({"task": task, "times": times})
    found = finish(site.start("-m", "tests.retention.site_work", "send", words, CELERY_BROKER_URL=broker))
    sent: int = json.loads(found[1])["sent"]
    return sent


def each_once(site: Site) -> dict[str, Any]:
    picture = site.picture()
    assert len(picture["people"]) == PEOPLE - CLOSED
    assert picture["closures"] == {"done": CLOSED}
    assert picture["proofs"] == [1] * CLOSED
    assert picture["accounts"] == {"disposal.batch_erased": CLOSED, "disposal.finished": CLOSED}
    assert picture["swept"][0] == 0
    return picture


def test_a_worker_killed_in_the_middle_of_a_night_leaves_rows_that_the_next_one_completes(
    site: Site, broker: str, begin: Callable[[], Worker]
) -> None:
    first = begin()  # it finds that the night was missed, and sends it to itself
    with site.asking() as ask:
        wait(site, lambda: ask(PEOPLE_LEFT) < PEOPLE)
        kill(first)
        left = ask(PEOPLE_LEFT)
        assert ask("SELECT count(*) FROM privacy_nightrun WHERE status = 'running'") == 1
    assert PEOPLE - CLOSED < left < PEOPLE
    client = redis.Redis.from_url(broker)
    assert client.hlen("unacked") == 1, "the message of the killed worker is not lost"
    begin()
    wait(site, over(site))
    # Redis delivers the first message again, and the new worker told itself of the row: one of them goes on with
    # the night, and the other finds that it is over.
    wait(site, lambda: client.hlen("unacked") == 0 and logs(site).count("succeeded in") >= 2)
    client.close()
    assert each_once(site)["nights"] == ["done"]


def test_two_workers_share_the_tasks_of_closures_although_each_message_comes_twice(
    site: Site, broker: str, begin: Callable[[], Worker]
) -> None:
    finish(site.work("opened"))
    night = site.start("manage.py", "privacy_nightly", "--step", "retention.sync")  # no night is missed from now on
    finish(night)
    assert send(site, broker, "privacy.close", times=2) == 2 * CLOSED
    begin()
    begin()
    wait(site, lambda: logs(site).count("Task privacy.close") >= 4 * CLOSED and " succeeded" in logs(site))
    with site.asking() as ask:
        wait(site, lambda: ask("SELECT count(*) FROM privacy_closure WHERE status = 'done'") == CLOSED)
    each_once(site)


def test_a_message_that_comes_while_its_night_is_at_work_gives_way(
    site: Site, broker: str, begin: Callable[[], Worker]
) -> None:
    """A night that is longer than Redis waits for its confirmation is delivered again, beside itself."""
    send(site, broker, "privacy.nightly", times=3)
    begin()
    begin()
    wait(site, over(site))
    wait(site, lambda: logs(site).count("succeeded in") >= 3)
    picture = each_once(site)
    assert set(picture["nights"]) == {"done"}
