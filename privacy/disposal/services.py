"""Close accounts: one member at once, many by night, and those that the site closed itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections, router, transaction
from django.db.models import F, QuerySet

from privacy.core.actors import Actor
from privacy.core.batches import keyset
from privacy.core.conf import settings
from privacy.core.enqueue import nudge
from privacy.core.errors import PrivacyError
from privacy.core.pseudonyms import pseudonym
from privacy.datamap.graph import Subjects
from privacy.disposal import closing
from privacy.disposal.execution import StepDone
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure
from privacy.disposal.plan import KeptRows, Plan, preview
from privacy.disposal.queries import closed_by_site, rules
from privacy.evidence.services import record

__all__ = [
    "ClosureReport",
    "Mandate",
    "cancel_closure",
    "close_account",
    "preview_account",
    "run_closures",
    "take_over_closed",
]

Progress = Callable[[dict[str, int]], None]
_SQLITE_BATCH = 100
_REOPENED = object()


class NotCancellable(PrivacyError):
    """A closure whose account is cut off already cannot be taken back."""


class WrongState(PrivacyError):
    """The closure is finished or cancelled: there is nothing to run."""


@dataclass(frozen=True, slots=True)
class ClosureReport:
    """What became of one closure.

    Attributes:
        closure_id: the ``Closure`` row.
        subject: the person's pseudonym.
        status: ``scheduled``, ``cut_off`` (a task goes on at once), ``partial``, ``held`` or ``done``.
        steps, kept, errors: model labels and counts; errors say what is left and why.
        backups_until: the moment after which no backup holds the person; None when none does.
        due_at: when everything must be gone at the latest.
    """

    closure_id: UUID
    subject: str
    status: str
    steps: tuple[StepDone, ...]
    kept: tuple[KeptRows, ...]
    errors: tuple[str, ...]
    backups_until: datetime | None
    due_at: datetime

    @classmethod
    def of(cls, closure: Closure) -> ClosureReport:
        return cls(
            closure_id=closure.pk,
            subject=closure.pseudonym,
            status=str(closure.status),
            steps=tuple(StepDone(**step) for step in closure.steps),
            kept=tuple(
                KeptRows(**{**item, "until": datetime.fromisoformat(item["until"]) if item["until"] else None})
                for item in closure.kept
            ),
            errors=tuple(closure.errors),
            backups_until=closure.backups_until,
            due_at=closure.due_at,
        )


def preview_account(*, user: Any) -> Plan:
    """What closing this account would do; reads only."""
    return preview(Subjects.of([user.pk]))


def close_account(*, user: Any, mandate: Mandate, now: datetime, actor: Actor) -> ClosureReport:
    """Close one account, destroying its data at once where the policy says so.

    The cut-off commits in any case. Under period zero destruction happens in the same transaction
    (HTC-10-3); an account with more rows than ``CLOSE_IN_REQUEST_ROWS`` is handed to a task at once;
    a delay is left to the night, which looks ahead (HVR-11-2). Closing twice goes on with the first.

    Raises:
        MandateTooWeak: the policy demands more before an account is removed.
    """
    mandate.require(rules())
    return _destroy_now(lambda: _open_closure(user, mandate, now=now, actor=actor), now=now, actor=actor)


def run_closure(*, closure: Closure, now: datetime, actor: Actor) -> ClosureReport:
    """Run one closure (again), whatever stopped it before.

    Raises:
        WrongState: it is finished or cancelled.
    """
    if not closure.is_open:
        raise WrongState(field="closure", problem="it is at rest", mend="Choose one that is still open")
    return _destroy_now(lambda: closure, now=now, actor=actor, any_size=True)


def cancel_closure(*, closure: Closure, now: datetime, actor: Actor) -> None:
    """Take back a closure that still waits for its date; the account can be used again.

    Raises:
        NotCancellable: destruction has begun.
    """
    with transaction.atomic(using=router.db_for_write(Closure)):
        closure = Closure.objects.select_for_update().get(pk=closure.pk)
        if closure.status not in (Closure.Status.SCHEDULED, Closure.Status.PLANNED):
            raise NotCancellable(
                field="closure.status", problem="the account is cut off already", mend="Let the closure finish"
            )
        user_model = get_user_model()
        if closing.has_field(user_model, "is_active"):
            user_model._base_manager.filter(pk__in=closing.people([closure]).keys).update(is_active=True)
        _cancel([closure], now=now, actor=actor)


def take_over_closed(
    *, now: datetime, actor: Actor, dry_run: bool = False, progress: Progress | None = None
) -> dict[str, int]:
    """Open a closure for every account that the site closed by its own flag.

    Suspended accounts are not closed: only what the setting's filter names is taken. An account
    without a date counts as closed now. One query and one INSERT a batch.

    Returns:
        ``taken`` accounts, and ``undated`` among them.
    """
    counts = {"taken": 0, "undated": 0}
    rule = settings.closed_accounts
    if rule is None:
        return counts
    users = closed_by_site(rule)
    if dry_run:
        return {"taken": users.count(), "undated": users.filter(_closed_at__isnull=True).count()}
    for keys in keyset(users, settings.batch_size):
        rows = list(closed_by_site(rule).filter(pk__in=keys).values_list("pk", "_closed_at"))
        _open_many(rows, Mandate("site", Closure.Channel.TAKE_OVER), now=now)
        counts["taken"] += len(rows)
        counts["undated"] += sum(closed_at is None for _, closed_at in rows)
        if progress:
            progress(counts)
    if counts["taken"]:
        record(act="disposal.taken_over", label=get_user_model()._meta.label, counts=counts, now=now, actor=actor)
    return counts


def close_accounts(*, users: QuerySet[Any], mandate: Mandate, now: datetime, actor: Actor) -> dict[str, int]:
    """Close many accounts, in batches: the rules and the retries of ``run_closures`` hold.

    Returns:
        ``accounts`` destroyed, ``partial`` ones, and ``scheduled`` where the policy gives them time.

    Raises:
        MandateTooWeak: the policy demands more before an account is removed.
    """
    mandate.require(rules())
    counts = {"accounts": 0, "partial": 0, "scheduled": 0}
    for keys in keyset(users, _batch_size(Closure.objects.all())):
        subject_keys = [str(key) for key in keys]
        _open_many([(key, now) for key in keys], mandate, now=now)
        mine = Closure.objects.unfinished().filter(subject_key__in=subject_keys)
        waiting = list(mine.filter(due_at__gt=now))
        closing.lock_out(waiting, now=now, for_good=False)
        counts["scheduled"] += len(waiting)
        due = list(mine.filter(due_at__lte=now).values_list("pk", flat=True))
        closures, _ = _run_batch(due, now=now, actor=actor)
        closing.follow_up(closures, now=now, actor=actor)
        _count(closures, counts)
    return counts


def run_closures(
    *, now: datetime, horizon: datetime, actor: Actor, dry_run: bool = False, progress: Progress | None = None
) -> dict[str, int]:
    """Destroy every account whose date falls before ``horizon``, and retry what was left before.

    Each batch is one transaction, so a crash at any line loses one batch, which the next run repeats.
    Queries grow with models times batches.

    Returns:
        ``accounts`` to destroy (or destroyed), ``partial`` left over, ``reopened`` and taken back.
    """
    due = Closure.objects.due(horizon)
    counts = {"accounts": 0, "partial": 0, "reopened": 0}
    if dry_run:
        return {**counts, "accounts": due.count()}
    for keys in keyset(due, _batch_size(due)):
        closures, reopened = _run_batch(keys, now=now, actor=actor)
        closing.follow_up(closures, now=now, actor=actor)
        counts["reopened"] += reopened
        _count(closures, counts)
        if progress:
            progress(counts)
    return counts


def review_waiting(*, now: datetime, actor: Actor) -> int:
    """Take back closures whose account was reopened, or closed anew, while they waited for their date.

    The clock of an account that is closed again starts at its new date. Two queries a batch.
    """
    waiting = Closure.objects.filter(status=Closure.Status.SCHEDULED)
    reopened = 0
    for keys in keyset(waiting, settings.batch_size):
        with transaction.atomic(using=router.db_for_write(Closure)):
            locked = _lock(keys)
            reopened += len(locked) - len(_still_closed(locked, now=now, actor=actor))
    return reopened


def _open_closure(user: Any, mandate: Mandate, *, now: datetime, actor: Actor) -> Closure:
    key = str(user.pk)
    existing = Closure.objects.select_for_update().open().of(key).first()
    if existing is not None and existing in _still_closed([existing], now=now, actor=actor):
        return existing
    due_at = rules().after.end(now, settings.calendar)
    return Closure.objects.create(
        subject_key=key,
        pseudonym=pseudonym("subject", key),
        status=Closure.Status.SCHEDULED if due_at > now else Closure.Status.PLANNED,
        channel=mandate.channel,
        requested_by=mandate.requested_by,
        verified_by=mandate.verified_by,
        closed_at=now,
        due_at=due_at,
    )


def _open_many(rows: Sequence[tuple[Any, datetime | None]], mandate: Mandate, *, now: datetime) -> None:
    """Open a closure for each ``(key, closed at)`` in one INSERT; one that is open already stays as it is."""
    after, calendar = rules().after, settings.calendar
    dated = [(key, closed_at or now, after.end(closed_at or now, calendar)) for key, closed_at in rows]
    # What the site closed may be reopened by the site until the night comes to it.
    waits = mandate.channel == Closure.Channel.TAKE_OVER
    Closure.objects.bulk_create(
        [
            Closure(
                subject_key=str(key),
                pseudonym=pseudonym("subject", str(key)),
                status=Closure.Status.SCHEDULED if waits or due_at > now else Closure.Status.PLANNED,
                channel=mandate.channel,
                requested_by=mandate.requested_by,
                verified_by=mandate.verified_by,
                closed_at=closed_at,
                due_at=due_at,
            )
            for key, closed_at, due_at in dated
        ],
        ignore_conflicts=True,
    )


def _count(closures: Sequence[Closure], counts: dict[str, int]) -> None:
    counts["accounts"] += sum(closure.status == Closure.Status.DONE for closure in closures)
    counts["partial"] += sum(closure.status == Closure.Status.PARTIAL for closure in closures)


def _destroy_now(find: Callable[[], Closure], *, now: datetime, actor: Actor, any_size: bool = False) -> ClosureReport:
    """One account in one transaction; a database that refuses the commit still gets the cut-off."""
    using = router.db_for_write(Closure)
    try:
        with transaction.atomic(using=using):
            closure = find()
            if not _destroy_or_wait(closure, now=now, actor=actor, any_size=any_size):
                return ClosureReport.of(closure)
    except DatabaseError as error:
        with transaction.atomic(using=using):
            closure = find()
            closure.refresh_from_db()
            closing.lock_out([closure], now=now, for_good=True)
            closing.fail(closure, reason=closing.reason_of(error), now=now)
    if connections[using].in_atomic_block:  # the door holds a transaction of its own
        transaction.on_commit(lambda: closing.follow_up([closure], now=now, actor=actor), using=using)
    else:
        closing.follow_up([closure], now=now, actor=actor)
    return ClosureReport.of(closure)


def _destroy_or_wait(closure: Closure, *, now: datetime, actor: Actor, any_size: bool) -> bool:
    """Destroy the account unless it waits for its date, a hold or a task; True when it was tried."""
    if closure.status == Closure.Status.HELD:
        return False
    if closure.due_at > now:
        closing.lock_out([closure], now=now, for_good=False)
        return False
    closing.cut_off([closure], now=now)
    if closure.erased_at is None:
        if not any_size and _too_large(closure):
            nudge("privacy.close", closure=str(closure.pk))
            return False
        closing.destroy([closure], now=now, actor=actor)
    return True


def _run_batch(keys: Sequence[Any], *, now: datetime, actor: Actor) -> tuple[list[Closure], int]:
    """Cut off and destroy one batch in one transaction; returns it, and how many were reopened."""
    try:
        with transaction.atomic(using=router.db_for_write(Closure)):
            locked = _lock(keys)
            closures = _still_closed(locked, now=now, actor=actor)
            closing.cut_off(closures, now=now)
            todo = [closure for closure in closures if closure.erased_at is None]
            if todo:
                closing.destroy(todo, now=now, actor=actor)
            return closures, len(locked) - len(closures)
    except DatabaseError:  # refused at the commit: one by one, so that each gets its own reason
        closures = list(Closure.objects.unfinished().filter(pk__in=keys))
        for closure in closures:
            _destroy_now(partial(_itself, closure), now=now, actor=actor, any_size=True)
        return closures, 0


def _itself(closure: Closure) -> Closure:
    return closure


def _too_large(closure: Closure) -> bool:
    return preview(closing.people([closure])).total_rows > settings.close_in_request_rows


def _batch_size(due: QuerySet[Closure]) -> int:
    if connections[due.db].vendor == "sqlite":  # its one writer must not keep logins waiting
        return min(settings.batch_size, _SQLITE_BATCH)
    return settings.batch_size


def _lock(keys: Sequence[Any]) -> list[Closure]:
    rows = Closure.objects.unfinished().filter(pk__in=keys)
    connection = connections[rows.db]
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    return list(rows)


def _still_closed(closures: list[Closure], *, now: datetime, actor: Actor) -> list[Closure]:
    """Leave out accounts that were reopened while they waited; their clock starts anew if closed again."""
    waiting = [closure for closure in closures if closure.status == Closure.Status.SCHEDULED]
    if not waiting:
        return closures
    active = _active_again(waiting)
    reopened = {closure.pk: closure for closure in waiting if closure.subject_key in active}
    if reopened:
        _cancel(list(reopened.values()), now=now, actor=actor)
    return [closure for closure in closures if closure.pk not in reopened]


def _active_again(closures: Sequence[Closure]) -> set[str]:
    user_model = get_user_model()
    users = user_model._base_manager
    ours = [closure for closure in closures if closure.channel != Closure.Channel.TAKE_OVER]
    theirs = [closure for closure in closures if closure.channel == Closure.Channel.TAKE_OVER]
    active: set[str] = set()
    if ours and closing.has_field(user_model, "is_active"):
        keys = closing.people(ours).keys
        active |= {str(pk) for pk in users.filter(pk__in=keys, is_active=True).values_list("pk", flat=True)}
    rule = settings.closed_accounts
    if theirs and rule is not None:
        keys = closing.people(theirs).keys
        closed = users.filter(pk__in=keys).filter(**rule.filter).values_list("pk", F(rule.closed_at))
        since = {str(pk): closed_at for pk, closed_at in closed}
        existing = {str(pk) for pk in users.filter(pk__in=keys).values_list("pk", flat=True)}
        active |= {
            closure.subject_key
            for closure in theirs
            if closure.subject_key in existing
            and since.get(closure.subject_key, _REOPENED) not in (closure.closed_at, None)
        }
    return active


def _cancel(closures: list[Closure], *, now: datetime, actor: Actor) -> None:
    for closure in closures:
        closure.status = Closure.Status.CANCELLED
        closure.finished_at = now
    Closure.objects.bulk_update(closures, ["status", "finished_at"])
    record(act="disposal.cancelled", label="privacy.Closure", counts={"accounts": len(closures)}, now=now, actor=actor)
