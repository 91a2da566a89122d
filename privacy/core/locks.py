"""One at a time, across every process that shares a database."""

from __future__ import annotations

from django.db import OperationalError, connections

#: PostgreSQL: could not serialise, deadlock, lock not available. SQLite says it in words.
_STATES = {"40001", "40P01", "55P03"}


def one_at_a_time(name: str, using: str) -> None:
    """Wait until nobody else is behind this name; the end of the open transaction lets the next one in.

    SQLite has one writer anyway, and takes its lock when the transaction begins.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])


def lost_a_race(error: BaseException) -> bool:
    """Whether the database undid a transaction only because another one was in its way: trying again is enough."""
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.__cause__, "sqlstate", None) in _STATES or "database is locked" in str(error)
