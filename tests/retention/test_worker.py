"""Redis by one setting: the demo site's own worker, with nothing changed but ``CELERY_BROKER_URL``."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import empty_redis

ROOT = Path(__file__).resolve().parents[2]
#: It brings its own database, so one run of the suite is enough.
pytestmark = pytest.mark.skipif(
    bool(os.environ.get("DATABASE_URL") or os.environ.get("PRIVACY_TEST_TRIGGERS")),
    reason="played in the run on SQLite",
)
ASK = """
import django; django.setup()
from django.utils import timezone
from privacy.core.actors import Actor
from privacy.retention.services import ask_for_night
print(ask_for_night(now=timezone.now(), actor=Actor.command("a test")).pk.hex)
"""


@pytest.fixture
def broker() -> Iterator[str]:
    with empty_redis() as address:
        yield address


@pytest.fixture
def site(broker: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a demo site in a folder of its own."""
    dropped = ("PYTEST_", "COV_", "DJANGO_", "DATABASE_", "CELERY_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    env |= {"DJANGO_SETTINGS_MODULE": "project.settings", "DEMO_DIR": str(tmp_path), "CELERY_BROKER_URL": broker}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True, timeout=120)
    return env


@pytest.fixture
def worker(site: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    words = [
        "-m",
        "celery",
        "--app",
        "project",
        "worker",
        "--concurrency",
        "1",
        "--without-mingle",
        "--loglevel",
        "INFO",
    ]
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=site, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        yield process
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _nights(folder: Path, worker: subprocess.Popen[bytes], count: int) -> list[tuple[str, str, str, str]]:
    """Wait until so many nights are over: id, status, who asked, and whether a message brought it."""
    deadline = time.monotonic() + 60
    with contextlib.closing(sqlite3.connect(folder / "coop.sqlite3", timeout=20)) as connection:
        while True:
            rows = connection.execute(
                "SELECT id, status, asked_by, message_id FROM privacy_nightrun"
                " WHERE status NOT IN ('pending', 'running') ORDER BY created_at"
            ).fetchall()
            if len(rows) >= count:
                return rows
            log = (folder / "worker.log").read_text()
            assert worker.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.05)


def test_a_worker_on_redis_catches_the_missed_night_up_and_carries_out_the_one_that_is_asked_for(
    site: dict[str, str], worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    (caught_up,) = _nights(tmp_path, worker, 1)
    assert caught_up[1:3] == ("awaiting_approval", "system night")
    assert caught_up[3]
    asked = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=site, check=True, timeout=60, capture_output=True, text=True
    )
    _, by_button = _nights(tmp_path, worker, 2)
    assert by_button[:3] == (asked.stdout.strip(), "awaiting_approval", "command a test")
