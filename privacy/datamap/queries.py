"""The inventory, as pages, policies and the coverage command show it. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connections
from django.db.models import QuerySet
from django.utils.text import capfirst

from privacy.datamap import graph
from privacy.datamap.coverage import coverage
from privacy.datamap.declarations import Anonymise, Delete
from privacy.datamap.graph import Declared
from privacy.datamap.paths import label_of
from privacy.datamap.rules import DatamapRules
from privacy.promises.queries import section


@dataclass(frozen=True, slots=True)
class Kept:
    """What outlives its person: ``field`` is empty for the whole row."""

    field: str
    ground: str
    period: str


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """One line of a published list of data.

    Attributes:
        label: ``"coop.Order"``; for staff, a published list leaves it out.
        what: the table's name in the reader's language.
        fields: names of the personal fields, in the reader's language.
        ends: the periods after which rows or addresses go, ISO 8601.
        on_erasure: ``delete``, ``anonymise`` or ``keep``; the mildest where sides differ.
    """

    label: str
    category: str
    what: str
    fields: tuple[str, ...]
    purpose: str
    legal_basis: str
    scope: str
    kind: str
    source: str
    collected_at: tuple[str, ...]
    clause: str
    ends: tuple[str, ...]
    on_erasure: str
    kept: tuple[Kept, ...]


def inventory() -> tuple[InventoryRow, ...]:
    """Every declared table, by category and name; asks the database nothing."""
    rows = [_row(declared) for declared in graph.declared()]
    return tuple(sorted(rows, key=lambda row: (row.scope != "own", row.category, row.what, row.label)))


def rules() -> DatamapRules | None:
    """The ``[datamap]`` table of the profile in force; None without a profile or without such a table."""
    found: DatamapRules | None = section("datamap")
    return found


def coverage_report() -> dict[str, list[dict[str, Any]]]:
    """What ``privacy_coverage --json`` prints; one count a declared table, None before ``migrate``."""
    site = coverage()
    tables = {using: _tables(using) for using in {item.using for item in site.declared}}
    return {
        "declared": [
            {
                "model": label_of(item.model),
                "fields": sorted(item.decisions),
                "subject": ", ".join(side.name for side in item.sides),
                "rows": _count(item, tables),
            }
            for item in site.declared
        ],
        "excluded": [
            {"model": label_of(model), "reason": reason}
            for model, reason in sorted(site.excluded.items(), key=lambda entry: label_of(entry[0]))
        ],
        "undeclared": [{"model": item.label, "field": item.field, "path": item.path} for item in site.undeclared],
    }


def _tables(using: str) -> set[str]:
    """Names of the tables that exist; none where the database cannot be asked, as on a build machine."""
    try:
        return set(connections[using].introspection.table_names(include_views=True))
    except DatabaseError:
        return set()


def _count(declared: Declared, tables: dict[str, set[str]]) -> int | None:
    if declared.model._meta.db_table not in tables[declared.using]:
        return None
    rows: QuerySet[Any] = QuerySet(declared.model, using=declared.using)
    return rows.count()


def _row(declared: Declared) -> InventoryRow:
    data, model = declared.data, declared.model
    names = [name for name, decision in declared.decisions.items() if decision.kind != "plain"]
    return InventoryRow(
        label=label_of(model),
        category=declared.category,
        what=capfirst(str(model._meta.verbose_name_plural)),
        fields=tuple(_title(model, name) for name in names if not _is_link(declared, name)),
        purpose=declared.purpose,
        legal_basis=declared.legal_basis,
        scope=declared.scope,
        kind=declared.kind,
        source=declared.source,
        collected_at=tuple(data.collected_at),
        clause=data.clause,
        ends=tuple(str(expiry.period) for expiry in declared.expiries),
        on_erasure=_mildest(declared),
        kept=tuple(
            Kept(_title(model, keep.name) if keep.name else "", keep.ground, str(keep.period))
            for keep in declared.keeps
        ),
    )


def _is_link(declared: Declared, name: str) -> bool:
    """A foreign key is no fact a reader knows; an e-mail address that is the link is one."""
    field: Any = declared.model._meta.get_field(name)
    generic = {side.direct_field for side in declared.sides if side.kind in ("generic", "key")}
    return bool(field.is_relation) or field in generic


def _title(model: Any, name: str) -> str:
    return str(getattr(model._meta.get_field(name), "verbose_name", name))


def _mildest(declared: Declared) -> str:
    erasures = {type(side.erasure) for side in declared.sides}
    if erasures <= {Delete}:
        return "delete"
    return "anonymise" if Anonymise in erasures else "keep"
