"""Carry out the plan for a batch of people inside the caller's transaction, and read it back.

Each step is one DELETE or UPDATE over a sub-select. A step is done when a re-read finds nothing:
for deleted rows by the link, for anonymised rows by the keys captured before the link was cut.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import ForeignKey, Model, QuerySet

from privacy.core.conf import settings
from privacy.core.planning import plan_quickly
from privacy.datamap.declarations import Anonymise
from privacy.datamap.graph import Subjects
from privacy.disposal import capture, elsewhere, sweeping
from privacy.disposal.grounds import emptied, every_ground_ended, left_behind
from privacy.disposal.holds.sparing import Spared
from privacy.disposal.masks import mask_values, unmasked
from privacy.disposal.plan import KeptRows, Step, kept_rows, route
from privacy.disposal.proving import Proof
from privacy.disposal.relations import Leaving, inbound, settle
from privacy.disposal.removal import ExpiryReport, delete_rows, remove
from privacy.disposal.rereading import Reread, Residue, require_empty

__all__ = ["Outcome", "Residue", "StepDone", "erase"]


_READ_ALONE = 1_000_000
_STILL_THERE = "rows were still there after they were deleted"

#: What is to do, with the rows it is done to.
Steps = Sequence[tuple[Step, QuerySet[Any]]]


@dataclass(frozen=True, slots=True)
class StepDone:
    """What one step did to the batch."""

    model: str
    action: str
    rows: int
    files: int


@dataclass(slots=True)
class Outcome:
    """What erasing a batch did, added up step by step."""

    batch: uuid.UUID
    proof: Proof = field(default_factory=Proof)
    steps: list[StepDone] = field(default_factory=list)
    kept: list[KeptRows] = field(default_factory=list)
    unread: list[Reread] = field(default_factory=list)
    cut: set[tuple[type[Model], str]] = field(default_factory=set)

    @property
    def rows(self) -> int:
        return sum(step.rows for step in self.steps)

    def read_back(self, people: int) -> None:
        """What was done since the last time must be gone.

        Raises:
            Residue: by name of model and field.
        """
        require_empty(self.unread, people=people)
        self.unread.clear()

    def cleared(self, step: Step) -> set[ForeignKey[Any, Any]]:
        """Foreign keys to the rows of ``step`` along which nothing is left: those rows went, or lost this link."""
        path = step.side.path
        return {
            field
            for field in inbound(step.declared.model)
            if step.side.kind == "user" and (field.model, f"{field.name}__{path}" if path else field.name) in self.cut
        }


def erase(
    *,
    subjects: Subjects,
    batch: uuid.UUID,
    now: datetime,
    using: str,
    spared: Spared | None = None,
    by_commit: bool = False,
) -> Outcome:
    """Destroy what the declarations say of these people, and verify it; ``spared`` rows are held, and stay whole.

    The caller holds a transaction with a savepoint: any error undoes the whole batch. Rows in other databases are
    written down by key before anything goes that leads to them, and follow after the commit (``elsewhere``).

    Args:
        by_commit: a commit that the database refuses is followed by another attempt, which finds out and tells why.

    Raises:
        StillPointedAt, Residue, SentinelMissing: by name of model and field.
        django.db.Error: what the database itself refused.
    """
    plan_quickly(using)
    # A statement that leaves out what is held is long enough by itself: each is read back alone.
    people = len(subjects.keys) if spared is None else _READ_ALONE
    steps = [(step, _rows(step, subjects, spared)) for step in route() if not step.elsewhere]
    # What is held stays along any link, and what was left of an account that is gone already is refused by nobody.
    provable = spared is None and subjects.accounts == len(subjects.keys)
    proof = Proof([step for step, _ in steps], using=using, by_commit=by_commit) if provable else Proof()
    outcome = Outcome(batch, proof)
    sweeping.queue_caches(subjects, batch=batch, now=now)
    for step in elsewhere.steps() if spared is None else ():  # they wait for the release
        rows = step.rows(subjects)
        outcome.kept.extend(kept_rows(step, rows, now))
        elsewhere.note(step, rows, batch=batch)
    together = _rows_of_circles(steps, batch=batch)
    for step, its_rows in steps:
        if any(reread.needs(step.declared.model) for reread in outcome.unread):
            outcome.read_back(people)
        rows = together.get(step.place, its_rows)
        if step.action == "delete":
            done = _delete(step, rows, outcome, now, leaving=partial(_of, together))
        else:
            done = _mask(step, rows, outcome, now)
        outcome.steps.extend(item for item in done if item.rows or item.files)
        if spared:  # held rows stay along any link
            outcome.cut.clear()
    outcome.read_back(people)
    _reread_links(steps, outcome, people)
    settle(using)
    capture.release(batch, but=[step.place for step in elsewhere.steps()])
    return outcome


def _rows_of_circles(steps: Steps, *, batch: uuid.UUID) -> dict[str, QuerySet[Any]]:
    """Rows that are reached through each other, by key: the first to go would take the others' path along."""
    found = {}
    for step, rows in steps:
        if step.circular and step.action == "delete":
            capture.keys(rows, batch=batch, place=step.place)
            found[step.place] = capture.read(step.declared.model, batch=batch, place=step.place, using=rows.db)
    return found


def _of(rows: dict[str, QuerySet[Any]], model: type[Model]) -> list[QuerySet[Any]]:
    return [going for going in rows.values() if going.model is model]


def _delete(step: Step, rows: QuerySet[Any], outcome: Outcome, now: datetime, *, leaving: Leaving) -> list[StepDone]:
    files = sweeping.queue(step, rows, batch=outcome.batch, now=now)
    deleted = delete_rows(
        step.declared.model,
        rows,
        hooks=step.declared.data.hooks,
        leaving=leaving,
        cleared=outcome.cleared(step),
    )
    # What is found by a value of its own is read back at the end.
    if (not step.by_value or step.circular) and not outcome.proof.covers(step):
        outcome.unread.append(Reread(rows, step.declared.label, _STILL_THERE, step.through))
    if step.side.kind == "user" and not step.circular:
        outcome.cut.add((step.declared.model, step.side.path))
    return [StepDone(step.declared.label, step.action, deleted, files)]


def _mask(step: Step, rows: QuerySet[Any], outcome: Outcome, now: datetime) -> list[StepDone]:
    model, label = step.declared.model, step.declared.label
    erasure = step.side.erasure if isinstance(step.side.erasure, Anonymise) else Anonymise()
    files = sweeping.queue(step, rows, batch=outcome.batch, now=now)
    place = step.place
    captured = capture.keys(rows, batch=outcome.batch, place=place)
    if not captured:
        return [StepDone(label, step.action, 0, files)]
    outcome.kept.extend(kept_rows(step, rows, now))
    again = capture.read(model, batch=outcome.batch, place=place, using=rows.db)
    values = _cutting(step, mask_values(model, erasure, rows.db))
    if values:
        rows.update(**values)
        problem = "the value was still there after it was anonymised"
        which = partial(_which, label, again, values)
        outcome.unread.append(Reread(again.filter(unmasked(values)), label, problem, step.through, which))
    if step.side.direct_field is not None and step.side.direct_field.name in values:
        outcome.cut.add((model, step.side.path))
    ended = _end_grounds(step, again, outcome, now)
    return [
        StepDone(label, step.action, captured - ended.rows, files),
        StepDone(label, "delete", ended.rows, ended.files),
    ]


def _which(label: str, again: QuerySet[Any], values: Mapping[str, Any]) -> str:
    left = (name for name, value in values.items() if again.filter(unmasked({name: value})).exists())
    return f"{label}.{next(left, '')}".rstrip(".")


def _end_grounds(step: Step, captured: QuerySet[Any], outcome: Outcome, now: datetime) -> ExpiryReport:
    """What no ground keeps any more does not wait for the night: its row goes, or its field is emptied."""
    report = ExpiryReport()
    declared = step.declared
    if not declared.keeps:
        return report
    nobodys = left_behind(declared).filter(pk__in=captured.values("pk"))
    for keep in declared.keeps:
        cutoff = keep.period.cutoff(now, settings.calendar)
        if blank := emptied(declared, keep):
            nobodys.filter(**{f"{keep.start}__lte": cutoff}).update(**blank)
    over = nobodys.filter(every_ground_ended(declared, now))
    remove(declared.model, over, report, now=now, hooks=declared.data.hooks, batch=outcome.batch)
    return report


def _cutting(step: Step, values: dict[str, Any]) -> dict[str, Any]:
    link = step.side.direct_field
    if link is not None and link.null and link.name not in values:
        return {**values, link.name: None}
    return values


def _rows(step: Step, subjects: Subjects, spared: Spared | None) -> QuerySet[Any]:
    rows = step.rows(subjects)
    return spared.without(step.declared, rows) if spared else rows


def _reread_links(steps: Steps, outcome: Outcome, people: int) -> None:
    """No row may hold the person any more, whichever step should have cut that link."""
    asked = [_linked(step, rows) for step, rows in steps if step.by_value and not outcome.proof.covers(step)]
    require_empty(asked, people=people)


def _linked(step: Step, rows: QuerySet[Any]) -> Reread:
    if step.action == "delete":
        return Reread(rows, step.declared.label, _STILL_THERE)
    assert step.side.direct_field is not None
    return Reread(rows, f"{step.declared.label}.{step.side.direct_field.name}", "rows were still linked at the end")
