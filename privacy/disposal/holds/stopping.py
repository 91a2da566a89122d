"""Closures that a legal hold stops: what may go goes, the rest stays with the row of its person, and is told."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet

from privacy.core.actors import Actor
from privacy.core.batches import keyset
from privacy.datamap import graph
from privacy.datamap.graph import Declared, Subjects
from privacy.disposal import sweeping
from privacy.disposal.closing import Closures, lock, people, using
from privacy.disposal.execution import Outcome, erase
from privacy.disposal.holds import HoldFact, InForce, in_force
from privacy.disposal.holds.sparing import Spared
from privacy.disposal.journal import closures as journalling
from privacy.disposal.models import Closure, Hold, Sweep
from privacy.disposal.plan import KeptRows, Step, route
from privacy.disposal.querysets import ClosureQuerySet
from privacy.evidence.services import record


def set_held_aside(closures: Closures, *, now: datetime, actor: Actor) -> Closures:
    """Those of these closures that no hold stops; the others become *held*, and lose what no hold covers.

    One query while nothing is held anywhere. Call it in the transaction that destroys, behind the lock on the
    closures: a hold is placed behind that lock, too.
    """
    holds = in_force(also_released_of=[closure.subject_key for closure in closures])
    if holds.released_too:
        Hold.objects.filter(released_at__isnull=False, subject_key__in=_keys(closures)).update(subject_key="")
    if not holds:
        return closures
    spared = Spared(holds)
    stopped = held_among(_keys(closures), spared)
    held = [closure for closure in closures if closure.subject_key in stopped]
    if held:
        _hold(held, spared, now=now, actor=actor)
    return [closure for closure in closures if closure.subject_key not in stopped]


def held_among(keys: Sequence[str], spared: Spared) -> set[str]:
    """Those of these people (``str(pk)``) of whom a hold keeps anything.

    One query a step; where rows do not tell whose they are, two for each person of whom something is held.
    """
    stopped = spared.holds.people.intersection(keys)
    rest = [key for key in keys if key not in stopped]
    found = set(stopped)
    for step in route() if rest else ():
        if spared.condition(step.declared) is None:
            continue
        owner = step.owner()
        if owner is None:
            found.update(_whose(step, [key for key in rest if key not in found], spared))
        else:
            rows = spared.among(step.declared, step.rows(Subjects.of(rest)))
            found.update(map(str, rows.order_by().annotate(_owner=owner).values_list("_owner", flat=True).distinct()))
    return found.intersection(keys)


def holds_on(subjects: Subjects) -> tuple[tuple[HoldFact, ...], Spared | None]:
    """The holds that keep anything of these people, and the rows that stay; nothing where they are free to go."""
    holds = in_force()
    keys = [str(key) for key in subjects.keys]
    stopped = held_among(keys, Spared(holds)) if holds else set()
    if not stopped:
        return (), None
    named = tuple(fact for fact in holds.facts if not fact.key or fact.key in keys)
    return named or holds.facts, Spared(holds, accounts=stopped)


def held_rows(subjects: Subjects, spared: Spared) -> Iterator[KeptRows]:
    """What of these people stays, one line a model; one query a model that a hold reaches."""
    keys = [str(key) for key in subjects.keys]
    wholly = spared.holds.wholly.issuperset(keys)
    for declared in graph.declared():
        if not declared.sides or (not wholly and spared.condition(declared) is None):
            continue
        mine = Q()
        for side in declared.sides:
            mine |= Q(pk__in=declared.rows(side, subjects).order_by().values("pk"))
        rows: QuerySet[Any] = QuerySet(declared.model, using=declared.using).filter(mine)
        if count := (rows if wholly else spared.among(declared, rows)).count():
            yield _line(declared, count, keys, spared.holds)


def without_named(by_key: dict[str, Closure]) -> dict[str, Closure]:
    """Those whom no hold names in whole; one query."""
    wholly = in_force().wholly
    return {key: closure for key, closure in by_key.items() if key not in wholly}


def not_named(closures: ClosureQuerySet) -> ClosureQuerySet:
    """Those whose person no hold names."""
    named = in_force().people
    return closures.exclude(subject_key__in=named) if named else closures


def wake(*, horizon: datetime, size: int | Callable[[], int]) -> Iterator[list[uuid.UUID]]:
    """Held closures that a change of the holds may have set free, in batches; they are cut off again, and due.

    Args:
        horizon: their own date is the original one: what was never due before stays.
        size: closures a batch.
    """
    fingerprint = in_force().fingerprint
    waiting = Closure.objects.held().filter(due_at__lte=horizon).exclude(held_by=fingerprint)
    for keys in keyset(waiting, size):
        with transaction.atomic(using=using()):
            again = [closure.pk for closure in lock(waiting.filter(pk__in=keys), wait=False)]
            Closure.objects.filter(pk__in=again).update(status=Closure.Status.CUT_OFF)
        yield again


def freed(horizon: datetime) -> int:
    """How many held closures the next run would finish: nothing of theirs is held any more."""
    holds = in_force()
    waiting = Closure.objects.held().filter(due_at__lte=horizon).exclude(held_by=holds.fingerprint)
    if not holds:
        return waiting.count()
    spared, count = Spared(holds), 0
    for keys in keyset(waiting, 500):
        subjects = list(Closure.objects.filter(pk__in=keys).values_list("subject_key", flat=True))
        count += len(subjects) - len(held_among(subjects, spared))
    return count


def _hold(closures: Closures, spared: Spared, *, now: datetime, actor: Actor) -> None:
    batch = uuid.uuid4()
    outcome = Outcome(batch)
    spared = Spared(spared.holds, accounts=_keys(closures))
    partly = [closure for closure in closures if closure.subject_key not in spared.holds.wholly]
    if partly:
        outcome = erase(subjects=people(partly), batch=batch, now=now, using=using(), spared=spared)
        transaction.on_commit(partial(sweeping.sweep, Sweep.objects.filter(batch=batch)), using=using())
    kept = [line.as_row() for line in (*outcome.kept, *held_rows(people(closures), spared))]
    steps = [asdict(step) for step in outcome.steps]
    fresh = [closure for closure in closures if not closure.held_by]
    for closure in closures:
        closure.status = Closure.Status.HELD
        closure.batch = batch
        closure.errors = []
        closure.kept = [row for row in closure.kept if not row.get("review_at")] + kept
        closure.held_by = spared.holds.fingerprint
        if closure in partly:
            closure.steps = added(closure.steps, steps)
    journalling.held(closures, now=now)
    fields = ["status", "batch", "errors", "kept", "held_by", "steps"]
    Closure.objects.bulk_update(closures, fields, batch_size=500)
    if fresh or steps:
        counts = {"accounts": len(fresh), "rows": outcome.rows, "files": sum(step.files for step in outcome.steps)}
        label = get_user_model()._meta.label
        who = Actor.system("closure") if actor.kind == "member" else actor
        record(act="disposal.held", label=label, counts=counts, now=now, actor=who)


def added(before: list[dict[str, Any]], steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps of two runs of one closure as one list: the first went while a hold stopped the rest."""
    if not before:
        return steps
    found = {(step["model"], step["action"]): dict(step) for step in before}
    for step in steps:
        known = found.setdefault((step["model"], step["action"]), {**step, "rows": 0, "files": 0})
        known["rows"] += step["rows"]
        known["files"] += step["files"]
    return list(found.values())


def _line(declared: Declared, rows: int, keys: Sequence[str], holds: InForce) -> KeptRows:
    about = holds.about(keys, declared.category)
    return KeptRows(
        model=declared.label,
        rows=rows,
        ground=", ".join(sorted({fact.ground for fact in about})),
        until=max(fact.ends_at for fact in about),
        review_at=min(fact.review_at for fact in about),
    )


def _whose(step: Step, keys: Sequence[str], spared: Spared) -> Iterator[str]:
    """Halve until it is known whose rows are held."""
    if not keys or not spared.among(step.declared, step.rows(Subjects.of(keys))).exists():
        return
    if len(keys) == 1:
        yield keys[0]
        return
    middle = len(keys) // 2
    yield from _whose(step, keys[:middle], spared)
    yield from _whose(step, keys[middle:], spared)


def _keys(closures: Closures) -> list[str]:
    return [closure.subject_key for closure in closures]
