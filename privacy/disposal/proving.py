"""What the database proves by itself: along its own foreign keys a second look would find nothing.

A row whose link leads to one that was deleted is refused by the database; so where all orders of a person are gone,
no line of theirs can be left, whoever wrote it back. PostgreSQL is asked in ``relations.settle``, SQLite asks itself
when the transaction commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import connections

from privacy.disposal.plan import Step
from privacy.disposal.relations import inbound, is_link_table


class _ForeignKey(NamedTuple):
    """A column that points at another, and whether the database answers a deletion over there with a refusal."""

    table: str
    column: str
    target: str
    target_column: str
    refuses: bool


class Proof:
    """Which steps of one erasure need no second look.

    Args:
        steps: all of the erasure in their order; every account of it has its row.
        using: their database.
        by_commit: whether a refused commit undoes the erasure, and is followed by one that looks itself.
    """

    def __init__(self, steps: Sequence[Step] = (), *, using: str = "", by_commit: bool = False) -> None:
        account = next((step for step in steps if step.declared.model is get_user_model() and not step.side.path), None)
        goes = account is not None and account.action == "delete"
        keys = _foreign_keys(using, by_commit=by_commit) if goes else []
        counted = bool(keys) and connections[using].vendor == "sqlite"
        self._links = {key[:4] for key in keys if key.refuses}
        self._gone = {
            (step.declared.model, step.side.path)
            for step in (_safely_counted(steps, keys) if counted else steps)
            if step.side.kind == "user" and step.action == "delete" and not step.circular
        }

    def covers(self, step: Step) -> bool:
        """Whether the database refuses whatever of this step's rows would still lead to the person."""
        if not self._links or step.side.kind != "user" or not step.side.path or step.circular:
            return False
        field, rest = _first_link(step)
        if field is None or (rest and step.action != "delete"):
            return False
        target: Any = field.target_field
        link = (field.model._meta.db_table, field.column, target.model._meta.db_table, target.column)
        return link in self._links and (field.related_model, rest) in self._gone


def _first_link(step: Step) -> tuple[Any, str]:
    """The row's own foreign key on its way to the person, None where it has none, and the rest of the way."""
    first, _, rest = step.side.path.partition("__")
    fields: Any = step.declared.model._meta.local_concrete_fields
    return next((each for each in fields if each.name == first and each.related_model is not None), None), rest


def _safely_counted(steps: Sequence[Step], keys: Sequence[_ForeignKey]) -> Iterator[Step]:
    """On SQLite, those after which no row goes that may have pointed at nothing before.

    It only counts: each row that is left adds one, and each that goes, and had pointed at nothing before, takes one
    away. A row was found by its own link to the person, which led somewhere; of any other link nobody knows.
    """
    columns: dict[str, set[str]] = {}
    for key in keys:
        columns.setdefault(key.table, set()).add(key.column)
    models = {step.declared.model for step in steps}
    for step in reversed(steps):
        field, _ = _first_link(step)
        unknown = columns.get(step.declared.model._meta.db_table, set()) - {field.column if field else ""}
        if unknown or step.declared.data.hooks:
            return
        yield step
        if any(is_link_table(link) and link.model not in models for link in inbound(step.declared.model)):
            return  # they go with its rows


def _foreign_keys(using: str, *, by_commit: bool) -> list[_ForeignKey]:
    """All that the database holds; none where nobody would ask it before the erasure is told. One query."""
    connection: Any = connections[using]
    on_postgresql = connection.vendor == "postgresql"
    # SQLite asks when the outermost transaction ends, which must be the erasure's own.
    outermost = connection.in_atomic_block and not connection.savepoint_ids
    if not on_postgresql and not (connection.vendor == "sqlite" and by_commit and outermost):
        return []
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL if on_postgresql else _SQLITE)
        return [_ForeignKey(*row) for row in cursor.fetchall()]


_POSTGRESQL = """
SELECT source.relname, mine.attname, goal.relname, theirs.attname, true FROM pg_constraint AS link
JOIN pg_class AS source ON source.oid = link.conrelid AND pg_table_is_visible(source.oid)
JOIN pg_class AS goal ON goal.oid = link.confrelid AND pg_table_is_visible(goal.oid)
JOIN pg_attribute AS mine ON mine.attrelid = link.conrelid AND mine.attnum = link.conkey[1]
JOIN pg_attribute AS theirs ON theirs.attrelid = link.confrelid AND theirs.attnum = link.confkey[1]
WHERE link.contype = 'f' AND link.convalidated AND link.confdeltype IN ('a', 'r') AND cardinality(link.conkey) = 1
"""
_SQLITE = """
SELECT source.name, link."from", link."table", link."to",
    link.on_delete IN ('NO ACTION', 'RESTRICT') AND count(*) OVER (PARTITION BY source.name, link.id) = 1
FROM pragma_foreign_keys AS asked, sqlite_master AS source, pragma_foreign_key_list(source.name) AS link
WHERE asked.foreign_keys = 1 AND source.type = 'table'
"""
