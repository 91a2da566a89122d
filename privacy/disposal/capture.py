"""Keys of rows that are about to lose their link, kept in the database so that memory stays flat.

The keys of one step are one text: a row for each would cost as much as the change of the row that it names. Rows of
another database than our own tables are read from the one and written to the other, some at a time.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router
from django.db.models import F, Lookup, QuerySet, TextField
from django.db.models.functions import Cast

from privacy.core.batches import keyset
from privacy.disposal.models import Captured

_PAGE = 500
#: By vendor: how many texts become one array, and how that is taken apart again.
_PACKED = {"sqlite": "json_group_array(found._key)", "postgresql": "json_agg(found._key)::text"}
_UNPACKED = {"sqlite": "json_each(c.keys)", "postgresql": "json_array_elements_text(c.keys::json)"}


def keys(rows: QuerySet[Any], *, batch: uuid.UUID, place: str) -> int:
    """Write down the primary keys of ``rows``, in one statement within one database; returns how many."""
    selected = rows.order_by().annotate(_key=Cast("pk", TextField())).values_list("_key", flat=True)
    using = router.db_for_write(Captured)
    connection = connections[using]
    if selected.db != using or connection.vendor not in _PACKED:
        return _some_at_a_time(selected, batch=batch, place=place)
    try:
        sql, params = selected.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Captured._meta.db_table} (batch, place, keys, rows)"  # noqa: S608 our own names
            f" SELECT %s, %s, {_PACKED[connection.vendor]}, count(*) FROM ({sql}) AS found HAVING count(*) > 0"
            f" RETURNING rows",
            [_as_stored(connection, batch), place, *params],
        )
        return sum(count for (count,) in cursor.fetchall())


def read(model: type[models.Model], *, batch: uuid.UUID, place: str, using: str) -> QuerySet[Any]:
    """The rows whose keys were captured, read again by key."""
    rows = model._base_manager.using(using)
    if connections[using].vendor in _UNPACKED:
        return rows.filter(_Captured(F("pk"), (batch, place)))
    found = Captured.objects.using(using).of(batch, place).values_list("keys", flat=True)
    return rows.filter(pk__in=[key for some in found for key in _typed(model, some)])


def pages(model: type[models.Model], *, batch: uuid.UUID, place: str, using: str) -> Iterator[QuerySet[Any]]:
    """The same for rows in another database than the keys: some at a time, by key."""
    captured = Captured.objects.of(batch, place)
    for some in keyset(captured, 1):
        rows: QuerySet[Any] = QuerySet(model, using=using)
        yield rows.filter(pk__in=_typed(model, captured.values_list("keys", flat=True).get(pk=some[0])))


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


class _Captured(Lookup):
    """``pk`` among the keys captured for ``(batch, place)``, taken apart by the database itself."""

    lookup_name = "privacy_captured"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, params = self.process_lhs(compiler, connection)
        batch, place = self.rhs
        kind = _key_field(self.lhs.output_field.model).cast_db_type(connection)
        return (
            f"{left} IN (SELECT CAST(given.value AS {kind}) FROM {Captured._meta.db_table} AS c,"  # noqa: S608
            f" {_UNPACKED[connection.vendor]} AS given WHERE c.batch = %s AND c.place = %s)",
            [*params, _as_stored(connection, batch), place],
        )


def _some_at_a_time(selected: QuerySet[Any], *, batch: uuid.UUID, place: str) -> int:
    count = 0
    found = selected.iterator(_PAGE)
    while some := list(islice(found, _PAGE)):
        Captured.objects.create(batch=batch, place=place, keys=json.dumps(some), rows=len(some))
        count += len(some)
    return count


def _insert_some_at_a_time(model: type[models.Model], columns: tuple[str, ...], selected: QuerySet[Any]) -> int:
    count = 0
    rows = selected.iterator(_PAGE)
    while some := list(islice(rows, _PAGE)):
        model._base_manager.bulk_create(model(**dict(zip(columns, row, strict=True))) for row in some)
        count += len(some)
    return count


def _as_stored(connection: Any, batch: uuid.UUID) -> Any:
    field: Any = Captured._meta.get_field("batch")
    return field.get_db_prep_value(batch, connection)


def _typed(model: type[models.Model], packed: str) -> list[Any]:
    field = _key_field(model)
    return [field.to_python(key) for key in json.loads(packed)]


def _key_field(model: type[models.Model]) -> models.Field[Any, Any]:
    field: Any = model._meta.pk
    while field.remote_field is not None:
        field = field.target_field
    return {
        "AutoField": models.IntegerField,
        "BigAutoField": models.BigIntegerField,
        "SmallAutoField": models.IntegerField,
    }.get(field.get_internal_type(), lambda: field)()
