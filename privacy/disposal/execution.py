"""Carry out the plan for a batch of people inside the caller's transaction, and read it back.

Each step is one DELETE or UPDATE over a sub-select. A step is done when a re-read finds nothing:
for deleted rows by the link, for anonymised rows by the keys captured before the link was cut.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from privacy.core.addresses import shorten
from privacy.core.batches import keyset
from privacy.core.errors import PrivacyError
from privacy.datamap.declarations import Anonymise, Sentinel, Shorten
from privacy.datamap.graph import Subjects
from privacy.disposal import capture, sweeping
from privacy.disposal.plan import KeptRows, Step, kept_rows, route
from privacy.disposal.relations import clear_the_way, settle

_HOOKED_CHUNK = 200


class Residue(PrivacyError):
    """Rows or values of the person were still there when the step was read back."""


class SentinelMissing(PrivacyError):
    """The row that should stand in for the erased person does not exist."""


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
    steps: list[StepDone] = field(default_factory=list)
    kept: list[KeptRows] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(step.rows for step in self.steps)


def erase(*, subjects: Subjects, batch: uuid.UUID, now: datetime, using: str) -> Outcome:
    """Destroy what the declarations say of these people, and verify it.

    The caller holds a transaction with a savepoint: any error undoes the whole batch.

    Raises:
        StillPointedAt, Residue, SentinelMissing: by name of model and field.
        django.db.Error: what the database itself refused.
    """
    outcome = Outcome(batch)
    sweeping.queue_caches(subjects, batch=batch, now=now)
    for step in route():
        rows = step.rows(subjects)
        outcome.kept.extend(kept_rows(step, rows))
        done = _delete(step, rows, outcome, now) if step.action == "delete" else _mask(step, rows, outcome, now)
        if done.rows or done.files:
            outcome.steps.append(done)
    _reread_links(subjects)
    settle(using)
    capture.release(batch)
    return outcome


def delete_rows(model: type[models.Model], rows: QuerySet[Any], *, hooks: bool = False) -> int:
    """Delete ``rows`` in one statement once nothing points at them; with ``hooks``, one by one.

    Raises:
        StillPointedAt: a row outside the plan points at one of them; ``Model.delete()`` would take it along.
    """
    clear_the_way(model, rows)
    if hooks:
        everything: QuerySet[Any] = QuerySet(model, using=rows.db)
        return sum(
            row.delete()[0] > 0 for keys in keyset(rows, _HOOKED_CHUNK) for row in everything.filter(pk__in=keys)
        )
    return rows._raw_delete(rows.db) or 0


def mask_values(model: type[models.Model], erasure: Anonymise, using: str) -> dict[str, Any]:
    """The values an ``Anonymise`` writes, ready for ``update``."""
    return {name: _resolved(model, name, value, using) for name, value in erasure.values.items()}


def unmasked(values: Mapping[str, Any]) -> Q:
    """Rows in which at least one value is not what the mask writes."""
    condition = Q()
    for name, value in values.items():
        filled = Q(**{f"{name}__isnull": False})
        # An expression of an empty column is empty too: there is nothing left to mask.
        other = filled & ~Q(**{name: value}) if hasattr(value, "resolve_expression") else ~Q(**{name: value})
        condition |= filled if value is None else other
    return condition


def _delete(step: Step, rows: QuerySet[Any], outcome: Outcome, now: datetime) -> StepDone:
    files = sweeping.queue(step, rows, batch=outcome.batch, now=now)
    deleted = delete_rows(step.declared.model, rows, hooks=step.declared.data.hooks)
    if rows.exists():
        raise _residue(step.declared.label, "rows were still there after they were deleted")
    return StepDone(step.declared.label, step.action, deleted, files)


def _mask(step: Step, rows: QuerySet[Any], outcome: Outcome, now: datetime) -> StepDone:
    model, label = step.declared.model, step.declared.label
    erasure = step.side.erasure if isinstance(step.side.erasure, Anonymise) else Anonymise()
    files = sweeping.queue(step, rows, batch=outcome.batch, now=now)
    place = f"{label}:{step.side.name}"
    captured = capture.keys(rows, batch=outcome.batch, place=place)
    if not captured:
        return StepDone(label, step.action, 0, files)
    values = _cutting(step, mask_values(model, erasure, rows.db))
    if values:
        rows.update(**values)
        for name, value in values.items():
            again = capture.read(model, batch=outcome.batch, place=place, using=rows.db)
            if again.filter(unmasked({name: value})).exists():
                raise _residue(f"{label}.{name}", "the value was still there after it was anonymised")
    return StepDone(label, step.action, captured, files)


def _cutting(step: Step, values: dict[str, Any]) -> dict[str, Any]:
    link = step.side.direct_field
    if link is not None and link.null and link.name not in values:
        return {**values, link.name: None}
    return values


def _reread_links(subjects: Subjects) -> None:
    """No row may be linked to the person any more, whichever step should have cut it."""
    for step in route():
        if step.side.direct_field is not None and step.rows(subjects).exists():
            raise _residue(f"{step.declared.label}.{step.side.direct_field.name}", "rows were still linked at the end")


def _resolved(model: type[models.Model], name: str, value: Any, using: str) -> Any:
    if isinstance(value, Shorten):
        return shorten(name, value.v4, value.v6)
    if isinstance(value, Sentinel):
        related = model._meta.get_field(name).related_model
        stand_in = related._base_manager.using(using).filter(**value.lookup).values_list("pk", flat=True).first()  # type: ignore[union-attr]
        if stand_in is None:
            raise SentinelMissing(
                field=f"{model._meta.label}.{name}",
                problem="the row that stands in for erased people does not exist",
                mend="Create it, or name another in the declaration",
            )
        return stand_in
    return value


def _residue(place: str, problem: str) -> Residue:
    return Residue(
        field=place, problem=problem, mend="Look for a trigger, signal or second process that writes it back"
    )
