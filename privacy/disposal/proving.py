"""What the database proves by itself: along its own foreign keys a second look would find nothing.

A row whose link leads to one that was deleted is refused by the database; so where all orders of a person are gone,
no line of theirs can be left, whoever wrote it back. PostgreSQL is asked in ``relations.settle``, SQLite asks itself
when the transaction commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections

from privacy.disposal.plan import Step

#: Table and column of a foreign key, and the table and column that it points at.
_Link = tuple[str, str, str, str]


class Proof:
    """Which steps of one erasure need no second look.

    Args:
        steps: all of the erasure.
        using: their database.
        by_commit: whether a refused commit undoes the erasure, and is followed by one that looks itself.
    """

    def __init__(self, steps: Iterable[Step] = (), *, using: str = "", by_commit: bool = False) -> None:
        known = {(step.declared.model, step.side.path): step for step in steps if step.side.kind == "user"}
        account = known.get((get_user_model(), ""))
        goes = account is not None and account.action == "delete"
        self._gone = {where for where, step in known.items() if step.action == "delete" and not step.circular}
        self._links = _enforced(using, by_commit=by_commit) if goes else frozenset()

    def covers(self, step: Step) -> bool:
        """Whether the database refuses whatever of this step's rows would still lead to the person."""
        if not self._links or step.side.kind != "user" or not step.side.path or step.circular:
            return False
        first, _, rest = step.side.path.partition("__")
        field = next((each for each in step.declared.model._meta.local_concrete_fields if each.name == first), None)
        if field is None or field.related_model is None or (rest and step.action != "delete"):
            return False
        target: Any = field.target_field  # type: ignore[attr-defined]
        link = (field.model._meta.db_table, field.column, target.model._meta.db_table, target.column)
        return link in self._links and (field.related_model, rest) in self._gone


def _enforced(using: str, *, by_commit: bool) -> frozenset[_Link]:
    """The foreign keys that the database holds for every row, and answers a deletion with a refusal. One query."""
    connection: Any = connections[using]
    on_postgresql = connection.vendor == "postgresql"
    # SQLite asks when the outermost transaction ends, which must be the erasure's own.
    outermost = connection.in_atomic_block and not connection.savepoint_ids
    if not on_postgresql and not (connection.vendor == "sqlite" and by_commit and outermost):
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL if on_postgresql else _SQLITE)
        return frozenset(cursor.fetchall())


_POSTGRESQL = """
SELECT source.relname, mine.attname, goal.relname, theirs.attname FROM pg_constraint AS link
JOIN pg_class AS source ON source.oid = link.conrelid AND pg_table_is_visible(source.oid)
JOIN pg_class AS goal ON goal.oid = link.confrelid AND pg_table_is_visible(goal.oid)
JOIN pg_attribute AS mine ON mine.attrelid = link.conrelid AND mine.attnum = link.conkey[1]
JOIN pg_attribute AS theirs ON theirs.attrelid = link.confrelid AND theirs.attnum = link.confkey[1]
WHERE link.contype = 'f' AND link.convalidated AND link.confdeltype IN ('a', 'r') AND cardinality(link.conkey) = 1
"""
_SQLITE = """
SELECT source.name, link."from", link."table", link."to"
FROM pragma_foreign_keys AS asked, sqlite_master AS source, pragma_foreign_key_list(source.name) AS link
WHERE asked.foreign_keys = 1 AND source.type = 'table' AND link.on_delete IN ('NO ACTION', 'RESTRICT')
GROUP BY source.name, link.id HAVING count(*) = 1
"""
