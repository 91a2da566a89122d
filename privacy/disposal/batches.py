"""Many accounts at a time: cut off, destroyed and finished in batches, by night or from a list.

Each move of a batch commits by itself and is found in its rows, so a crash at any line is repaired by the
next run, and two runs at once share the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet

from privacy.core.actors import Actor
from privacy.core.among import Among
from privacy.core.batches import keyset
from privacy.core.conf import settings
from privacy.core.pacing import Pace
from privacy.disposal import closing, destroying
from privacy.disposal.ahead import Ahead, lock_to_erase, read_ahead
from privacy.disposal.finishing import follow_up
from privacy.disposal.holds import stopping as keeping
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure
from privacy.disposal.opening import open_many, still_closed
from privacy.disposal.queries import rules

Progress = Callable[[dict[str, int]], None]


def run_closures(
    *, now: datetime, horizon: datetime, actor: Actor, dry_run: bool = False, progress: Progress | None = None
) -> dict[str, int]:
    """Destroy every account whose date falls before ``horizon``, and retry what was left before.

    Queries grow with models times batches.

    Returns:
        ``accounts`` to destroy (or destroyed), ``partial`` left over, ``reopened`` and taken back, and ``held``
        ones where a legal hold stopped any.
    """
    due = Closure.objects.due(horizon)
    counts = {"accounts": 0, "partial": 0, "reopened": 0}
    if dry_run:
        # An account that is erased already and waits for a file or a store takes nobody away a second time.
        return {**counts, "accounts": keeping.not_named(due.unerased()).count() + keeping.freed(horizon)}
    pace = _pace()
    # What a released hold set free comes behind what was due anyway, by its own date.
    for keys in chain(keyset(due, pace.size), keeping.wake(horizon=horizon, size=pace.size)):
        ahead = read_ahead(keys)
        with pace.turn(len(keys)):
            erased = _erase(keys, counts, ahead, now=now, actor=actor)
        _finish(keys, counts, erased, now=now, actor=actor)
        if progress:
            progress(counts)
    return counts


def close_accounts(
    *, users: QuerySet[Any], mandate: Mandate, now: datetime, actor: Actor, progress: Progress | None = None
) -> dict[str, int]:
    """Close many accounts, in batches: the rules and the retries of ``run_closures`` hold.

    Returns:
        ``accounts`` destroyed, ``partial`` ones, ``scheduled`` where the policy gives them time, and
        ``reopened`` ones, whose earlier closure was taken back; ``held`` ones where a legal hold stopped any.

    Raises:
        MandateTooWeak: the policy demands more before an account is removed.
    """
    mandate.require(rules())
    counts = {"accounts": 0, "partial": 0, "reopened": 0, "scheduled": 0}
    pace = _pace()
    for keys in keyset(users, pace.size):
        with pace.turn(len(keys)):
            due = _open(keys, counts, mandate, now=now, actor=actor)
            erased = _erase(due, counts, None, now=now, actor=actor)
        _finish(due, counts, erased, now=now, actor=actor)
        if progress:
            progress(counts)
    return counts


def run_batch(keys: Sequence[UUID], counts: dict[str, int], *, now: datetime, actor: Actor) -> None:
    """Cut off, destroy and finish the closures with these ids; ``counts`` grows by what became of them."""
    erased = _erase(keys, counts, None, now=now, actor=actor)
    _finish(keys, counts, erased, now=now, actor=actor)


def _open(users: Sequence[Any], counts: dict[str, int], mandate: Mandate, *, now: datetime, actor: Actor) -> list[UUID]:
    """Open a closure for each of these people, or take up the one there is; gives those that are due."""
    with transaction.atomic(using=closing.using()):
        mine = Closure.objects.unfinished().unerased().filter(Among("subject_key", [str(key) for key in users]))
        # Before new ones are opened: their accounts are still active, and only because nobody locked them yet.
        reopened = closing.lock(mine.filter(status=Closure.Status.SCHEDULED), wait=True)
        still_closed(reopened, now=now, actor=actor)
        open_many([(key, now) for key in users], mandate, now=now)
        waiting = list(mine.filter(due_at__gt=now))
        closing.lock_out(waiting, now=now, for_good=False)
    counts["scheduled"] += len(waiting)
    return list(mine.filter(due_at__lte=now).values_list("pk", flat=True))


def _erase(
    keys: Sequence[UUID], counts: dict[str, int], ahead: Ahead | None, *, now: datetime, actor: Actor
) -> list[Closure]:
    """Cut off and destroy in the database, in a few transactions; what another run holds is left to it.

    Each closure is read once, and handed on: reading it costs more than erasing what it speaks of.
    """
    with transaction.atomic(using=closing.using()):
        locked = lock_to_erase(keys, ahead)
        closed = still_closed(locked, now=now, actor=actor)
        again = {closure.pk for closure in closed if closure.cut_off_at is not None}
        closing.cut_off(closed, now=now)
    counts["reopened"] += len(locked) - len(closed)
    return destroying.destroy_many(closed, again=again, now=now, actor=actor)


def _finish(
    keys: Sequence[UUID], counts: dict[str, int], erased: Sequence[Closure], *, now: datetime, actor: Actor
) -> None:
    """Files, caches and stores: however slow they are, the database is free meanwhile."""
    finished = follow_up(keys, erased, now=now, actor=actor)
    counts["accounts"] += finished
    if finished == len(keys):
        return
    became = dict(Closure.objects.these(keys).order_by().values_list("status").annotate(Count("pk")))
    counts["partial"] += became.get(Closure.Status.PARTIAL, 0)
    if held := became.get(Closure.Status.HELD, 0):
        counts["held"] = counts.get("held", 0) + held


def _pace() -> Pace:
    return Pace(closing.using(), settings.batch_size)
