"""SQLite restored through its own backup interface, while others have the database open."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from privacy.backups.connectors import NotADump, SqliteConnector


class _Connection:
    """A Django connection as far as a connector knows one, over a file of the test's own."""

    def __init__(self, path: Path) -> None:
        self.settings_dict = {"NAME": str(path), "OPTIONS": {"timeout": 20}, "ENGINE": "django.db.backends.sqlite3"}
        self.connection: sqlite3.Connection | None = None

    def ensure_connection(self) -> None:
        if self.connection is None:
            self.connection = sqlite3.connect(self.settings_dict["NAME"])  # type: ignore[arg-type]

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "live.sqlite3"
    with closing(sqlite3.connect(path)) as live:
        live.executescript("PRAGMA journal_mode=WAL; CREATE TABLE person (name TEXT); INSERT INTO person VALUES ('a');")
    return path


def connector(path: Path) -> Any:
    made = SqliteConnector.__new__(SqliteConnector)
    made.__dict__.update(vars(SimpleNamespace(database_name="default", connection=_Connection(path))))
    return made


def names(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM person ORDER BY name")]


def test_a_dump_holds_what_is_still_in_the_write_ahead_log(database: Path) -> None:
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("INSERT INTO person VALUES ('b')")
        writer.commit()
        site = connector(database)
        dump = site.create_dump()
        site.connection.close()
    copy = database.with_name("copy.sqlite3")
    copy.write_bytes(dump.read())
    dump.close()
    with closing(sqlite3.connect(copy)) as found:
        assert names(found) == ["a", "b"]


def test_a_process_that_has_the_database_open_sees_the_restored_rows(database: Path) -> None:
    site = connector(database)
    dump = site.create_dump()
    with closing(sqlite3.connect(database)) as other:
        other.execute("INSERT INTO person VALUES ('later')")
        other.commit()
        assert names(other) == ["a", "later"]
        site.restore_dump(dump)
        assert names(other) == ["a"]
        other.execute("INSERT INTO person VALUES ('goes on')")
        other.commit()
        assert names(other) == ["a", "goes on"]
    dump.close()
    with closing(sqlite3.connect(database)) as again:
        assert again.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert again.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@pytest.mark.parametrize("content", [b"", b"a gzip or whatever", b"SQLite format 3\0" + b"\1" * 5000])
def test_what_is_no_whole_database_changes_nothing(database: Path, content: bytes) -> None:
    with pytest.raises(NotADump):
        connector(database).restore_dump(io.BytesIO(content))
    with closing(sqlite3.connect(database)) as live:
        assert names(live) == ["a"]
