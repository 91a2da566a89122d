"""What an erasure would do, counted before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Count

from privacy.datamap.graph import Subjects
from privacy.disposal.grounds import every_ground_ended
from privacy.disposal.holds import HoldFact
from privacy.disposal.holds.sparing import Spared
from privacy.disposal.holds.stopping import held_rows, holds_on
from privacy.disposal.obstacles import obstacles
from privacy.disposal.plan import KeptRows, Step, kept_rows, route


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step with its size, for a preview."""

    model: str
    action: str
    rows: int
    files: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would do.

    Attributes:
        steps: in the order in which they run, those without rows left out.
        kept: what stays, with ground and end.
        blockers: what would stop it, each with its field and mend (``"shop.Invoice.order: rows still …"``).
        holds: the legal holds that keep anything of them; the account would be cut off, and the closure *held*.
    """

    steps: tuple[PlannedStep, ...]
    kept: tuple[KeptRows, ...]
    blockers: tuple[str, ...]
    holds: tuple[HoldFact, ...] = ()


def preview(subjects: Subjects, now: datetime) -> Plan:
    """Count what erasing these people would do. Queries grow with declared models, not with rows."""
    steps: list[PlannedStep] = []
    kept: list[KeptRows] = []
    in_force, spared = holds_on(subjects)
    for step in route():
        rows = step.rows(subjects)
        if spared:
            rows = spared.without(step.declared, rows)
        counts = rows.aggregate(rows=Count("pk"), ended=Count("pk", filter=groundless(step, now)), **_file_counts(step))
        count, ended = counts.pop("rows"), counts.pop("ended")
        if count > ended:
            steps.append(PlannedStep(step.declared.label, step.action, count - ended, sum(counts.values())))
        if ended:
            steps.append(PlannedStep(step.declared.label, "delete", ended, 0))
        if count:
            kept.extend(kept_rows(step, rows, now))
    if spared:
        kept.extend(held_rows(subjects, spared))
    blockers = dict.fromkeys(
        obstacle.reason for obstacle in obstacles(lambda: subjects) if not _all_held(subjects, spared)
    )
    return Plan(tuple(steps), tuple(kept), tuple(blockers), in_force)


def _all_held(subjects: Subjects, spared: Spared | None) -> bool:
    return spared is not None and spared.holds.wholly >= {str(key) for key in subjects.keys}


def exceeds(subjects: Subjects, limit: int) -> bool:
    """Whether an erasure would touch more than ``limit`` rows; stops counting there. One query a step at most."""
    left = limit
    for step in route():
        left -= step.rows(subjects).order_by()[: left + 1].count()
        if left < 0:
            return True
    return False


def groundless(step: Step, now: datetime) -> models.Q:
    """Rows that no ground keeps any more and that no other side holds: they go with the person."""
    declared = step.declared
    if step.action == "delete" or not declared.keeps or len(declared.sides) > 1:
        return models.Q(pk__in=[])
    return every_ground_ended(declared, now)


def _file_counts(step: Step) -> dict[str, Count]:
    return {
        f"files_{field.name}": Count(
            "pk", filter=~models.Q(**{field.name: ""}) & models.Q(**{f"{field.name}__isnull": False})
        )
        for field in step.files_at_stake
    }
