"""A backup is restored for real, under a running web server and worker: nobody who was erased since comes back."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
MEMBERS, CLOSED = 130, 100
FOUND = 3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(os.environ.get("PRIVACY_TEST_TRIGGERS")), reason="played on SQLite and on PostgreSQL"),
]


class Site:
    """The demo site in a folder of its own, with a database beside the one that the suite runs on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        dropped = ("PYTEST_", "COV_", "DJANGO_", "DATABASE_", "CELERY_", "PRIVACY_")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        self.env |= {"DEMO_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "project.settings"}
        database = settings.DATABASES["default"]
        self.postgres = database["ENGINE"].endswith("postgresql")
        self.name = f"restore_{uuid4().hex[:12]}"
        self.server = f"postgres://{database.get('USER')}@{database.get('HOST')}:{database.get('PORT')}"
        if self.postgres:
            self._sql(f'CREATE DATABASE "{self.name}"')
            self.env["DATABASE_URL"] = f"{self.server}/{self.name}"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.started: list[subprocess.Popen[bytes]] = []

    def _sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(f"{self.server}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    def call(self, *words: str, env: dict[str, str] | None = None, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=self.env | (env or {}), capture_output=True, text=True, timeout=300
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def manage(self, *words: str, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.call("manage.py", *words, "--json", **options))
        return found

    def act(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.call("-m", "tests.journeys.restoring", *words))
        return found

    def start(self, *words: str) -> None:
        with (self.folder / f"{words[0]}.log").open("wb") as log:
            self.started.append(
                subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, env=self.env, stdout=log, stderr=log)
            )

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_for_web(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.get("/")
            except OSError:
                assert time.monotonic() < deadline, (self.folder / "django.log").read_text()
                time.sleep(0.2)
            else:
                return

    def end(self) -> None:
        for process in self.started:
            process.send_signal(signal.SIGTERM)
        for process in self.started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.postgres:
            self._sql(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / "site")
    site.folder.mkdir()
    yield site
    site.end()


def test_a_restore_under_a_running_site_brings_nobody_back_and_the_evidence_says_so(site: Site) -> None:
    site.call("manage.py", "migrate", "--verbosity", "0")
    site.call("manage.py", "privacy_profile", "project/profiles/harvest.toml")
    site.call("manage.py", "coop_load", str(MEMBERS))
    key = site.act("reuse")["key"]
    [backup] = site.manage("privacy_backup")["files"]
    before = set(site.act("people")["names"])
    site.start("django", "runserver", f"127.0.0.1:{site.port}", "--noreload")
    site.start("celery", "--app", "project", "worker", "--concurrency", "1", "--without-gossip", "--without-mingle")
    site.wait_for_web()
    assert site.get("/")[0] == 200

    closed = site.act("close", str(CLOSED))
    assert closed["counts"]["accounts"] == CLOSED
    site.call("manage.py", "shell", "-c", _SEAL)
    older = site.folder / "older.json"
    assert site.manage("privacy_verify", "--export", str(older), "--entries")["intact"]

    site.call("manage.py", "dbrestore", "--noinput", "--input-filename", backup["name"])
    everybody = site.act("people")
    assert set(everybody["names"]) == before, "the restore itself brought them back"

    # Nobody is served, the night and the worker stand still, and the evidence is not whole.
    assert site.get("/")[0] == 503
    assert json.loads(site.get("/privacy/health/")[1])["restore"]["state"] == "waits_for_replay"
    assert site.act("send_night")["said"] == "restored"
    site.manage("privacy_nightly", code=1)
    assert site.act("people")["nights"] == everybody["nights"]
    assert not site.manage("privacy_verify", "--against", str(older), code=FOUND)["intact"]

    report = site.manage("privacy_replay")
    assert report["kinds"]["closure"]["erased"] == CLOSED
    assert report["kinds"]["closure"]["others"] == 1
    left = set(site.act("people")["names"])
    assert before - left == set(closed["names"])
    assert left - before == set()
    assert "given-the-key-anew" in left, f"the new account with the key {key} was taken for the old one"
    assert site.get("/")[0] == 200
    assert site.manage("privacy_verify", "--against", str(older))["intact"]
    export = site.folder / "export.json"
    site.manage("privacy_verify", "--export", str(export), "--entries")
    verifier = [str(ROOT / "docs" / "verify_evidence.py"), str(export), "--against", str(older)]
    assert "everything agrees" in site.call(*verifier)

    # Once the last backup that held them is gone, no line of the journal is left.
    assert list((site.folder / "journal").glob("*.jsonl"))
    later = (datetime.now(UTC) + timedelta(days=45)).isoformat()
    for _ in range(2):
        site.call("manage.py", "privacy_nightly", "--confirm", "--at", later, env={"DEBUG": "1"})
    assert not list((site.folder / "backups").iterdir())
    assert not list((site.folder / "journal").glob("*.jsonl"))


def test_a_transaction_that_began_before_the_newest_line_takes_nothing_for_a_restore(site: Site) -> None:
    """A live check visits a page inside its snapshot while another process closes accounts."""
    site.call("manage.py", "migrate", "--verbosity", "0")
    site.call("manage.py", "privacy_profile", "project/profiles/harvest.toml")
    site.call("manage.py", "coop_load", "6")
    seen = site.act("look_from_a_snapshot")
    assert seen == {"sees the old state": True, "restored": False, "findings": 0}
    assert not (site.folder / "journal" / "RESTORED").exists()


def test_without_the_record_of_the_gap_the_evidence_does_not_pass(site: Site) -> None:
    site.call("manage.py", "migrate", "--verbosity", "0")
    site.call("manage.py", "privacy_profile", "project/profiles/harvest.toml")
    site.call("manage.py", "coop_load", "6")
    site.call("manage.py", "shell", "-c", _SEAL)
    [backup] = site.manage("privacy_backup")["files"]
    site.act("close", "2")
    site.call("manage.py", "shell", "-c", _SEAL)
    site.call("manage.py", "dbrestore", "--noinput", "--input-filename", backup["name"])
    site.manage("privacy_verify", code=FOUND)
    assert site.manage("privacy_replay")["lost_seals"] == [2, 2]
    assert site.manage("privacy_verify")["intact"]
    site.act("forget_gap")
    assert not site.manage("privacy_verify", code=FOUND)["intact"]


_SEAL = """
from django.utils import timezone
from privacy.core.actors import Actor
from privacy.evidence.sealing import seal
seal(now=timezone.now(), actor=Actor.command("shell"))
"""
