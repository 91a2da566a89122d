"""Keys of rows that are about to lose their link, kept in the database so that memory stays flat.

Rows of another database than our own tables are read from the one and written to the other, some at a time.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router
from django.db.models import CharField, QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Cast

from privacy.core.batches import keyset
from privacy.disposal.models import Captured

_PAGE = 500


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


def pages(model: type[models.Model], *, batch: uuid.UUID, place: str, using: str) -> Iterator[QuerySet[Any]]:
    """The same for rows in another database than the keys: some at a time, by key."""
    field = _key_field(model)
    captured = Captured.objects.of(batch, place)
    for some in keyset(captured, _PAGE):
        found = captured.filter(pk__in=some).values_list("key", flat=True)
        rows: QuerySet[Any] = QuerySet(model, using=using)
        yield rows.filter(pk__in=[field.to_python(key) for key in found])


def release(batch: uuid.UUID, *, places: Collection[str] = (), but: Collection[str] = ()) -> None:
    """Forget the keys of a batch that was read back clean: those of ``places`` only, or of all ``but`` some."""
    captured = Captured.objects.filter(batch=batch)
    if places:
        captured = captured.filter(place__in=places)
    if but:
        captured = captured.exclude(place__in=but)
    captured._raw_delete(captured.db)


def insert_select(model: type[models.Model], columns: tuple[str, ...], selected: QuerySet[Any]) -> int:
    """INSERT what a query selects, in one statement within one database; returns the number of rows."""
    if selected.db != router.db_for_write(model):
        return _insert_some_at_a_time(model, columns, selected)
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


def _insert_some_at_a_time(model: type[models.Model], columns: tuple[str, ...], selected: QuerySet[Any]) -> int:
    count = 0
    rows = selected.iterator(_PAGE)
    while some := list(islice(rows, _PAGE)):
        model._base_manager.bulk_create(model(**dict(zip(columns, row, strict=True))) for row in some)
        count += len(some)
    return count


def _key_field(model: type[models.Model]) -> models.Field[Any, Any]:
    field: Any = model._meta.pk
    while field.remote_field is not None:
        field = field.target_field
    return {
        "AutoField": models.IntegerField,
        "BigAutoField": models.BigIntegerField,
        "SmallAutoField": models.IntegerField,
    }.get(field.get_internal_type(), lambda: field)()
