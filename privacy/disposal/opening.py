"""A closure begins, waits, and may be taken back: by the member, by staff, or because the site reopened the account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, connections, transaction
from django.db.models import F

from privacy.core.actors import Actor
from privacy.core.among import Among
from privacy.core.batches import keyset
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.core.pseudonyms import pseudonym, pseudonym_key_id, pseudonyms
from privacy.disposal.closing import Closures, has_field, lock, people, using, write
from privacy.disposal.journal import closures as journalling
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure
from privacy.disposal.queries import account_row_goes, closed_by_site, rules
from privacy.evidence.services import record

_NOT_CLOSED = object()
_TRIES = 3


class AccountGone(PrivacyError):
    """There is no such account any more, and no closure that tells what became of it."""


class _Faster(Exception):
    """Somebody else opened the closure in between."""


def open_closure(user: Any, mandate: Mandate, *, now: datetime, actor: Actor) -> Closure:
    """The account's closure: the one under way, else a new one; for an account already erased, its last.

    Call it inside a transaction; the row is locked.

    Raises:
        AccountGone: somebody else removed the account.
    """
    key = str(user.pk)
    under_way_is = Closure.objects.open().of(key)
    if account_row_goes():  # else the erased row is still the same person's
        under_way_is = under_way_is.unerased()
    for _ in range(_TRIES):
        under_way = lock(under_way_is, wait=True)
        if under_way and still_closed(under_way, now=now, actor=actor):
            return under_way[0]
        try:
            with transaction.atomic(using=using()):
                if not _hold_account(user):
                    return _last_closure(key)
                if under_way_is.exists():
                    raise _Faster
                return _create(key, mandate, now=now)
        except (IntegrityError, _Faster):
            continue  # a second click, or the night, was faster: go on with theirs
    return _create(key, mandate, now=now)


def _hold_account(user: Any) -> bool:
    """Whether the account exists, its row held: of two clicks the second waits, and finds what the first did.

    Behind the closure's row, never before it: the night takes the two in that order as well.
    """
    rows = get_user_model()._base_manager.using(using()).filter(pk=user.pk)
    if connections[using()].features.has_select_for_update:
        rows = rows.select_for_update()
    return bool(rows.values_list("pk", flat=True))


def open_many(
    rows: Sequence[tuple[Any, datetime | None]], mandate: Mandate, *, now: datetime, at_once: bool = False
) -> None:
    """Open a closure for each ``(key, closed at)`` in one INSERT; one that is open already stays as it is.

    ``at_once`` makes them due whatever time the policy gives: it is a ceiling.
    """
    after = Period() if at_once else rules().after
    closures = [_closure(str(key), mandate, after, closed_at=closed_at or now, now=now) for key, closed_at in rows]
    Closure.objects.bulk_create(closures, ignore_conflicts=True)
    waiting = [closure.pk for closure in closures if closure.status == Closure.Status.SCHEDULED]
    if waiting:  # read again: one whose account had an open closure already was not inserted
        journalling.opened(list(Closure.objects.filter(pk__in=waiting)), now=now)


def take_over_closed(
    *, now: datetime, actor: Actor, dry_run: bool = False, progress: Callable[[dict[str, int]], None] | None = None
) -> dict[str, int]:
    """Open a closure for every account that the site closed by its own flag.

    Suspended accounts are not closed: only what the setting's filter names is taken. An account
    without a date counts as closed now. One query and one INSERT a batch, with its evidence.

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
        with transaction.atomic(using=using()):
            rows = list(closed_by_site(rule).filter(pk__in=keys).values_list("pk", "_closed_at"))
            open_many(rows, Mandate("site", Closure.Channel.TAKE_OVER), now=now)
            taken = {"taken": len(rows), "undated": sum(closed_at is None for _, closed_at in rows)}
            label = get_user_model()._meta.label
            record(act="disposal.taken_over", label=label, counts=taken, now=now, actor=actor)
        counts = {word: counts[word] + taken[word] for word in counts}
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
        with transaction.atomic(using=using()):
            locked = lock(waiting.filter(pk__in=keys), wait=False)
            reopened += len(locked) - len(still_closed(locked, now=now, actor=actor))
    return reopened


def still_closed(closures: Closures, *, now: datetime, actor: Actor) -> list[Closure]:
    """Leave out accounts that were reopened while they waited; their clock starts anew if closed again."""
    waiting = [closure for closure in closures if closure.status == Closure.Status.SCHEDULED]
    active = _active_again(waiting)
    cancel([closure for closure in waiting if closure.subject_key in active], now=now, actor=actor)
    return [closure for closure in closures if closure.status != Closure.Status.CANCELLED]


def cancel(closures: Closures, *, now: datetime, actor: Actor) -> None:
    """These closures come to nothing; what happens to the accounts is the caller's."""
    if not closures:
        return
    write(closures, status=Closure.Status.CANCELLED, finished_at=now)
    journalling.void(closures, now=now)
    record(act="disposal.cancelled", label="privacy.Closure", counts={"accounts": len(closures)}, now=now, actor=actor)


def _create(key: str, mandate: Mandate, *, now: datetime) -> Closure:
    closure = _closure(key, mandate, rules().after, closed_at=now, now=now)
    closure.save(force_insert=True)
    if closure.status == Closure.Status.SCHEDULED:
        journalling.opened([closure], now=now)
    return closure


def _closure(key: str, mandate: Mandate, after: Period, *, closed_at: datetime, now: datetime) -> Closure:
    due_at = after.end(closed_at, settings.calendar)
    # What the site closed may be reopened by the site until the night comes to it.
    waits = due_at > now or mandate.channel == Closure.Channel.TAKE_OVER
    return Closure(
        subject_key=key,
        pseudonym=pseudonym("subject", key),
        pseudonym_key=pseudonym_key_id(),
        status=Closure.Status.SCHEDULED if waits else Closure.Status.PLANNED,
        channel=mandate.channel,
        requested_by=mandate.requested_by,
        verified_by=mandate.verified_by,
        closed_at=closed_at,
        due_at=due_at,
    )


def _last_closure(key: str) -> Closure:
    words = pseudonyms("subject", key)
    found = Closure.objects.filter(pseudonym__in=words).exclude(status="cancelled").order_by("-closed_at").first()
    if found is None:
        raise AccountGone(field="user", problem="the account does not exist any more", mend="Nothing is left to close")
    return found


def _active_again(closures: Closures) -> set[str]:
    """Keys of accounts that are open, or that the site closed at another moment than the closure knows."""
    ours = [closure for closure in closures if closure.channel != Closure.Channel.TAKE_OVER]
    theirs = [closure for closure in closures if closure.channel == Closure.Channel.TAKE_OVER]
    user_model = get_user_model()
    users = user_model._base_manager
    active: set[str] = set()
    if ours and has_field(user_model, "is_active"):
        keys = people(ours).keys
        active |= {str(pk) for pk in users.filter(Among("pk", keys), is_active=True).values_list("pk", flat=True)}
    rule = settings.closed_accounts
    if theirs and rule is not None:
        keys = people(theirs).keys
        since = {
            str(pk): closed_at
            for pk, closed_at in users.filter(Among("pk", keys))
            .filter(**rule.filter)
            .values_list("pk", F(rule.closed_at))
        }
        existing = {str(pk) for pk in users.filter(Among("pk", keys)).values_list("pk", flat=True)}
        active |= {
            closure.subject_key
            for closure in theirs
            if closure.subject_key in existing
            and since.get(closure.subject_key, _NOT_CLOSED) not in (closure.closed_at, None)
        }
    return active
