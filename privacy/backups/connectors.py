"""Dumps and restores of SQLite through its own backup interface, beside processes that have the database open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO, Any

from dbbackup.db.base import BaseDBConnector

from privacy.core.errors import PrivacyError

_IN_MEMORY = 10 * 2**20


class NotADump(PrivacyError):
    """The file is no whole SQLite database; nothing was restored."""

    def __init__(self) -> None:
        super().__init__(
            field="dbrestore",
            problem="the file is no whole SQLite database, so nothing was restored",
            mend="Choose another dump, and name --decrypt or --uncompress where this one needs it",
        )


class SqliteConnector(BaseDBConnector):  # type: ignore[misc]
    """For ``DBBACKUP_CONNECTORS``: a dump holds what is still in the write-ahead log, and a restore is one transaction.

    Copying a file over a database that somebody has open changes nothing for them, or tears it. Here every process sees
    the restored rows with its next statement, or, when the restore fails, the rows it saw before.
    """

    extension = "sqlite3"

    def create_dump(self) -> IO[bytes]:
        """The whole database as one file."""
        self.connection.ensure_connection()
        spooled: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
        with TemporaryDirectory() as folder:
            path = Path(folder) / "dump.sqlite3"
            with closing(sqlite3.connect(path)) as copy:
                self.connection.connection.backup(copy)
            with path.open("rb") as file:
                copyfileobj(file, spooled)
        spooled.seek(0)
        return spooled

    def restore_dump(self, dump: Any) -> None:
        """Put the dump in the database's place.

        Raises:
            NotADump: it is none; the database is as it was.
            sqlite3.Error: the database was busy for too long, or its disk is full; it is as it was.
        """
        self.connection.close()
        settings = self.connection.settings_dict
        with TemporaryDirectory() as folder:
            path = Path(folder) / "dump.sqlite3"
            with path.open("wb") as file:
                copyfileobj(dump, file)
            with closing(sqlite3.connect(path)) as source, closing(_open(settings)) as database:
                _refuse_unfit(source)
                source.backup(database)


def _open(settings: dict[str, Any]) -> sqlite3.Connection:
    timeout = float((settings.get("OPTIONS") or {}).get("timeout") or 20)
    return sqlite3.connect(str(settings["NAME"]), timeout=timeout)


def _refuse_unfit(source: sqlite3.Connection) -> None:
    try:
        [[answer]] = source.execute("PRAGMA quick_check(1)").fetchall()
        tables = source.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError:
        raise NotADump from None
    if answer != "ok" or not tables:
        raise NotADump
