"""Opt-outs: entering them, lifting them on the person's own word, and asking for them.

They are kept by keyed digest, so that the same address is known again after its account was erased, when it is
registered anew, imported, or restored with a backup. Source: K16, HTC-5.3-1, CPT-6-1, CPT-6-2, HMY-15-7, HMY-15-9.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, router, transaction
from django.db.models import Count

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.pseudonyms import pseudonym_key_id
from privacy.evidence.services import record
from privacy.messages import journalling
from privacy.messages.classes import Channel, Level, Topic
from privacy.messages.digests import digest, digests
from privacy.messages.models import OutboxMessage, Suppression
from privacy.messages.rules import MessageRules, message_rules

_State = OutboxMessage.State


class OptOutInFuture(PrivacyError):
    """Nobody has asked yet at a moment that is still to come."""


@dataclass(frozen=True, slots=True)
class OptOutReport:
    """What an opt-out did.

    Attributes:
        entered: False when the same was in force already.
        dropped: messages that waited and will not go.
    """

    level: str
    topic: str
    entered: bool
    dropped: int


@dataclass(frozen=True, slots=True)
class Stop:
    """One opt-out as those who send see it."""

    level: str
    topic: str
    entered_at: datetime


def opt_out(
    *,
    address: str,
    channel: str = Channel.EMAIL,
    level: str = "",
    topic: str = "",
    source: str,
    requested_at: datetime | None = None,
    user_key: str = "",
    now: datetime,
    actor: Actor,
) -> OptOutReport:
    """Stop messages to an address from this moment on. What waits for it and is stopped is dropped at once.

    Args:
        address: e-mail address, number or postal address; only its digest is kept.
        level: empty takes what the profile says one press stops.
        topic: what it is about; needed where the level is ``topic``.
        source: of ``Suppression.Source``.
        requested_at: when the person said so, where that was earlier (HMY-15-7).
        user_key: ``str(pk)`` of the member, for the evidence.

    Raises:
        UnfitAddress: it is none of this channel.
        UnknownTopic: the profile has no such topic.
        OptOutInFuture: ``requested_at`` is still to come.
    """
    return opt_out_digest(
        digest=digest(channel, address),
        key_id=pseudonym_key_id(),
        also=digests(channel, address)[1:],
        channel=channel,
        level=level,
        topic=topic,
        source=source,
        requested_at=requested_at,
        user_key=user_key,
        now=now,
        actor=actor,
    )


def opt_out_digest(
    *,
    digest: str,
    key_id: str,
    also: Sequence[str] = (),
    channel: str = Channel.EMAIL,
    level: str = "",
    topic: str = "",
    source: str,
    requested_at: datetime | None = None,
    user_key: str = "",
    now: datetime,
    actor: Actor,
) -> OptOutReport:
    """The same for whoever knows only the digest, as the link in a mail does.

    Args:
        digest, key_id: the digest, and under which key it was made.
        also: the digests of the same address under other keys.

    Raises:
        UnknownTopic, OptOutInFuture: as ``opt_out``.
    """
    rules = message_rules()
    level = level or rules.opt_out
    if level == Level.TOPIC:
        rules.topic(topic)
    else:
        topic = ""
    if requested_at is not None and requested_at > now:
        raise OptOutInFuture(field="requested_at", problem="it is still to come", mend="Give the day it came in")
    row = Suppression(
        channel=channel,
        digest=digest,
        key_id=key_id,
        level=level,
        topic=topic,
        source=source,
        requested_at=requested_at or now,
        entered_at=now,
    )
    with transaction.atomic(using=router.db_for_write(Suppression)):
        entered = _enter(row)
        if entered:
            counts = {"opt-outs": 1}
            details = {"channel": channel, "level": level, "topic": topic, "source": source, "digest": digest}
            record(
                act="messages.opted_out",
                now=now,
                actor=actor,
                label="privacy.Suppression",
                counts=counts,
                subject=user_key,
                details=details,
            )
            journalling.tell_suppressions([row], now=now)
        dropped = drop_queued(digests={digest, *also}, now=now) if channel == Channel.EMAIL else 0
    return OptOutReport(level, topic, entered, dropped)


def lift(
    *, address: str, channel: str = Channel.EMAIL, topics: Collection[str] = (), now: datetime, actor: Actor
) -> int:
    """The person asks for messages again: opt-outs that stop one of these topics end. No import and no sign-up does.

    Where more than one topic was stopped, the others stay stopped, each by an opt-out of its own.

    Args:
        topics: what is asked for; none lifts everything.

    Returns:
        How many opt-outs were lifted.

    Raises:
        UnfitAddress: it is none of this channel.
    """
    rules = message_rules()
    wanted = [rules.topic(code) for code in topics] or list(rules.topics.values())
    words = digests(channel, address)
    with transaction.atomic(using=router.db_for_write(Suppression)):
        rows = list(Suppression.objects.select_for_update().of(channel, words).in_force())
        lifted = [row for row in rows if any(rules.stopped_by(row.level, row.topic, topic) for topic in wanted)]
        if not lifted:
            return 0
        for row in lifted:
            row.lifted_at = now
        Suppression.objects.filter(pk__in=[row.pk for row in lifted]).update(lifted_at=now)
        rest = _narrowed(lifted, wanted, rules, words[0], now)
        for row in rest:
            _enter(row)
        record(
            act="messages.opted_in_again",
            now=now,
            actor=actor,
            label="privacy.Suppression",
            counts={"opt-outs": len(lifted)},
            subject=actor.key if actor.kind == "member" else "",
            details={"channel": channel, "topics": sorted(topics)},
        )
        journalling.tell_suppressions([*lifted, *rest], now=now)
    return len(lifted)


def stops_of(channel: str, addresses: Iterable[str]) -> dict[str, list[Stop]]:
    """By address the opt-outs in force, under whatever key they were entered. One query.

    Raises:
        UnfitAddress: one is none of this channel.
    """
    by_digest = {word: address for address in addresses for word in digests(channel, address)}
    found: dict[str, list[Stop]] = defaultdict(list)
    rows = Suppression.objects.of(channel, list(by_digest)).in_force()
    for word, level, topic, entered_at in rows.values_list("digest", "level", "topic", "entered_at"):
        found[by_digest[word]].append(Stop(level, topic, entered_at))
    return found


def stopped(rules: MessageRules, topic: Topic, stops: Sequence[Stop]) -> bool:
    """Whether one of these opt-outs stops a message of this topic."""
    return any(rules.stopped_by(stop.level, stop.topic, topic) for stop in stops)


def drop_queued(*, digests: Collection[str], now: datetime) -> int:
    """Drop what waits for one address and is stopped by now. What is on its way already cannot be called back.

    Three queries, and one when something is dropped.

    Args:
        digests: of that address, under each key.
    """
    waiting = OutboxMessage.objects.of_digests(digests).queued()
    about = set(waiting.values_list("topic", flat=True).order_by().distinct())
    if not about:
        return 0
    rules = message_rules()
    rows = Suppression.objects.of(Channel.EMAIL, digests).in_force().values_list("level", "topic", "entered_at")
    stops = [Stop(*row) for row in rows]
    codes = [code for code in about if code in rules.topics and stopped(rules, rules.topics[code], stops)]
    if not codes:
        return 0
    return waiting.filter(topic__in=codes).update(state=_State.DROPPED, reason="opted_out", ended_at=now)


def suppressions_by_key() -> dict[str, int]:
    """Opt-outs in force by the id of the key that they need: without it nobody is known again."""
    named = Suppression.objects.in_force().order_by()
    return dict(named.values_list("key_id").annotate(Count("pk")))


def _enter(row: Suppression) -> bool:
    try:
        with transaction.atomic(using=router.db_for_write(Suppression)):
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _narrowed(
    lifted: Sequence[Suppression], wanted: Sequence[Topic], rules: MessageRules, word: str, now: datetime
) -> list[Suppression]:
    """Opt-outs for what was stopped and is not asked for again."""
    asked = {topic.code for topic in wanted}
    left = {
        topic.code: row
        for row in lifted
        for topic in rules.promotional
        if topic.code not in asked and rules.stopped_by(row.level, row.topic, topic)
    }
    return [
        Suppression(
            channel=row.channel,
            digest=word,
            key_id=pseudonym_key_id(),
            level=Level.TOPIC,
            topic=code,
            source=row.source,
            requested_at=row.requested_at,
            entered_at=now,
        )
        for code, row in left.items()
    ]
