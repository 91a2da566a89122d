"""Keys of rows that are about to lose their link, kept in the database so that memory stays flat."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models import CharField, QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Cast

from privacy.disposal.models import Captured


def keys(rows: QuerySet[Any], *, batch: uuid.UUID, place: str) -> int:
    """Write down the primary keys of ``rows`` in one INSERT … SELECT; returns how many."""
    selected = rows.order_by().values_list(
        Value(batch, output_field=UUIDField()),
        Value(place, output_field=CharField()),
        Cast("pk", TextField()),
    )
    return insert_select(Captured, ("batch", "place", "key"), selected)


def read(model: type[models.Model], *, batch: uuid.UUID, place: str, using: str) -> QuerySet[Any]:
    """The rows whose keys were captured, read again by key."""
    captured = Captured.objects.using(using).of(batch, place)
    return model._base_manager.using(using).filter(
        pk__in=captured.values_list(Cast("key", _key_field(model)), flat=True)
    )


def release(batch: uuid.UUID) -> None:
    """Forget the keys of a batch that was read back clean."""
    Captured.objects.filter(batch=batch)._raw_delete(Captured.objects.db)


def insert_select(model: type[models.Model], columns: tuple[str, ...], selected: QuerySet[Any]) -> int:
    """INSERT what a query selects, in one statement; returns the number of rows."""
    connection = connections[selected.db]
    try:
        sql, params = selected.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return 0
    quote = connection.ops.quote_name
    fields = (cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in columns)
    names = ", ".join(quote(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(model._meta.db_table)} ({names}) {sql}", params)
        return int(cursor.rowcount)


def _key_field(model: type[models.Model]) -> models.Field[Any, Any]:
    field: Any = model._meta.pk
    while field.remote_field is not None:
        field = field.target_field
    return {
        "AutoField": models.IntegerField,
        "BigAutoField": models.BigIntegerField,
        "SmallAutoField": models.IntegerField,
    }.get(field.get_internal_type(), lambda: field)()
