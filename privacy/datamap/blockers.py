"""Rows that would stand in the way of a deletion, or be taken along by it against their declaration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import ForeignKey, Model

from privacy.datamap import graph
from privacy.datamap.coverage import inbound
from privacy.datamap.declarations import Anonymise, Delete
from privacy.datamap.graph import Declared
from privacy.datamap.paths import label_of
from privacy.datamap.shapes import BrokenDeclaration

Way = tuple[str, str]


def blockers(declared: Declared) -> Iterator[BrokenDeclaration]:
    """E104 for each foreign key at which a deletion of ``declared`` rows would stop.

    A nullable link of a model somebody has looked at is cut, so it never blocks. Any other must
    belong to a row that goes before, or that gets a sentinel.
    """
    gone = [side for side in declared.sides if isinstance(side.erasure, Delete)]
    if not gone and not any(isinstance(expiry.action, Delete) for expiry in declared.expiries):
        return
    ways: list[Way] = [(side.kind, side.path) for side in gone or declared.sides if side.kind != "generic"]
    family = [declared.model, *declared.model._meta.get_parent_list()]
    for found in inbound(family):
        field, model = found.field, found.field.model
        if field.remote_field.parent_link or model._meta.auto_created or _looked_at_and_nullable(field):
            continue
        other = graph.find(model)
        if other is None and model not in graph.excluded():
            continue  # nobody has looked at it at all: coverage says so, and the closure names it when it stops there
        if other is None or not _clears(other, field, ways):
            yield BrokenDeclaration(
                code="privacy.E104",
                field=label_of(model, field.name),
                problem=f"its rows stand in the way when {declared.label} rows are deleted",
                mend=_mend(field, ways),
            )


def _looked_at_and_nullable(field: ForeignKey[Any, Any]) -> bool:
    model: type[Model] = field.model
    return bool(field.null) and (graph.find(model) is not None or model in graph.excluded())


def _clears(other: Declared, field: ForeignKey[Any, Any], ways: list[Way]) -> bool:
    wanted = {(kind, _through(field, path)) for kind, path in ways}
    for side in other.sides:
        if isinstance(side.erasure, Anonymise) and field.name in side.erasure.values:
            return True
        if (side.kind, side.path) in wanted and isinstance(side.erasure, Delete):
            return True
    return False


def _through(field: ForeignKey[Any, Any], path: str) -> str:
    return f"{field.name}__{path}" if path else field.name


def _mend(field: ForeignKey[Any, Any], ways: list[Way]) -> str:
    kind, path = ways[0] if ways else ("user", "")
    word = _through(field, path) if kind == "user" else f"{kind}:{_through(field, path)}"
    return f'Declare them with the subject "{word}" and Delete(), make the link nullable, or give it a Sentinel'
