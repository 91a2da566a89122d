"""Many rows as one parameter: an ORM's own bulk INSERT spends most of its time on each single value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connections, transaction
from django.db.models import CharField, JSONField, Model, TextField

from privacy.core.batches import chunks

_AT_ONCE = 2_000


def insert_many(
    model: type[Model],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    using: str,
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """INSERT rows, two thousand at a time, all or none; no signal is sent and no default is filled in.

    Args:
        names: the fields to write; all others must have a default in the database.
        rows: a value a field, of the types that the fields save; equal moments are adapted once.
        returning: fields of what was inserted, in whatever order the database gives the rows.

    Returns:
        A tuple a row; empty without ``returning``.
    """
    connection = connections[using]
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    wanted: list[Any] = [model._meta.get_field(name) for name in returning]
    back = ", ".join(quote(field.column) for field in wanted)
    taken = ", ".join(_taken(connection, field, place) for place, field in enumerate(fields))
    source = "jsonb_array_elements(%s::jsonb)" if connection.vendor == "postgresql" else "json_each(%s)"
    into = f"INSERT INTO {quote(model._meta.db_table)} ({columns})"
    inserted: list[tuple[Any, ...]] = []
    with transaction.atomic(using=using, savepoint=False), connection.cursor() as cursor:
        for some in chunks(list(rows), _AT_ONCE):
            given = list(_plain(connection, fields, some))
            if connection.vendor == "sqlite" and not back:  # within the process, a call a row costs less than JSON
                cursor.executemany(f"{into} VALUES ({', '.join(['%s'] * len(fields))})", given)
                continue
            sql = f"{into} SELECT {taken} FROM {source} AS given"  # noqa: S608
            cursor.execute(f"{sql} RETURNING {back}" if back else sql, [json.dumps(given)])
            inserted += cursor.fetchall() if back else []
    return inserted


def can_insert_many(using: str) -> bool:
    connection = connections[using]
    vendors = ("sqlite", "postgresql")
    return connection.vendor in vendors and connection.features.can_return_rows_from_bulk_insert


def _taken(connection: Any, field: Any, place: int) -> str:
    if connection.vendor == "sqlite":
        return f"json_extract(given.value, '$[{place}]')"
    value = f"given.value->>{place}"
    # A text that is too long must be refused; a cast to the column's type would cut it.
    return value if isinstance(field, CharField | TextField) else f"({value})::{field.db_type(connection)}"


def _plain(connection: Any, fields: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """The rows as JSON can carry them, a column at a time."""
    columns = (
        _column(connection, field, values) for field, values in zip(fields, zip(*rows, strict=True), strict=True)
    )
    return zip(*columns, strict=True)


def _column(connection: Any, field: Any, values: Sequence[Any]) -> Sequence[Any]:
    if isinstance(field, JSONField):
        return [json.dumps(value, cls=field.encoder) for value in values]
    if all(type(value) in (str, int, type(None)) for value in values):
        return values
    known: dict[Any, Any] = {}
    for value in values:
        if value not in known:
            kept = field.get_db_prep_save(value, connection)
            known[value] = kept.isoformat() if isinstance(kept, datetime) else kept
    return [known[value] for value in values]
