"""The demonstration as somebody sees it who types ``make demo``: real processes, a real minute of waiting."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 420
#: What the demonstration's profile promises, and what of it waits for a record that no room keeps yet.
PROMISES = tomllib.loads((ROOT / "project" / "profiles" / "harvest.toml").read_text(encoding="utf-8"))["promise"]
WAITING = {promise["id"] for promise in PROMISES if promise.get("needs")}

#: It has its own database and waits for a minute of the clock, so one run of the suite plays it.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(os.environ.get("DATABASE_URL") or os.environ.get("PRIVACY_TEST_TRIGGERS")),
        reason="the demonstration is played in the run on SQLite",
    ),
]


def _environment(folder: Path, **words: str) -> dict[str, str]:
    dropped = ("PYTEST_", "COV_", "DJANGO_", "DATABASE_", "CELERY_", "SITE", "SERVE", "PORT")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return env | {"DEMO_DIR": str(folder)} | words


def _start(folder: Path, **words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "project.demo"],
        cwd=ROOT,
        env=_environment(folder, **words),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _left_over(folder: Path) -> list[str]:
    """Command lines of processes that still work in this demonstration's directory."""
    mark = f"DEMO_DIR={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def _statuses(said: str, title: str) -> dict[str, str]:
    """The words before each promise's id, under one of the two ledgers."""
    part = said.partition(title)[2].partition("──")[2].partition("\n── ")[0]
    return {code: word.strip() for word, code in re.findall(r"^  [✓✗?] ([A-Za-z ]+?) +(HTC-\S+)", part, re.MULTILINE)}


def _stopped_half_way(folder: Path, number: signal.Signals) -> tuple[int, str]:
    """Play until worker and beat are there, then stop it with a signal."""
    demo = _start(folder, SERVE="0")
    deadline = time.monotonic() + 120
    (folder / "logs" / "beat.log").unlink(missing_ok=True)
    while not (folder / "logs" / "beat.log").exists():
        assert demo.poll() is None, demo.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.2)
    demo.send_signal(number)
    said, _ = demo.communicate(timeout=60)
    return demo.returncode, said


def test_make_demo_without_serving(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """One play, many questions: it takes more than a minute, most of it the wait for beat."""
    for number, expected in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        code, said = _stopped_half_way(tmp_path, number)
        with subtests.test("stopped half way it leaves no process", signal=number.name):
            assert code == expected
            assert _left_over(tmp_path) == []
            assert "Traceback" not in said
    demo = _start(tmp_path, SERVE="0")
    said, _ = demo.communicate(timeout=SECONDS)
    assert demo.returncode == 0, said
    before = _statuses(said, "The promise ledger before")
    after = _statuses(said, "The promise ledger after")

    with subtests.test("the ledger before says that two promises are broken"):
        assert len(before) == len(PROMISES)
        assert (before["HTC-10-3"], before["HTC-10-4"]) == ("BROKEN", "BROKEN")
    with subtests.test("the ledger after says that every promise is kept, but for those that wait for a record"):
        assert len(after) == len(PROMISES)
        assert {code for code, word in after.items() if word != "kept"} == WAITING
        assert {after[code] for code in WAITING} == {"cannot tell"}
    with subtests.test("the night was sent by beat"):
        assert ", sent by beat" in said
        assert "(privacy.nightly)" in (tmp_path / "logs" / "beat.log").read_text()
    with subtests.test("no process is left"):
        assert _left_over(tmp_path) == []
    with subtests.test("the write-ahead log is in the database"):
        assert [path.name for path in tmp_path.glob("coop.sqlite3*")] == ["coop.sqlite3"]
    with subtests.test("accounts that the site closed are gone and suspended ones are not"):
        left = _asked(tmp_path, "SELECT status, COUNT(*) FROM coop_member GROUP BY status")
        assert dict(left) == {"active": 280, "suspended": 9}
    with subtests.test("old dumps are gone and the young one lies there"):
        made = re.findall(r"default-coop-\S+", said.partition("The promise ledger before")[0])
        assert len(made) == (5 if shutil.which("gpg") else 4)
        assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == [made[-1], f"{made[-1]}.metadata"]
    with subtests.test("the task has its regular time back"):
        times = _asked(
            tmp_path,
            "SELECT hour, minute FROM django_celery_beat_periodictask AS task "
            "JOIN django_celery_beat_crontabschedule AS at ON at.id = task.crontab_id "
            "WHERE task.task = 'privacy.nightly'",
        )
        assert times == [("3", "30")]
    with subtests.test("the commands speak about the same site"):
        words = [sys.executable, "manage.py", "privacy_promises", "--json", "--fail-on", "broken"]
        done = subprocess.run(words, cwd=ROOT, env=_environment(tmp_path), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["counts"]["kept"] == len(PROMISES) - len(WAITING)


def _asked(folder: Path, question: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(folder / "coop.sqlite3")) as database:
        return database.execute(question).fetchall()


class TestRefusals:
    def test_a_taken_port_is_named_with_its_mend(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            said, _ = (demo := _start(tmp_path, PORT=str(port))).communicate(timeout=60)
        assert demo.returncode == 1
        assert f"Port {port} of 127.0.0.1 is taken" in said
        assert "PORT=" in said
        assert "Traceback" not in said

    def test_an_unknown_profile_is_named_with_those_there_are(self, tmp_path: Path) -> None:
        said, _ = (demo := _start(tmp_path, SITE="nowhere", SERVE="0")).communicate(timeout=60)
        assert demo.returncode == 1
        assert "SITE=nowhere" in said
        assert "harvest" in said

    def test_a_database_of_somebody_else_is_left_alone(self, tmp_path: Path) -> None:
        theirs = tmp_path / "theirs.sqlite3"
        with contextlib.closing(sqlite3.connect(theirs)) as database:
            database.execute("CREATE TABLE letters (text TEXT)")
            database.execute("CREATE TABLE django_migrations (id INTEGER)")
        words = {"DATABASE_URL": f"sqlite:///{theirs}", "SERVE": "0"}
        said, _ = (demo := _start(tmp_path / "demo", **words)).communicate(timeout=60)
        assert demo.returncode == 1
        assert "other tables" in said
        with contextlib.closing(sqlite3.connect(theirs)) as database:
            assert database.execute("SELECT COUNT(*) FROM letters").fetchone() == (0,)


def test_it_serves_with_worker_and_beat_until_it_is_stopped(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo = _start(tmp_path, PORT=str(port))
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if "Ctrl-C stops everything" in line:
            break
    try:
        running = " ".join(_left_over(tmp_path))
        assert all(word in running for word in ("runserver", "worker", "beat")), said
        server = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for path, status in (
            ("/", 200),
            ("/account/privacy/", 302),
            ("/admin/login/", 200),
            ("/static/coop/site.css", 200),
        ):
            server.request("GET", path)
            answer = server.getresponse()
            answer.read()
            assert answer.status == status, path
        server.close()
    finally:
        demo.send_signal(signal.SIGINT)
        said += demo.communicate(timeout=60)[0]
    assert demo.returncode == 0, said
    assert _left_over(tmp_path) == []
