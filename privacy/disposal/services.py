"""What the doors of this room call: one account now, many by night, and those that the site closed itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections, transaction

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.enqueue import nudge
from privacy.core.errors import PrivacyError
from privacy.datamap.graph import Subjects
from privacy.disposal import closing, destroying, opening
from privacy.disposal.batches import close_accounts, run_closures
from privacy.disposal.execution import StepDone
from privacy.disposal.finishing import follow_up
from privacy.disposal.journal.restores import require_whole
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure, StoreReceipt
from privacy.disposal.opening import AccountGone, review_waiting, take_over_closed
from privacy.disposal.plan import KeptRows
from privacy.disposal.preview import Plan, exceeds, preview
from privacy.disposal.queries import rules, store_title
from privacy.disposal.receipts import NothingToSettle, StoreStillDeclared, settle_store

__all__ = [
    "AccountGone",
    "ClosureReport",
    "Mandate",
    "NotCancellable",
    "NothingToSettle",
    "StoreStillDeclared",
    "WrongState",
    "cancel_closure",
    "close_account",
    "close_accounts",
    "preview_account",
    "review_waiting",
    "run_closure",
    "run_closures",
    "settle_store",
    "take_over_closed",
]


class NotCancellable(PrivacyError):
    """A closure whose account is cut off already cannot be taken back."""


class WrongState(PrivacyError):
    """The closure is finished or cancelled: there is nothing to run."""


@dataclass(frozen=True, slots=True)
class StoreSaid:
    """What one place outside the database said about one closure.

    Attributes:
        title: what members read.
        answer: a value of ``StoreReceipt.Answer``.
        confirmed_at: when it confirmed that nothing is left; None as long as it has not.
    """

    title: str
    answer: str
    confirmed_at: datetime | None


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
        stores: what each place outside the database said.
    """

    closure_id: UUID
    subject: str
    status: str
    steps: tuple[StepDone, ...]
    kept: tuple[KeptRows, ...]
    errors: tuple[str, ...]
    backups_until: datetime | None
    due_at: datetime
    stores: tuple[StoreSaid, ...] = ()

    @classmethod
    def of(cls, closure: Closure) -> ClosureReport:
        return cls(
            closure_id=closure.pk,
            subject=closure.pseudonym,
            status=str(closure.status),
            steps=tuple(StepDone(**step) for step in closure.steps),
            kept=tuple(KeptRows.of_row(row) for row in closure.kept),
            errors=tuple(closure.errors),
            backups_until=closure.backups_until,
            due_at=closure.due_at,
            stores=tuple(
                StoreSaid(store_title(receipt.store), receipt.answer, receipt.verified_at)
                for receipt in StoreReceipt.objects.filter(closure=closure).order_by("store")
            ),
        )


def preview_account(*, user: Any, now: datetime) -> Plan:
    """What closing this account would do; reads only."""
    return preview(Subjects.of([user.pk]), now)


def close_account(*, user: Any, mandate: Mandate, now: datetime, actor: Actor) -> ClosureReport:
    """Close one account, destroying its data at once where the policy says so.

    The cut-off commits in any case. Under period zero destruction happens in the same transaction
    (HTC-10-3); an account with more rows than ``CLOSE_IN_REQUEST_ROWS`` is handed to a task at once;
    a delay is left to the night, which looks ahead (HVR-11-2). Closing twice goes on with the first.

    Inside a transaction of the caller's, files and stores follow when that commits: the report then says
    ``cut_off``, which is all that is true by then.

    Raises:
        MandateTooWeak: the policy demands more before an account is removed.
        AccountGone: the account was removed without a closure.
        SiteRestored: the database was restored, and what happened since is not applied again yet.
    """
    require_whole()
    mandate.require(rules())
    return _close_one(partial(opening.open_closure, user, mandate, now=now, actor=actor), now=now, actor=actor)


def run_closure(*, closure: Closure, now: datetime, actor: Actor) -> ClosureReport:
    """Run one closure (again), whatever stopped it before. One whose account was reopened is taken back.

    Raises:
        WrongState: it is finished or cancelled.
    """

    def find() -> Closure:
        [found] = closing.lock(Closure.objects.filter(pk=closure.pk), wait=True)
        if not found.is_open:
            raise WrongState(field="closure", problem="it is at rest", mend="Choose one that is still open")
        opening.still_closed([found], now=now, actor=actor)
        return found

    return _close_one(find, now=now, actor=actor, any_size=True)


def cancel_closure(*, closure: Closure, now: datetime, actor: Actor) -> None:
    """Take back a closure that still waits for its date; the account can be used again.

    Raises:
        NotCancellable: destruction has begun.
    """
    with transaction.atomic(using=closing.using()):
        [closure] = closing.lock(Closure.objects.filter(pk=closure.pk), wait=True)
        if closure.status not in (Closure.Status.SCHEDULED, Closure.Status.PLANNED, Closure.Status.UNDECIDED):
            raise NotCancellable(
                field="closure.status", problem="the account is cut off already", mend="Let the closure finish"
            )
        user_model = get_user_model()
        if closing.has_field(user_model, "is_active"):
            user_model._base_manager.filter(pk__in=closing.people([closure]).keys).update(is_active=True)
        opening.cancel([closure], now=now, actor=actor)


def _close_one(find: Callable[[], Closure], *, now: datetime, actor: Actor, any_size: bool = False) -> ClosureReport:
    """One account in one transaction; a database that refuses the commit still gets the cut-off."""
    using = closing.using()
    try:
        with transaction.atomic(using=using):
            closure = find()
            _destroy_or_wait(closure, now=now, actor=actor, any_size=any_size)
    except DatabaseError as error:
        with transaction.atomic(using=using):
            closure = find()
            if closure.erased_at is None and closure.is_open and closure.due_at <= now:
                closing.cut_off([closure], now=now)
                destroying.fail([closure], reason=closing.reason_of(error), now=now)
            elif closure.is_open:
                _destroy_or_wait(closure, now=now, actor=actor, any_size=any_size)
    if closure.erased_at is not None and closure.is_open:
        finish = partial(follow_up, [closure.pk], now=now, actor=actor)
        if connections[using].in_atomic_block:  # the door holds a transaction of its own
            transaction.on_commit(finish, using=using)
        else:
            finish()
            closure.refresh_from_db()
    return ClosureReport.of(closure)


def _destroy_or_wait(closure: Closure, *, now: datetime, actor: Actor, any_size: bool) -> None:
    """Destroy the account unless it is destroyed already, or waits for its date or a task; a hold has its say then."""
    if closure.erased_at is not None or closure.status == Closure.Status.CANCELLED:
        return
    if closure.due_at > now:
        closing.lock_out([closure], now=now, for_good=False)
        return
    again = closure.cut_off_at is not None
    if closure.status == Closure.Status.HELD:  # asked again: the hold may be gone
        closure.status = Closure.Status.CUT_OFF
        closure.save(update_fields=["status"])
    closing.cut_off([closure], now=now)
    if not any_size and exceeds(closing.people([closure]), settings.close_in_request_rows):
        nudge("privacy.close", closure=str(closure.pk))
        return
    destroying.destroy(closure, again=again, now=now, actor=actor)
