"""Gathering the recipients of a mailing: an audience is walked in batches, and each who may get it has a row.

Every batch is one transaction that also says how far it came, so that whoever comes after a crash goes on there.
Queries grow with batches, never with people: at most sixteen for a thousand of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections, router, transaction

from privacy.core.among import Among
from privacy.core.conf import settings
from privacy.core.inserting import can_insert_many, insert_many
from privacy.core.pseudonyms import pseudonyms
from privacy.messages.audiences import Audience, audiences
from privacy.messages.classes import Topic
from privacy.messages.digests import UnfitAddress, normal
from privacy.messages.models import Mailing, OutboxMessage
from privacy.messages.permission import Recipient, judge
from privacy.messages.queueing import addressed
from privacy.messages.rules import MessageRules, message_rules

#: People of one transaction at most, whatever BATCH_SIZE says: SQLite has one writer.
_MOST = 1_000
_State = OutboxMessage.State
_COLUMNS = (
    "key", "mailing", "topic", "kind", "priority", "basis", "test", "user_key", "address", "digest", "language",
    "sender", "subject", "text", "html", "content", "queued_at", "not_before", "state", "reason", "attempts",
    "claimed_by", "message_id", "linked", "labelled", "addressed", "sender_domain", "suppressed_all",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reach:
    """How many of an audience a mailing reaches, and how many not, by reason."""

    people: int
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Batch:
    recipients: list[tuple[Recipient, str]]
    unfit: int
    last: Any


def prepare(*, mailing: Mailing, now: datetime) -> int:
    """Give everybody of the audience who may get this mailing a row; returns how many were added by this call.

    Stops when the mailing is paused or stopped meanwhile. Safe to call again, and by several processes.

    Raises:
        ClientData, NotRegistered: of its audience.
    """
    rules = message_rules()
    topic = rules.topic(mailing.topic)
    added = 0
    walk = _walk(audiences.get(mailing.audience), mailing.cursor)
    while (batch := next(walk, None)) is not None:
        with transaction.atomic(using=router.db_for_write(OutboxMessage)):
            row = Mailing.objects.select_for_update().get(pk=mailing.pk)
            if row.state != Mailing.State.PREPARING or row.cursor != mailing.cursor:
                return added  # paused, or somebody else is at it
            messages, left_out = _messages(row, topic, batch, rules, now)
            _insert(messages)
            added += len(messages)
            row.left_out = dict(Counter(row.left_out) + left_out)
            row.cursor = mailing.cursor = str(batch.last)
            row.save(update_fields=["left_out", "cursor"])
    Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.PREPARING, cursor=mailing.cursor).update(
        state=Mailing.State.RUNNING, prepared=True
    )
    return added


def reach(*, mailing: Mailing, now: datetime) -> Reach:
    """Whom it would reach if it were started now. Writes nothing; walks the audience as ``prepare`` does."""
    rules = message_rules()
    topic = rules.topic(mailing.topic)
    people, left_out = 0, Counter[str]()
    seen: set[str] = set()
    for batch in _walk(audiences.get(mailing.audience), ""):
        messages, reasons = _messages(mailing, topic, batch, rules, now)
        new = {message.key for message in messages} - seen
        reasons["twice"] += len(messages) - len(new)
        # Keys of all of them: an address may stand in the audience more than once.
        seen |= new
        people += len(new)
        left_out += reasons
    return Reach(people, dict(left_out))


def _walk(audience: Audience, cursor: str) -> Iterator[_Batch]:
    """One query a batch, by rising primary key."""
    rows = audience.queryset().order_by("pk")
    columns = [
        "pk",
        audience.address,
        *([audience.user] if audience.user else []),
        *([audience.language] if audience.language else []),
    ]
    size = min(_MOST, settings.batch_size)
    last = rows.model._meta.pk.to_python(cursor) if cursor else None
    while True:
        found = list((rows if last is None else rows.filter(pk__gt=last)).values_list(*columns)[:size])
        if not found:
            return
        last = found[-1][0]
        yield _batch(audience, found, last)
        if len(found) < size:
            return


def _batch(audience: Audience, rows: Sequence[tuple[Any, ...]], last: Any) -> _Batch:
    recipients: list[tuple[Recipient, str]] = []
    unfit = 0
    for _pk, address, *rest in rows:
        user_key = str(rest.pop(0)) if audience.user and rest[0] is not None else ""
        language = str(rest[-1] or "") if audience.language else ""
        try:
            normal("email", address)
        except UnfitAddress:
            unfit += 1
            continue
        recipients.append((Recipient(address.strip(), user_key), language))
    return _Batch(recipients, unfit, last)


def _messages(
    mailing: Mailing, topic: Topic, batch: _Batch, rules: MessageRules, now: datetime
) -> tuple[list[OutboxMessage], Counter[str]]:
    people = list(dict.fromkeys(person for person, _ in batch.recipients))
    judged = judge(people, topic, rules=rules, now=now) if people else None
    left_out = Counter({"unfit_address": batch.unfit} if batch.unfit else {})
    keys = {person: _keys(mailing, person) for person in people}
    taken = _taken([key for some in keys.values() for key in some])
    messages: dict[str, OutboxMessage] = {}
    for person, language in batch.recipients:
        assert judged is not None
        if reason := judged.refused.get(person):
            left_out[reason] += 1
        elif taken.intersection(keys[person]) or keys[person][0] in messages:
            left_out["twice"] += 1
        else:
            row = OutboxMessage(key=keys[person][0], mailing=mailing, language=language)
            addressed(row, person, topic, judged, now)
            messages[row.key] = row
    return list(messages.values()), left_out


def _keys(mailing: Mailing, person: Recipient) -> list[str]:
    """The key of this mailing to this address, under each pseudonym key: a rotation must not send it twice."""
    about = f"{mailing.code}\0{normal('email', person.address)}"
    return [f"mailing {mailing.code} {word}" for word in pseudonyms("messages mailing", about)]


def _taken(keys: Sequence[str]) -> set[str]:
    return set(OutboxMessage.objects.filter(Among("key", keys)).values_list("key", flat=True)) if keys else set()


def _insert(messages: Sequence[OutboxMessage]) -> None:
    alias = router.db_for_write(OutboxMessage)
    if not messages:
        return
    if not can_insert_many(alias):
        OutboxMessage.objects.bulk_create(messages)
        return
    field: Any = OutboxMessage._meta.get_field("mailing")
    mailing = str(field.get_db_prep_save(messages[0].mailing_id, connections[alias]))
    names = tuple("mailing_id" if name == "mailing" else name for name in _COLUMNS)
    rows = [[mailing if name == "mailing_id" else getattr(row, name) for name in names] for row in messages]
    insert_many(OutboxMessage, _COLUMNS, rows, using=alias)
