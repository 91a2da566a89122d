"""After the commit of an erasure: files, caches and external stores; then the closure is done, or says why not."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from privacy.core.actors import Actor
from privacy.core.among import Among
from privacy.datamap.registry import registry
from privacy.disposal import elsewhere, receipts, sweeping
from privacy.disposal.claims import held
from privacy.disposal.closing import Closures, lock_again, using, write
from privacy.disposal.models import Closure, Sweep
from privacy.disposal.queries import account_row_goes
from privacy.disposal.querysets import ClosureQuerySet, SweepQuerySet
from privacy.evidence.services import record


def follow_up(keys: Sequence[uuid.UUID], read: Closures = (), *, now: datetime, actor: Actor) -> int:
    """Remove what the erased accounts among ``keys`` left outside the database, and finish them.

    Two runs at once share the files; a closure whose files another run still holds is left to that run. Only the
    first to come back finishes a closure, so its evidence is written once.

    Args:
        read: those of them whose rows the caller knows as they are.

    Returns:
        How many closures this call finished, and of ``read`` were finished when they were erased.
    """
    at_once = {closure.pk for closure in read if closure.status == Closure.Status.DONE}
    keys = [key for key in keys if key not in at_once]
    erased = _erased(keys, read) if keys else []
    if not erased:
        return len(at_once)
    left = elsewhere.carry_out(erased, now=now, actor=actor)
    # A file that a row of another database still names is no file to remove; that batch's wait with the row.
    sweeping.sweep(_sweeps_of(closure for closure in erased if closure.batch not in left))
    receipts.ask_stores(erased, now=now, actor=actor)
    with transaction.atomic(using=using()):
        return len(at_once) + _finish(lock_again(erased, _unfinished(), wait=True), left, now=now, actor=actor)


def anything_outside(batch: uuid.UUID) -> bool:
    """Whether people erased in this batch left, or may have left, anything outside their database."""
    return bool(registry.stores() or elsewhere.steps()) or Sweep.objects.filter(batch=batch).exists()


def at_rest(closures: Closures, *, now: datetime, actor: Actor) -> dict[str, Any]:
    """What to write on closures that are done; their evidence is written, and what else named the person forgets it."""
    # Whoever closed their own account is gone: an entry that names them now would be the last trace of them.
    who = Actor.system("closure") if actor.kind == "member" else actor
    record(act="disposal.finished", label="privacy.Closure", counts={"accounts": len(closures)}, now=now, actor=who)
    become = {"status": Closure.Status.DONE, "errors": [], "finished_at": now}
    if not account_row_goes():
        return become
    _forget_keys([closure.subject_key for closure in closures])
    return {**become, "subject_key": ""}


def _erased(keys: Sequence[uuid.UUID], read: Closures) -> list[Closure]:
    there = set(_unfinished().these(keys).order_by().values_list("pk", flat=True))
    known = [closure for closure in read if closure.pk in there]
    others = there.difference(closure.pk for closure in known)
    return [*known, *_unfinished().these(list(others))] if others else known


def _unfinished() -> ClosureQuerySet:
    return Closure.objects.unfinished().erased()


def _finish(
    closures: Closures, elsewhere_left: dict[uuid.UUID | None, list[str]], *, now: datetime, actor: Actor
) -> int:
    busy = _held_by_others(closures, elsewhere_left)
    closures = [closure for closure in closures if closure.pk not in busy]
    unconfirmed = receipts.reasons(closures)
    left_by_key, left_by_batch = _left(closures)
    done: list[Closure] = []
    partial: list[Closure] = []
    for closure in closures:
        left = left_by_key.get(closure.subject_key, []) + left_by_batch.get(closure.batch, [])
        left += elsewhere_left.get(closure.batch, [])
        closure.errors = [*unconfirmed.get(closure.pk, []), *sorted(set(left))]
        (partial if closure.errors else done).append(closure)
    for closure in partial:
        closure.status = Closure.Status.PARTIAL
        closure.attempts += 1
    if partial:
        Closure.objects.bulk_update(partial, ["status", "errors", "attempts"], batch_size=500)
    if done:
        write(done, **at_rest(done, now=now, actor=actor))
    return len(done)


def _forget_keys(keys: Sequence[str]) -> None:
    """A finished closure knows nobody; nor does one that the same person took back before.

    Where the account's row stays, made anonymous, its key stays too: the closure keeps it from being taken over again.
    """
    finished = Closure.objects.filter(status__in=(Closure.Status.DONE, Closure.Status.CANCELLED))
    earlier = list(finished.filter(Among("subject_key", keys)).values_list("pk", flat=True))
    if earlier:
        finished.these(earlier).update(subject_key="")


def _sweeps_of(closures: Iterable[Closure]) -> SweepQuerySet:
    return Sweep.objects.filter(batch__in={closure.batch for closure in closures})


def _held_by_others(closures: Closures, unswept: Collection[uuid.UUID | None]) -> set[uuid.UUID]:
    """Closures of which another run removes files at this moment; it finishes them, or else the next night does.

    What this run got no hold of, and nobody has tried, is in the hands of a run whose claim is not committed yet.

    Args:
        unswept: batches that this run left alone.
    """
    untried = Q(attempts=0, error="") & ~Q(batch__in=[batch for batch in unswept if batch])
    rows = _sweeps_of(closures).filter(held() | untried).values_list("subject_key", "batch")
    theirs = {(key, batch) for key, batch in rows}
    return {
        closure.pk
        for closure in closures
        if not theirs.isdisjoint({(closure.subject_key, closure.batch), ("", closure.batch)})
    }


def _left(closures: Closures) -> tuple[dict[str, list[str]], dict[uuid.UUID | None, list[str]]]:
    """What could not be swept, by person where the row tells whose it was, else by batch."""
    by_key: dict[str, list[str]] = {}
    by_batch: dict[uuid.UUID | None, list[str]] = {}
    left = _sweeps_of(closures).values_list("subject_key", "batch", "kind", "place", "error")
    for key, batch, kind, place, error in left.iterator():
        reason = f"{place}: a {kind} could not be removed ({error or 'not tried yet'})"
        if key:
            by_key.setdefault(key, []).append(reason)
        else:
            by_batch.setdefault(batch, []).append(reason)
    return by_key, by_batch
