"""After the commit of an erasure: files, caches and external stores; then the closure is done, or says why not."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from privacy.core.actors import Actor
from privacy.core.among import Among
from privacy.disposal import elsewhere, receipts, sweeping
from privacy.disposal.claims import held
from privacy.disposal.closing import Closures, lock_again, using, write
from privacy.disposal.models import Closure, Sweep
from privacy.disposal.queries import account_row_goes
from privacy.disposal.querysets import ClosureQuerySet, SweepQuerySet
from privacy.evidence.services import record


def follow_up(keys: Sequence[uuid.UUID], *, now: datetime, actor: Actor) -> int:
    """Remove what the erased accounts among ``keys`` left outside the database, and finish them.

    Two runs at once share the files; a closure whose files another run still holds is left to that run. Only the
    first to come back finishes a closure, so its evidence is written once.

    Returns:
        How many closures this call finished.
    """
    erased = list(_unfinished(keys))
    if not erased:
        return 0
    left = elsewhere.carry_out(erased, now=now, actor=actor)
    # A file that a row of another database still names is no file to remove; that batch's wait with the row.
    sweeping.sweep(_sweeps_of(closure for closure in erased if closure.batch not in left))
    receipts.ask_stores(erased, now=now, actor=actor)
    with transaction.atomic(using=using()):
        return _finish(lock_again(erased, _unfinished(keys), wait=True), left, now=now, actor=actor)


def _unfinished(keys: Sequence[uuid.UUID]) -> ClosureQuerySet:
    return Closure.objects.unfinished().erased().these(keys)


def _finish(
    closures: Closures, elsewhere_left: dict[uuid.UUID | None, list[str]], *, now: datetime, actor: Actor
) -> int:
    busy = _held_by_others(closures)
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
        write(done, status=Closure.Status.DONE, errors=[], finished_at=now)
        _forget_keys(done)
        # Whoever closed their own account is gone: an entry that names them now would be the last trace of them.
        who = Actor.system("closure") if actor.kind == "member" else actor
        record(act="disposal.finished", label="privacy.Closure", counts={"accounts": len(done)}, now=now, actor=who)
    return len(done)


def _forget_keys(closures: Closures) -> None:
    """A finished closure knows nobody; nor does one that the same person took back before.

    Where the account's row stays, made anonymous, its key stays too: the closure keeps it from being taken over again.
    """
    if not account_row_goes():
        return
    keys = [closure.subject_key for closure in closures]
    at_rest = Closure.objects.filter(status__in=(Closure.Status.DONE, Closure.Status.CANCELLED))
    at_rest.filter(Among("subject_key", keys)).update(subject_key="")
    for closure in closures:
        closure.subject_key = ""


def _sweeps_of(closures: Iterable[Closure]) -> SweepQuerySet:
    return Sweep.objects.filter(batch__in={closure.batch for closure in closures})


def _held_by_others(closures: Closures) -> set[uuid.UUID]:
    """Closures of which another run removes files at this moment; it finishes them, or else the next night does."""
    rows = _sweeps_of(closures).filter(held()).values_list("subject_key", "batch")
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
