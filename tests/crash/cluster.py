"""A PostgreSQL of the test's own, in a folder of its own: one that may be stopped, or run out of room."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

_ROOT = os.geteuid() == 0 if hasattr(os, "geteuid") else False


class Cluster:
    """A server on a port that was free; ``folder`` belongs to the user who runs it."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, *statements: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def create(self) -> None:
        words = ("-D", str(self.folder / "data"), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
        self._run("initdb", *words)
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def _run(self, program: str, *words: str) -> None:
        # The server refuses to run as root.
        who = ("runuser", "-u", "postgres", "--") if _ROOT else ()
        done = subprocess.run(
            [*who, str(self._programs / program), *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )
        assert done.returncode == 0, (program, self._log())

    def _log(self) -> str:
        log = self.folder / "log"
        return log.read_text()[-2000:] if log.exists() else ""


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server that is gone afterwards; skips where PostgreSQL's own programs are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    anywhere = shutil.which("initdb")
    if not found and not anywhere:
        pytest.skip("initdb is not installed: no server of the test's own can be made")
    if _ROOT and not shutil.which("runuser"):
        pytest.skip("root cannot run PostgreSQL as somebody else here")
    programs = found[-1].parent if found else Path(str(anywhere)).parent
    # Not below pytest's own folder, which nobody else may enter.
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    try:
        if _ROOT:
            shutil.chown(folder, "postgres")
        made = Cluster(folder, programs)
        made.create()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
