"""Two workers, two real processes: what one publishes stops a member at the other; two clicks at both are one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from privacy.policies.acceptance.models import Acceptance
from privacy.policies.models import PolicyDraft, PolicyVersion
from tests.brokers import empty_redis
from tests.people import client_of
from tests.policies.acceptance.conftest import DAY, agree
from tests.policies.conftest import GOOD
from tests.processes import ROOT, environment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=5)


class Worker:
    """One process of the site."""

    def __init__(self, session: str, cache: str) -> None:
        names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
        database = {name: str(connection.settings_dict[name]) for name in names}
        env = environment() | {
            "DJANGO_SETTINGS_MODULE": "tests.policies.acceptance.worker_settings",
            "WORKER_DATABASE": json.dumps(database),
            "WORKER_SESSION": session,
            "WORKER_CACHE": cache,
        }
        words = [sys.executable, "-W", "ignore", "-m", "tests.policies.acceptance.worker"]
        self.process = subprocess.Popen(
            words, cwd=ROOT, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def ask(self, word: str) -> dict[str, Any]:
        self.send(word)
        return self.answer()

    def send(self, word: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        found: dict[str, Any] = json.loads(line)
        return found

    def end(self) -> None:
        self.process.communicate(timeout=60)


@pytest.fixture(params=["database", "redis"])
def workers(request: pytest.FixtureRequest, asks: PolicyVersion, joins: Any, now: datetime) -> Iterator[list[Worker]]:
    """Two of them, in which somebody is signed in who accepted version 1."""
    user = joins("ada", at=now - 10 * DAY)
    agree(user, asks, at=now - DAY)
    session = client_of(user).cookies["sessionid"].value
    with ExitStack() as stack:
        cache = stack.enter_context(empty_redis() if request.param == "redis" else nullcontext(""))
        both = [Worker(session, cache) for _ in range(2)]
        for worker in both:
            stack.callback(worker.end)
        yield both


def test_version_2_stops_a_version_1_user_in_every_worker(
    workers: list[Worker], draft: Callable[..., PolicyDraft], request: pytest.FixtureRequest
) -> None:
    one, other = workers
    for worker in (one, other, one, other):
        warm = worker.ask("get")
        assert warm["status"] == 200
    assert warm["queries"] == (0 if "redis" in request.node.name else 1)
    draft(f"{GOOD}\nSecond.\n")
    one.ask("publish")
    assert other.ask("get")["status"] == 302
    assert one.ask("get")["status"] == 302


@pytest.mark.parametrize("workers", ["database"], indirect=True)
def test_a_double_click_that_two_workers_take_at_once_is_one_line(
    workers: list[Worker], publishes: Callable[..., PolicyVersion], now: datetime
) -> None:
    for worker in workers:
        worker.ask("get")
    for number in range(2, 8):
        version = publishes(f"Version {number}.", at=now + number * timedelta(seconds=1))
        for worker in workers:
            worker.send(f"accept {version.pk}")
        assert [worker.answer()["status"] for worker in workers] == [302, 302]
        assert Acceptance.objects.count() == number
