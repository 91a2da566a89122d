"""Destroying what the declarations say, for any number of accounts that are cut off.

It is all or nothing: a batch that fails is halved until the account that fails stands alone, so that one
never keeps the others. What lies outside the database follows after the commit, in ``finishing``.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache, partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, router, transaction

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.locks import lost_a_race
from privacy.core.planning import plan_quickly
from privacy.core.registries import providers
from privacy.disposal import receipts, sessions
from privacy.disposal.closing import Closures, lock, lock_again, people, reason_of, using, write
from privacy.disposal.execution import Outcome, erase
from privacy.disposal.finishing import anything_outside, at_rest
from privacy.disposal.holds.stopping import added, set_held_aside, without_named
from privacy.disposal.journal import closures as journalling
from privacy.disposal.journal.restores import SiteRestored
from privacy.disposal.models import Closure
from privacy.disposal.obstacles import Obstacle, obstacles
from privacy.disposal.queries import rules
from privacy.disposal.querysets import ClosureQuerySet
from privacy.evidence.services import Draft, record, record_many

#: Attempts more for a batch that the database undid because another transaction was in its way.
_AGAIN = 3


def destroy(closure: Closure, *, again: bool, now: datetime, actor: Actor) -> None:
    """Erase one account inside the caller's transaction; it becomes *partial* with the reason when that fails.

    ``again`` says that an earlier attempt may have told the journal already.
    """
    try:
        journalling.intended([closure], again=again, now=now)
        with transaction.atomic(using=using()):
            destroy_together([closure], now=now, actor=actor)
    except Exception as error:  # noqa: BLE001 a host's signal handler may raise anything
        fail([closure], reason=reason_of(error), now=now)


def destroy_many(closures: Closures, *, again: Collection[uuid.UUID], now: datetime, actor: Actor) -> list[Closure]:
    """Erase accounts that are cut off, a transaction an attempt; what fails alone becomes *partial*.

    ``closures`` are the rows as the caller cut them off, a moment ago; ``again`` are those that an earlier attempt may
    have told the journal of already.

    What is known to stand in the way is told beforehand in a few queries, however many accounts it stops.
    For any other reason halving costs about two log₂(n) further attempts per failing account.

    Returns:
        Those that are erased, as their rows are now.
    """
    ready = _set_aside(closures, now=now)
    try:
        retried = [closure for closure in ready if closure.pk in again] if again else []
        first = [closure for closure in ready if closure.pk not in again] if again else ready
        journalling.intended(first, again=False, now=now)
        journalling.intended(retried, again=True, now=now)
    except SiteRestored:
        raise
    except PrivacyError as error:  # what the journal does not know is not destroyed
        with transaction.atomic(using=using()):
            fail(lock(_to_destroy().these([closure.pk for closure in ready]), wait=False), reason=str(error), now=now)
        return []
    return _halving([closure.pk for closure in ready], ready, now=now, actor=actor)


def fail(closures: Closures, *, reason: str, now: datetime) -> None:
    """Nothing was destroyed for these accounts: say why, and let the night try again."""
    for closure in closures:
        closure.status = Closure.Status.PARTIAL
        closure.errors = [reason]
        closure.attempts += 1
        closure.cut_off_at = closure.cut_off_at or now
    Closure.objects.bulk_update(closures, ["status", "errors", "attempts", "cut_off_at"], batch_size=500)


def _to_destroy() -> ClosureQuerySet:
    return Closure.objects.unfinished().unerased().filter(cut_off_at__isnull=False)


def _set_aside(closures: Closures, *, now: datetime) -> list[Closure]:
    """Those to destroy; who is known to be stuck is told why, and what another run holds is left to it."""
    found = _obstacles(closures)
    if not found:
        return list(closures)
    stuck: set[uuid.UUID] = set()
    with transaction.atomic(using=using()):
        closures = lock_again(closures, _to_destroy(), wait=False)
        # Of whom a hold keeps all, nothing is tried.
        by_key = without_named({closure.subject_key: closure for closure in closures})
        for obstacle in found:
            stopped = [by_key[key] for key in obstacle.keys if key in by_key and by_key[key].pk not in stuck]
            fail(stopped, reason=obstacle.reason, now=now)
            stuck |= {closure.pk for closure in stopped}
        return [closure for closure in closures if closure.pk not in stuck]


def _obstacles(closures: Closures) -> list[Obstacle]:
    if not closures:
        return []
    try:
        with transaction.atomic(using=using()):
            plan_quickly(using())
            return list(obstacles(cache(partial(people, closures))))
    except Exception:  # noqa: BLE001 whatever it is, the run meets it as well and tells it of each account
        return []


def _halving(
    keys: Sequence[uuid.UUID], read: Closures | None = None, *, now: datetime, actor: Actor, again: int = _AGAIN
) -> list[Closure]:
    """``read`` are the rows as they were a moment ago, for the first attempt: one that failed has written on them."""
    if not keys:
        return []
    try:
        with transaction.atomic(using=using()):
            still = _to_destroy()
            closures = lock(still.these(keys), wait=False) if read is None else lock_again(read, still, wait=False)
            # Where the commit is refused, the next attempts look themselves, and tell what was in the way.
            return destroy_together(closures, now=now, actor=actor, by_commit=read is not None) if closures else []
    except Exception as error:  # noqa: BLE001 a host's handler, or the commit itself
        if again and lost_a_race(error):  # another run of ours: taking the batch apart would tell nothing
            return _halving(keys, now=now, actor=actor, again=again - 1)
        if read is not None and len(keys) == 1 and isinstance(error, IntegrityError):
            return _halving(keys, now=now, actor=actor)
        if len(keys) > 1:
            middle = len(keys) // 2
            halves = (keys[:middle], keys[middle:])
            return [closure for half in halves for closure in _halving(half, now=now, actor=actor)]
        with transaction.atomic(using=using()):
            fail(lock(_to_destroy().these(keys), wait=True), reason=reason_of(error), now=now)
        return []


def destroy_together(closures: Closures, *, now: datetime, actor: Actor, by_commit: bool = False) -> list[Closure]:
    """Erase accounts that are cut off inside the caller's transaction, all or none.

    They are done at once where nothing of theirs is left outside the database.

    Args:
        by_commit: as ``erase`` takes it.

    Returns:
        Those that no hold stopped.

    Raises:
        PrivacyError: what the plan met, by name of model and field.
        django.db.Error: what the database itself refused.
    """
    closures = list(set_held_aside(closures, now=now, actor=actor))
    if not closures:
        return []
    batch = uuid.uuid4()
    subjects = people(closures)
    # Again, and in earnest: a session that the cut-off could not end, or that began since, must not stay.
    sessions.destroy(user_keys=[closure.subject_key for closure in closures], now=now)
    journalling.done(closures, now=now)
    accounts = router.db_for_write(get_user_model())
    outcome = erase(subjects=subjects, batch=batch, now=now, using=accounts, by_commit=by_commit)
    backups_until = _last_backup_date(now)
    steps, kept = _as_rows(outcome)
    receipts.open_receipts(closures, now=now)
    _prove(closures, outcome, now=now, actor=actor)
    become: dict[str, Any] = {"batch": batch, "erased_at": now, "errors": [], "backups_until": backups_until}
    if not anything_outside(batch):
        become |= at_rest(closures, now=now, actor=actor)
    write([closure for closure in closures if not closure.held_by], steps=steps, kept=kept, **become)
    for closure in closures:
        if closure.held_by:  # what a hold let go before, and what it did not keep itself, belongs to the story
            story = {
                "steps": added(closure.steps, steps),
                "kept": [row for row in closure.kept if not row.get("review_at")] + kept,
            }
            write([closure], **story, **become)
    return closures


def _prove(closures: Closures, outcome: Outcome, *, now: datetime, actor: Actor) -> None:
    until = rules().proof_kept_for.end(now, settings.calendar)
    label = get_user_model()._meta.label
    record_many(
        drafts=[
            Draft(
                act="disposal.account_erased",
                label=label,
                details={"closure": str(closure.pk), "pseudonym": closure.pseudonym, "channel": closure.channel},
                until=until,
            )
            for closure in closures
        ],
        now=now,
        actor=Actor.system("closure") if actor.kind == "member" else actor,
    )
    totals = {"accounts": len(closures), "rows": outcome.rows, "files": sum(step.files for step in outcome.steps)}
    record(act="disposal.batch_erased", label=label, counts=totals, now=now, actor=Actor.system("closure"))


def _as_rows(outcome: Outcome) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return [asdict(step) for step in outcome.steps], [item.as_row() for item in outcome.kept]


def _last_backup_date(now: datetime) -> datetime | None:
    ask = providers.find("last_backup_date")
    return ask(now=now) if ask else None
