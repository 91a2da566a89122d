"""The faulty night: nobody can be told anything, since the broker is gone."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import killing
from tests.crash.sites import NIGHT, Picture, Site, kill

_CLOSE = """
import django; django.setup()
import json, time
from django.contrib.auth import get_user_model
from django.utils.dateparse import parse_datetime
from privacy.core.actors import Actor
from privacy.core.enqueue import nudge
from privacy.disposal.services import Mandate, close_account
user = get_user_model().objects.get(username="m81")
began = time.monotonic()
report = close_account(user=user, mandate=Mandate("member", "page", "password"), now=parse_datetime("%s"),
                       actor=Actor.system("tests"))
took = time.monotonic() - began
user.refresh_from_db()
print(json.dumps({"status": report.status, "active": user.is_active, "told": nudge("privacy.nightly"), "took": took}))
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("broker", ["redis", "filesystem"])
def test_without_a_broker_the_night_by_command_does_everything(broker: str, faulty: Site, undisturbed: Picture) -> None:
    site = faulty.with_env(CRASH_BROKER=f"redis://127.0.0.1:{free_port()}/0" if broker == "redis" else "filesystem://")
    if broker == "filesystem":
        (faulty.folder / "broker").mkdir()
        for name in ("messages", "control"):  # files where folders should be: nothing can be laid into them
            (faulty.folder / "broker" / name).symlink_to("/dev/null")
    assert site.night()["exit"] == 0
    assert killing.faults_after(site, undisturbed) == []


def test_without_a_broker_a_closure_is_cut_off_at_once_and_done_by_the_next_night(faulty: Site) -> None:
    """The account is too large for the request, and the task that should go on with it cannot be sent."""
    site = faulty.with_env(CRASH_BROKER=f"redis://127.0.0.1:{free_port()}/0", CRASH_ROWS="1")
    said = json.loads(site.run("-c", _CLOSE % NIGHT.isoformat()))
    assert (said["status"], said["active"], said["told"]) == ("cut_off", False, False)
    assert said["took"] < 30
    assert site.night()["exit"] == 0
    assert killing.counted(site, "SELECT count(*) FROM auth_user WHERE username = 'm81'") == 0
    assert killing.counted(site, "SELECT count(*) FROM privacy_closure WHERE status <> 'done'") == 0


@pytest.fixture
def redis_of_its_own(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("redis-server is not installed: none can be killed")
    port = free_port()
    words = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not answers(port):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield f"redis://127.0.0.1:{port}/0", server
    server.kill()
    server.wait()


def test_a_broker_that_dies_in_mid_run_keeps_the_worker_from_nothing(
    of_today: tuple[Site, Picture], redis_of_its_own: tuple[str, subprocess.Popen[bytes]]
) -> None:
    """The worker is at it: it goes on, and its rows say so."""
    site, undisturbed = of_today
    url, server = redis_of_its_own
    site = site.with_env(CRASH_BROKER=url)
    worker = site.worker()
    try:
        killing.begun(site, worker)
        server.kill()
        assert killing.counted(site, "SELECT count(*) FROM privacy_closure WHERE status = 'done'") < 80
        killing.wait(site, worker, lambda s, ask: ask("SELECT count(*) FROM privacy_nightrun WHERE status = 'done'"))
    finally:
        kill(worker)
    assert site.picture().differs_from(undisturbed) == []
