"""The one plan of an erasure: it drives the preview, the guard and the run.

Steps go children first, so that a row is always reached while its path to the person is whole;
rows that point through a generic key go before what they point at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import models
from django.db.models import Count, Max, QuerySet

from privacy.core.conf import settings
from privacy.core.periods import Calendar
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise, Delete, Keep
from privacy.datamap.graph import Declared, Side, Subjects
from privacy.datamap.order import deletion_order
from privacy.disposal.relations import blockers_of


@dataclass(frozen=True, slots=True)
class Step:
    """One model seen from one side: what happens to the rows a person is reached by."""

    declared: Declared
    side: Side

    @property
    def action(self) -> str:
        return {Delete: "delete", Anonymise: "anonymise", Keep: "keep"}[type(self.side.erasure)]

    def rows(self, subjects: Subjects) -> QuerySet[Any]:
        return self.declared.rows(self.side, subjects)

    @property
    def files_at_stake(self) -> tuple[models.FileField, ...]:
        """File fields whose files go with this step."""
        if isinstance(self.side.erasure, Delete):
            return self.declared.file_fields
        if isinstance(self.side.erasure, Anonymise):
            named = self.side.erasure.values
            return tuple(field for field in self.declared.file_fields if field.name in named)
        return ()


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step with its size, for a preview."""

    model: str
    action: str
    rows: int
    files: int


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Rows that outlive the person: how many, on what ground, and until when at the latest."""

    model: str
    rows: int
    ground: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would do.

    Attributes:
        steps: in the order in which they run, those without rows left out.
        kept: what stays, with ground and end.
        blockers: labels of what would stop it (``"shop.Invoice.order still points at …"``).
    """

    steps: tuple[PlannedStep, ...]
    kept: tuple[KeptRows, ...]
    blockers: tuple[str, ...]

    @property
    def total_rows(self) -> int:
        return sum(step.rows for step in self.steps)


def route() -> tuple[Step, ...]:
    """All steps in their order: generic keys first, then children before parents."""
    by_model = {declared.model: declared for declared in graph.declared()}
    steps = [Step(by_model[model], side) for model in deletion_order(list(by_model)) for side in by_model[model].sides]
    return tuple(sorted(steps, key=lambda step: step.side.kind != "generic"))


def preview(subjects: Subjects) -> Plan:
    """Count what erasing these people would do. Queries grow with declared models, not with rows."""
    steps: list[PlannedStep] = []
    kept: list[KeptRows] = []
    blockers: list[str] = []
    for step in route():
        rows = step.rows(subjects)
        counts = rows.aggregate(rows=Count("pk"), **_file_counts(step))
        if not counts["rows"]:
            continue
        files = sum(count for name, count in counts.items() if name != "rows")
        steps.append(PlannedStep(step.declared.label, step.action, counts["rows"], files))
        kept.extend(kept_rows(step, rows))
        if step.action == "delete":
            blockers.extend(blockers_of(step.declared.model, rows))
    return Plan(tuple(steps), tuple(kept), tuple(dict.fromkeys(blockers)))


def _file_counts(step: Step) -> dict[str, Count]:
    return {
        f"files_{field.name}": Count(
            "pk", filter=~models.Q(**{field.name: ""}) & models.Q(**{f"{field.name}__isnull": False})
        )
        for field in step.files_at_stake
    }


def kept_rows(step: Step, rows: QuerySet[Any]) -> Iterator[KeptRows]:
    """What this step leaves under a ground, one query a step that keeps anything."""
    if step.action == "delete" or not step.declared.keeps:
        return
    calendar = settings.calendar
    ends = {f"end_{index}": Max(keep.start) for index, keep in enumerate(step.declared.keeps)}
    found = rows.aggregate(rows=Count("pk"), **ends)
    if not found["rows"]:
        return
    # Several fields under one ground are one line to whoever reads it, with the last of their ends.
    until: dict[str, datetime | None] = {}
    for index, keep in enumerate(step.declared.keeps):
        latest = found[f"end_{index}"]
        end = keep.period.end(as_moment(latest, calendar), calendar) if latest is not None else None
        known = until.get(keep.ground, end)
        until[keep.ground] = max(known, end) if known is not None and end is not None else None
    for ground, end in until.items():
        yield KeptRows(step.declared.label, found["rows"], ground, end)


def as_moment(value: datetime | date, calendar: Calendar) -> datetime:
    """A date column begins at midnight in the site's zone."""
    return value if isinstance(value, datetime) else datetime.combine(value, time(), calendar.zone)
