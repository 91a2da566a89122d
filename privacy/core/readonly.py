"""A block in which the database itself refuses writes: a question that answers itself by writing is found out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction


@contextmanager
def read_only(using: str = "default") -> Iterator[None]:
    """Every write inside raises ``django.db.DatabaseError``, and on SQLite all reads see one state of the database.

    May be nested, and used inside a transaction: what was allowed before is allowed again behind it.
    On SQLite no write lock is taken, so logins go on meanwhile. On other databases than SQLite and
    PostgreSQL it is a plain transaction.

    Args:
        using: alias of the database.
    """
    connection: Any = connections[using]
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        with _sqlite(connection, using):
            yield
        return
    # In a savepoint the setting ends with the savepoint.
    with transaction.atomic(using=using):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
        yield


@contextmanager
def _sqlite(connection: Any, using: str) -> Iterator[None]:
    mode = getattr(connection, "transaction_mode", None)
    connection.transaction_mode = None  # BEGIN IMMEDIATE would take the write lock
    try:
        with transaction.atomic(using=using):
            before = _query_only(connection)
            _set_query_only(connection, True)
            try:
                yield
            finally:
                _set_query_only(connection, before)
    finally:
        connection.transaction_mode = mode


def _query_only(connection: Any) -> bool:
    with connection.cursor() as cursor:
        return bool(cursor.execute("PRAGMA query_only").fetchone()[0])


def _set_query_only(connection: Any, value: bool) -> None:
    # Past Django's wrapper: after a refused write it would refuse this statement as well.
    connection.connection.execute(f"PRAGMA query_only = {'ON' if value else 'OFF'}")
