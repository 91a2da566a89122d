"""Who sends what: rows are claimed in a short transaction, so that each message is at one process only.

As with the files of a closure: no transaction is open while a server is spoken to, a claim is renewed while its holder
comes on, and what a dead process held comes back, at once on this machine and when the claim runs out on another.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connections, router, transaction
from django.db.models import Count, Q
from django.db.models.functions import Now

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.locks import one_at_a_time
from privacy.core.processes import may_live, this_process
from privacy.evidence.services import record
from privacy.messages.models import Mailing, OutboxMessage
from privacy.messages.querysets import OutboxQuerySet

CLAIM_FOR = timedelta(minutes=10)
_MINUTE = timedelta(minutes=1)
_State = OutboxMessage.State
_at_work: set[uuid.UUID] = set()


def using() -> str:
    """The database of the outbox."""
    return router.db_for_write(OutboxMessage)


def claim(token: uuid.UUID, *, size: int, now: datetime) -> list[OutboxMessage]:
    """Up to ``size`` messages that are due, the most urgent first, within what a minute may carry.

    Five queries, and one more for each mailing with a limit of its own.
    """
    _at_work.add(token)
    alias = using()
    skips = connections[alias].features.has_select_for_update_skip_locked
    with transaction.atomic(using=alias):
        one_at_a_time("privacy.messages.claim", alias)
        room = _room(settings.messages_per_minute, OutboxMessage.objects.all(), now)
        room = size if room is None else min(size, room)
        if room <= 0:
            return []
        limits = _limits(now)
        due = OutboxMessage.objects.due(now).exclude(held())
        due = due.exclude(mailing__in=[mailing for mailing, left in limits.items() if left <= 0])
        due = due.order_by("priority", "not_before", "pk")
        locked = due.select_for_update(skip_locked=True, of=("self",)) if skips else due
        keys = list(_within(limits, locked.values_list("pk", "mailing_id")[:room]))
        OutboxMessage.objects.filter(pk__in=keys).update(
            claim=token, claimed_by=this_process(), claimed_until=Now() + CLAIM_FOR
        )
        rows = OutboxMessage.objects.filter(pk__in=keys).select_related("mailing")
        return list(rows.order_by("priority", "not_before", "pk"))


def renew(token: uuid.UUID) -> None:
    """Keep what is held."""
    OutboxMessage.objects.mine(token).update(claimed_until=Now() + CLAIM_FOR)


def release(token: uuid.UUID) -> None:
    """Give back what was not begun."""
    _at_work.discard(token)
    OutboxMessage.objects.mine(token).exclude(state=_State.SENDING).update(
        claim=None, claimed_by="", claimed_until=None
    )


def held() -> Q:
    """Claimed now. What ends later than any claim can was claimed while the clock was ahead, and is free."""
    return Q(claim__isnull=False, claimed_until__gt=Now(), claimed_until__lte=Now() + CLAIM_FOR)


def recover(*, now: datetime, actor: Actor) -> int:
    """What a dead process was sending may have arrived: it is listed for a person. What it only held is free again.

    Returns:
        How many became ambiguous.
    """
    claimed = OutboxMessage.objects.filter(claim__isnull=False, state__in=(_State.QUEUED, _State.SENDING))
    holders = list(claimed.filter(held()).order_by().values_list("claim", "claimed_by").distinct())
    me = this_process()
    dead = [token for token, by in holders if not may_live(by) or (by == me and token not in _at_work)]
    lost = claimed.filter(Q(claim__in=dead) | ~held())
    lost.queued().update(claim=None, claimed_by="", claimed_until=None)
    return in_doubt(lost.sending(), reason="sender_died", now=now, actor=actor)


def in_doubt(rows: OutboxQuerySet, *, reason: str, now: datetime, actor: Actor) -> int:
    """Nobody knows what became of these: a person decides, nothing is sent again by itself."""
    with transaction.atomic(using=using()):
        count = rows.update(
            state=_State.AMBIGUOUS, reason=reason, ended_at=now, claim=None, claimed_by="", claimed_until=None
        )
        if count:
            told = {"messages": count}
            record(act="messages.ambiguous", now=now, actor=actor, label="privacy.OutboxMessage", counts=told)
    return count


def _room(limit: int | None, rows: OutboxQuerySet, now: datetime) -> int | None:
    """How many more may go in this minute; None where there is no limit."""
    if not limit:
        return None
    going = Q(sending_at__gt=now - _MINUTE) | (Q(state=_State.QUEUED) & held())
    return limit - rows.filter(going).count()


def _limits(now: datetime) -> dict[uuid.UUID, int]:
    """By mailing how many of its messages may still go in this minute."""
    limited = dict(Mailing.objects.at_work().exclude(per_minute=None).values_list("pk", "per_minute"))
    if not limited:
        return {}
    going = Q(sending_at__gt=now - _MINUTE) | (Q(state=_State.QUEUED) & held())
    rows = OutboxMessage.objects.filter(going, mailing__in=list(limited)).order_by()
    gone = Counter(dict(rows.values_list("mailing").annotate(Count("pk"))))
    return {mailing: int(limit or 0) - gone[mailing] for mailing, limit in limited.items()}


def _within(limits: dict[uuid.UUID, int], rows: Iterable[tuple[int, uuid.UUID | None]]) -> list[int]:
    left = dict(limits)
    keys = []
    for key, mailing in rows:
        if mailing in left:
            if left[mailing] <= 0:
                continue
            left[mailing] -= 1
        keys.append(key)
    return keys
