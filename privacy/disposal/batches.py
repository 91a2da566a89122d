"""Many accounts at a time: cut off, destroyed and finished in batches, by night or from a list.

Each move of a batch commits by itself and is found in its rows, so a crash at any line is repaired by the
next run, and two runs at once share the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Count, QuerySet

from privacy.core.actors import Actor
from privacy.core.among import Among
from privacy.core.batches import keyset
from privacy.core.conf import settings
from privacy.disposal import closing, destroying
from privacy.disposal.finishing import follow_up
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure
from privacy.disposal.opening import open_many, still_closed
from privacy.disposal.queries import rules

Progress = Callable[[dict[str, int]], None]
_SQLITE_BATCH = 100


def run_closures(
    *, now: datetime, horizon: datetime, actor: Actor, dry_run: bool = False, progress: Progress | None = None
) -> dict[str, int]:
    """Destroy every account whose date falls before ``horizon``, and retry what was left before.

    Queries grow with models times batches.

    Returns:
        ``accounts`` to destroy (or destroyed), ``partial`` left over, ``reopened`` and taken back.
    """
    due = Closure.objects.due(horizon)
    counts = {"accounts": 0, "partial": 0, "reopened": 0}
    if dry_run:
        # An account that is erased already and waits for a file or a store takes nobody away a second time.
        return {**counts, "accounts": due.unerased().count()}
    for keys in keyset(due, _batch_size()):
        run_batch(keys, counts, now=now, actor=actor)
        if progress:
            progress(counts)
    return counts


def close_accounts(
    *, users: QuerySet[Any], mandate: Mandate, now: datetime, actor: Actor, progress: Progress | None = None
) -> dict[str, int]:
    """Close many accounts, in batches: the rules and the retries of ``run_closures`` hold.

    Returns:
        ``accounts`` destroyed, ``partial`` ones, ``scheduled`` where the policy gives them time, and
        ``reopened`` ones, whose earlier closure was taken back.

    Raises:
        MandateTooWeak: the policy demands more before an account is removed.
    """
    mandate.require(rules())
    counts = {"accounts": 0, "partial": 0, "reopened": 0, "scheduled": 0}
    for keys in keyset(users, _batch_size()):
        with transaction.atomic(using=closing.using()):
            mine = Closure.objects.unfinished().unerased().filter(Among("subject_key", [str(key) for key in keys]))
            # Before new ones are opened: their accounts are still active, and only because nobody locked them yet.
            reopened = closing.lock(mine.filter(status=Closure.Status.SCHEDULED), wait=True)
            still_closed(reopened, now=now, actor=actor)
            open_many([(key, now) for key in keys], mandate, now=now)
            waiting = list(mine.filter(due_at__gt=now))
            closing.lock_out(waiting, now=now, for_good=False)
        counts["scheduled"] += len(waiting)
        run_batch(list(mine.filter(due_at__lte=now).values_list("pk", flat=True)), counts, now=now, actor=actor)
        if progress:
            progress(counts)
    return counts


def run_batch(keys: Sequence[UUID], counts: dict[str, int], *, now: datetime, actor: Actor) -> None:
    """Cut off, destroy and finish the closures with these ids; ``counts`` grows by what became of them."""
    with transaction.atomic(using=closing.using()):
        locked = closing.lock(Closure.objects.unfinished().unerased().these(keys), wait=False)
        closed = still_closed(locked, now=now, actor=actor)
        again = {closure.pk for closure in closed if closure.cut_off_at is not None}
        closing.cut_off(closed, now=now)
    counts["reopened"] += len(locked) - len(closed)
    destroying.destroy_many([closure.pk for closure in closed], again=again, now=now, actor=actor)
    follow_up(keys, now=now, actor=actor)
    became = dict(Closure.objects.these(keys).order_by().values_list("status").annotate(Count("pk")))
    counts["accounts"] += became.get(Closure.Status.DONE, 0)
    counts["partial"] += became.get(Closure.Status.PARTIAL, 0)


def _batch_size() -> int:
    if connections[closing.using()].vendor == "sqlite":  # its one writer must not keep logins waiting
        return min(settings.batch_size, _SQLITE_BATCH)
    return settings.batch_size
