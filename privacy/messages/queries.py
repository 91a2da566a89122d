"""What screens and live checks ask of the outbox. Nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from privacy.consent.models import Flag
from privacy.consent.permission import permitted_rows
from privacy.core.batches import keyset
from privacy.core.conf import settings
from privacy.datamap.rows import key_as_text
from privacy.messages.agreeing import person_of
from privacy.messages.classes import Basis, Channel, Frequency, Level, Topic
from privacy.messages.digests import UnfitAddress, digests
from privacy.messages.models import Mailing, OutboxMessage, Preference, Suppression
from privacy.messages.permission import _APART
from privacy.messages.querysets import OutboxQuerySet
from privacy.messages.rules import MessageRules, message_rules
from privacy.messages.sources import has_client_addresses, only_clients

_AT_ONCE = 1_000
_State = OutboxMessage.State


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mailing has come, in messages by state."""

    by_state: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def over(self) -> int:
        """What neither waits nor is on its way."""
        return self.total - self.by_state.get(_State.QUEUED, 0) - self.by_state.get(_State.SENDING, 0)


def progress(mailings: Sequence[UUID]) -> dict[UUID, Progress]:
    """By mailing; one query for all of them."""
    counts: dict[UUID, dict[str, int]] = {key: {} for key in mailings}
    rows = OutboxMessage.objects.filter(mailing__in=list(mailings)).order_by()
    for mailing, state, count in rows.values_list("mailing", "state").annotate(Count("pk")):
        counts[mailing][state] = count
    return {key: Progress(found) for key, found in counts.items()}


def overview(now: datetime) -> dict[str, Any]:
    """For the desk: what waits, what left in a day, what a person must decide. Four queries."""
    rows = OutboxMessage.objects
    return {
        "waiting": rows.queued().count(),
        "sent": rows.sent().filter(sent_at__gt=now - timedelta(days=1)).count(),
        "doubtful": rows.ambiguous().count(),
        "mailings": list(Mailing.objects.filter(state__in=("preparing", "running", "paused"))[:5]),
    }


def sent_after_opt_out(rows: OutboxQuerySet, rules: MessageRules, *, levels: Sequence[str]) -> int:
    """How many of these left although an opt-out of one of these levels was in force when they began to leave.

    Two queries for a thousand messages, in constant memory; one where nobody ever opted out.
    """
    if not Suppression.objects.filter(level__in=levels).exists():
        return 0
    return _counted(rows, lambda some: _after_opt_out(some, rules, levels))


def sent_after_objection(rows: OutboxQuerySet, rules: MessageRules) -> int:
    """How many of these left while an objection or a restriction of their reader stood (GDPR Art. 18 and 21).

    Two queries for a thousand messages, in constant memory; one where nobody ever raised any.
    """
    if not Flag.objects.exists():
        return 0
    return _counted(rows, lambda some: _after_objection(some, rules))


def sent_against_choice(rows: OutboxQuerySet) -> int:
    """How many promotional mails left to members who had refused their topic, or sooner than they wanted."""
    refusing = Preference.objects.filter(channel=Channel.EMAIL)
    if not refusing.filter(Q(wanted=False) | ~Q(frequency=Frequency.EVERY)).exists():
        return 0
    return _counted(rows.promotional().exclude(user_key=""), _against_choice)


def sent_to_clients_people(rows: OutboxQuerySet) -> int:
    """How many mails left to an address that is known only from a client's data (HTC-3.3-3)."""
    return _counted(rows.filter(user_key=""), _of_clients) if has_client_addresses() else 0


def _counted(rows: OutboxQuerySet, wrong: Callable[[list[OutboxMessage]], int]) -> int:
    return sum(wrong(some) for some in _chunks(rows))


def _chunks(rows: OutboxQuerySet) -> Iterator[list[OutboxMessage]]:
    columns = ("pk", "digest", "address", "topic", "user_key", "sending_at", "sent_at")
    for keys in keyset(rows, _AT_ONCE):
        yield list(rows.filter(pk__in=keys).only(*columns).order_by("pk"))


def _after_opt_out(some: list[OutboxMessage], rules: MessageRules, levels: Sequence[str]) -> int:
    words = {row.pk: _words(row) for row in some}
    every = [word for found in words.values() for word in found]
    stops: dict[str, list[Suppression]] = {}
    for stop in Suppression.objects.of(Channel.EMAIL, every).filter(level__in=levels):
        stops.setdefault(stop.digest, []).append(stop)
    return sum(
        any(_was_stopped(row, stop, rules) for word in words[row.pk] for stop in stops.get(word, ())) for row in some
    )


def _after_objection(some: list[OutboxMessage], rules: MessageRules) -> int:
    people = {row.pk: person for row in some if (person := person_of(row))}
    flags: dict[str, list[Flag]] = {}
    for flag in Flag.objects.of_any(list(set(people.values()))):
        flags.setdefault(flag.user_key or flag.digest, []).append(flag)
    wrong = 0
    for row in some if flags else ():
        person = people.get(row.pk)
        words = () if person is None else (person.user_key,) if person.user_key else person.digests
        wrong += any(_stood(flag, row, rules) for word in words for flag in flags.get(word, ()))
    return wrong


def _stood(flag: Flag, row: OutboxMessage, rules: MessageRules) -> bool:
    topic, began = rules.topics.get(row.topic), row.sending_at or row.sent_at
    if topic is None or began is None or flag.purpose not in ("", topic.purpose) or flag.raised_at >= began:
        return False
    # What objects to everything keeps direct marketing away though it was rejected.
    rejected = flag.outcome == Flag.Outcome.REJECTED and (bool(flag.purpose) or flag.kind != Flag.Kind.OBJECTION)
    ends = [moment for moment in (flag.lifted_at, flag.decided_at if rejected else None) if moment is not None]
    return all(began < moment for moment in ends)


def _words(row: OutboxMessage) -> set[str]:
    """Every digest under which an opt-out of this recipient may stand."""
    try:
        return {row.digest, *digests(Channel.EMAIL, row.address)} - {""}
    except UnfitAddress:
        return {row.digest} - {""}


def _was_stopped(row: OutboxMessage, stop: Suppression, rules: MessageRules) -> bool:
    topic = rules.topics.get(row.topic)
    began = row.sending_at or row.sent_at
    in_force = began is not None and stop.entered_at < began and (stop.lifted_at is None or stop.lifted_at > began)
    return in_force and topic is not None and rules.stopped_by(stop.level, stop.topic, topic)


def _against_choice(some: list[OutboxMessage]) -> int:
    keys = {row.user_key for row in some}
    choices = {(row.user_key, row.topic): row for row in Preference.objects.of(keys).filter(channel=Channel.EMAIL)}
    wrong = 0
    for row in some:
        choice = choices.get((row.user_key, row.topic))
        began = row.sending_at or row.sent_at
        if choice is None or began is None or choice.chosen_at > began:
            continue
        wrong += not choice.wanted or _too_soon(row, choice, began)
    return wrong


def _too_soon(row: OutboxMessage, choice: Preference, began: datetime) -> bool:
    if choice.frequency not in _APART:
        return False
    # Clocks of several machines differ a little; a day's fraction is no broken promise.
    since = _APART[choice.frequency].cutoff(began, settings.calendar) + timedelta(minutes=5)
    earlier = OutboxMessage.objects.sent().filter(user_key=row.user_key, topic=row.topic, sent_at__gt=since)
    return earlier.filter(sent_at__lt=began, sent_at__gt=choice.chosen_at).exists()


def _of_clients(some: list[OutboxMessage]) -> int:
    clients = only_clients({row.address for row in some if row.address})
    return sum(row.address in clients for row in some)


def reachable_members(topic: Topic, channel: str, *, now: datetime) -> QuerySet[Any]:
    """Open accounts that the site may reach about a topic by a channel, for a list (CPT-2-3). One query.

    Where the topic rests on a consent, only those who said yes to it; where it does not, all who did not say no.
    """
    accounts: QuerySet[Any] = QuerySet(get_user_model()).filter(is_active=True)
    if channel not in message_rules().channels:
        return accounts.none()
    key: QuerySet[Any] = accounts.alias(_key=key_as_text(get_user_model(), accounts.db, "pk"))
    said = Preference.objects.filter(user_key=OuterRef("_key"), topic=topic.code, channel=channel)
    found: QuerySet[Any] = key.exclude(Exists(said.filter(wanted=False)))
    if topic.basis == Basis.OPT_IN:
        found = found.filter(Exists(said.filter(wanted=True)))
    if topic.purpose:
        found = permitted_rows(found, topic.purpose, now=now)
    return found


ALL_LEVELS = (Level.TOPIC, Level.MARKETING, Level.ALL)
