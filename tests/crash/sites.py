"""A site with a database of its own whose processes a test kills, starves or cuts off; and what it holds afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.crash import looking
from tests.processes import ROOT, environment
from tests.retention.site import Site as _Site

#: Past, so that the command accepts it and no clock comes between two attempts.
NIGHT = datetime(2026, 3, 16, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CLOSED = 500


@dataclass(frozen=True)
class Picture:
    """All that is left of a site, and all that it says it did."""

    rows: dict[str, list[str]]
    files: dict[str, str]
    told: dict[str, Any]

    def differs_from(self, other: Picture) -> list[str]:
        """In words: which tables, files and proofs are not the same. Empty when everything is."""
        found = []
        for table in sorted({*self.rows, *other.rows}):
            ours, theirs = set(self.rows.get(table, ())), set(other.rows.get(table, ()))
            if ours != theirs or len(self.rows[table]) != len(other.rows[table]):
                found.append(f"{table}: +{sorted(ours - theirs)[:3]} -{sorted(theirs - ours)[:3]}")
        both = {name for name, _ in self.files.items() ^ other.files.items()}
        found += [f"file {name}" for name in sorted(both)[:5]] + [f"{len(both)} files"] * (len(both) > 5)
        for what in ("sums", "people"):
            mine, theirs = self.told[what].items(), other.told[what].items()
            found += [f"told {what!r}: {dict(mine - theirs)} and not {dict(theirs - mine)}"] * (mine != theirs)
        found += [f"the journal says {self.told['journal']}"] * (self.told["journal"] != other.told["journal"])
        return found


@dataclass(frozen=True)
class Site(_Site):
    """Where it lies (``folder``, ``url``), and what its processes find in their environment."""

    env: Mapping[str, str] = field(default_factory=dict)

    def copy(self, folder: Path) -> Site:
        made = super().copy(folder)
        return replace(self, folder=made.folder, url=made.url)

    def with_env(self, **env: str) -> Site:
        return replace(self, env={**self.env, **env})

    # --- processes ---------------------------------------------------------------------------

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A process of the site with a group of its own, so that it dies with all its children."""
        env = environment() | {
            "DJANGO_SETTINGS_MODULE": "tests.crash.settings",
            "DATABASE_URL": self.url,
            "CRASH_FOLDER": str(self.folder),
            **self.env,
        }
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str) -> str:
        """Standard output of a process that ends well."""
        process = self.start(*words)
        said, complained = process.communicate(timeout=500)
        assert process.returncode in (0, 1), complained
        return said

    def begin_night(self, at: datetime = NIGHT) -> subprocess.Popen[str]:
        return self.start("manage.py", "privacy_nightly", "--json", "--at", at.isoformat())

    def night(self, at: datetime = NIGHT, *, timeout: float = 500) -> dict[str, Any]:
        """A whole night; its report. ``exit`` is the code, ``said`` what went to standard error."""
        process = self.begin_night(at)
        try:
            out, said = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            kill(process)
            raise
        report: dict[str, Any] = json.loads(out) if out.strip() else {}
        return {**report, "exit": process.returncode, "said": said}

    def worker(self) -> subprocess.Popen[str]:
        """A real Celery worker; it catches a missed night up by itself."""
        words = ("-m", "celery", "--app", "tests.crash.worker", "worker", "--concurrency", "1", "--without-mingle")
        return self.start(*words, "--loglevel", "WARNING")

    def verified(self) -> dict[str, Any]:
        """What ``privacy_verify`` finds."""
        found: dict[str, Any] = json.loads(self.run("manage.py", "privacy_verify", "--json"))
        return found

    # --- looking in from outside -------------------------------------------------------------

    @contextmanager
    def asking(self) -> Iterator[looking.Ask]:
        """Ask the database for rows, in a connection of one's own."""
        connection: Any
        if self.url.startswith("sqlite"):
            import sqlite3

            connection = sqlite3.connect(self.folder / "site.sqlite3", timeout=20, isolation_level=None)
        else:
            import psycopg

            connection = psycopg.connect(self.url, autocommit=True)
        with closing(connection):
            yield lambda question, *params: connection.execute(question, params).fetchall()

    def picture(self) -> Picture:
        with self.asking() as ask:
            told = {**looking.told(ask), "journal": looking.journal(self.folder)}
            return Picture(looking.rows(ask, self._columns(ask)), looking.files(self.folder), told)

    def mails(self) -> str:
        """Everything that was mailed to the site's admins."""
        folder = Path(self.env.get("CRASH_MAIL") or self.folder / "mail")
        return "\n".join(path.read_text() for path in sorted(folder.glob("*"))) if folder.exists() else ""

    def _columns(self, ask: looking.Ask) -> dict[str, list[str]]:
        if self.url.startswith("sqlite"):
            tables = [name for (name,) in ask("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {table: [row[1] for row in ask(f'PRAGMA table_info("{table}")')] for table in tables}
        found: dict[str, list[str]] = {}
        for table, column in ask(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        ):
            found.setdefault(table, []).append(column)
        return found


def filled(folder: Path, *, closed: int = CLOSED, seed: int = 1, night: datetime = NIGHT) -> Site:
    """A new site with ``closed`` accounts to be destroyed."""
    site = Site.new(folder)
    site.run("-m", "tests.crash.filling", str(closed), str(seed), night.isoformat())
    return site


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL for the process and all its children: nothing of theirs may run another line."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.communicate()


def database_server() -> str:
    """``sqlite`` or ``postgresql``: what the suite runs on."""
    return "sqlite" if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else "postgresql"


__all__ = ["CLOSED", "DAY", "NIGHT", "Picture", "Site", "database_server", "filled", "kill"]
