"""What the running site wrote: cleared before a demonstration, so that every one starts alike."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection

WRITTEN = ("backups", "broker", "cache", "journal", "logs", "mail", "media", "search")


class StateInUse(Exception):
    """Somebody else works with this state, or it is not ours to clear."""


@contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Hold the state for the length of the block.

    Raises:
        StateInUse: another demonstration holds it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateInUse(
                "Another demonstration is running here. Stop it with Ctrl-C, or give this one a directory of its own "
                "with DEMO_DIR."
            ) from None
        yield


def clear(directory: Path) -> None:
    """Remove what an earlier demonstration left, and nothing else that may lie there.

    Raises:
        StateInUse: ``DATABASE_URL`` names a database with other people's tables.
    """
    _refuse_others(directory)
    if connection.vendor == "sqlite":
        connection.close()
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{connection.settings_dict['NAME']}{suffix}").unlink(missing_ok=True)
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    for name in WRITTEN:
        shutil.rmtree(directory / name, ignore_errors=True)
    for folder in getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {}).values():
        if isinstance(folder, str):
            Path(folder).mkdir(parents=True, exist_ok=True)


def _refuse_others(directory: Path) -> None:
    if connection.vendor == "sqlite" and Path(str(connection.settings_dict["NAME"])).is_relative_to(directory):
        return
    try:
        tables = set(connection.introspection.table_names())
    except OperationalError as error:
        raise StateInUse(f"The database of DATABASE_URL cannot be reached: {error}") from None
    if tables and "coop_member" not in tables:
        raise StateInUse(
            "DATABASE_URL names a database that holds other tables, and a demonstration clears its database. "
            "Make an empty one for it."
        )


def settle() -> None:
    """Bring what SQLite still has in its write-ahead log into the database, and let go of it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
