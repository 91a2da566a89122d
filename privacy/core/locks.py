"""One at a time, across every process that shares a database."""

from __future__ import annotations

from django.db import connections


def one_at_a_time(name: str, using: str) -> None:
    """Wait until nobody else is behind this name; the end of the open transaction lets the next one in.

    SQLite has one writer anyway, and takes its lock when the transaction begins.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
