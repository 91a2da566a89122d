"""How a database gets ready for a statement."""

from __future__ import annotations

from django.db import connections


def plan_quickly(using: str) -> None:
    """Spare PostgreSQL its compiler until the open transaction ends.

    It compiles a statement whose estimated cost is high. Ours name thousands of people and many tables, so that the
    estimate is high and the work is not: compiling one takes longer than running it.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL jit = off")
