"""One of many values, as one parameter: a list costs Django and the driver more than the database's own work."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, CharField, F, IntegerField, Lookup, TextField, UUIDField
from django.db.models.lookups import In


class Values(tuple[Any, ...]):
    """Values that many statements name: each form in which a database takes them is made once."""

    packed: dict[tuple[str, str], str]

    def __new__(cls, values: Iterable[Any] = ()) -> Values:
        made = super().__new__(cls, values)
        made.packed = {}
        return made

    @cached_property
    def texts(self) -> Values:
        """``str`` of each."""
        return Values(map(str, self))


class Among(Lookup):
    """``path__in=values``, by the same indexes: ``queryset.filter(Among("user__pk", keys))``.

    Numbers, UUIDs and texts on SQLite and PostgreSQL; for anything else it is ``__in``. ``Values`` are packed once.
    """

    lookup_name = "privacy_among"
    prepare_rhs = False
    output_field = BooleanField()

    def __init__(self, path: Any, values: Collection[Any]) -> None:
        super().__init__(F(path) if isinstance(path, str) else path, values)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        field: Any = self.lhs.output_field
        while field.remote_field is not None:
            field = field.target_field
        kind = next((kind for kind, fields in _KINDS.items() if isinstance(field, fields)), "")
        if not kind or not self.rhs or connection.vendor not in ("sqlite", "postgresql"):
            return In(self.lhs, list(self.rhs)).as_sql(compiler, connection)
        left, params = self.process_lhs(compiler, connection)
        given = _packed(field, kind, self.rhs, connection)
        if connection.vendor == "sqlite":
            return f"{left} IN (SELECT value FROM json_each(%s))", [*params, given]  # noqa: S608
        # With a type: small numbers would be sent as smallint[], which no index of a bigint column answers.
        return f"{left} = ANY (%s::{kind}[])", [*params, given]


def _packed(field: Any, kind: str, given: Collection[Any], connection: Any) -> str:
    own = type(field).__module__.startswith("django.db.models")
    known = given.packed if isinstance(given, Values) and own else {}
    if (found := known.get((connection.vendor, kind))) is not None:
        return found
    values = _prepared(field, kind, list(given), connection)
    packed = json.dumps(values) if connection.vendor == "sqlite" else _array(values, quoted=kind == "text")
    known[connection.vendor, kind] = packed
    return packed


def _prepared(field: Any, kind: str, values: list[Any], connection: Any) -> list[Any]:
    """As the field stores them. What Django's own fields make of their own types is known; another may differ."""
    if type(field).__module__.startswith("django.db.models") and set(map(type, values)) == {_PLAIN[kind]}:
        # Both databases take a UUID without hyphens.
        return [value.hex for value in values] if kind == "uuid" else values
    return [field.get_db_prep_value(value, connection) for value in values]


def _array(values: list[Any], *, quoted: bool) -> str:
    """An array as PostgreSQL reads it; its driver is many times slower over a list."""
    if not quoted:
        return f"{{{','.join(map(str, values))}}}"
    together = "".join(values)
    if "\\" in together or '"' in together:
        values = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(values) + '"}'


_PLAIN: dict[str, type] = {"bigint": int, "text": str, "uuid": UUID}
_KINDS: dict[str, Any] = {"bigint": IntegerField, "uuid": UUIDField, "text": (CharField, TextField)}
