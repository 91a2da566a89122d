"""What a member chooses in the account settings: kinds of promotion, how often, by which channel.

Source: HTC-5.3-2, CPT-2-3, CPT-6-1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.db.models import QuerySet

from privacy.consent.people import Person
from privacy.consent.permission import standing
from privacy.consent.queries import UnknownPurpose
from privacy.consent.services import NothingToWithdraw, withdraw
from privacy.core.actors import Actor
from privacy.datamap.shapes import email_field
from privacy.evidence.services import record
from privacy.messages import journalling
from privacy.messages.classes import Basis, Channel, Frequency, Level, Topic
from privacy.messages.models import OutboxMessage, Preference, Suppression
from privacy.messages.rules import MessageRules, message_rules
from privacy.messages.suppression import OptOutReport, lift, opt_out, stopped, stops_of

#: Where a withdrawal of the one press came from.
SURFACE = "account"


@dataclass(frozen=True, slots=True)
class Choice:
    """One box of the page: a topic by a channel."""

    topic: str
    channel: str
    wanted: bool
    frequency: str = Frequency.EVERY


@dataclass(frozen=True, slots=True)
class Standing:
    """One topic as it stands for a member.

    Attributes:
        channels: by channel whether the member wants it there.
        stopped: an opt-out stops it by e-mail, whatever the boxes say.
        granted: False where it rests on a consent that the member did not give: nothing is to be chosen then.
    """

    topic: Topic
    channels: dict[str, bool]
    frequency: str
    stopped: bool
    granted: bool = True


def choose(*, user: Any, choices: Iterable[Choice], now: datetime, actor: Actor) -> int:
    """Write down what a member chose. What is wanted by e-mail again lifts the opt-out that stopped it.

    Returns:
        How many choices differ from before.

    Raises:
        UnknownTopic: the profile has none of that code.
    """
    rules = message_rules()
    key = str(user.pk)
    given = {(choice.topic, choice.channel): choice for choice in choices if rules.topic(choice.topic).promotional}
    with transaction.atomic(using=router.db_for_write(Preference)):
        before = {one.topic.code: one for one in standings(user, rules=rules, now=now)}
        kept = {(row.topic, row.channel): row for row in Preference.objects.select_for_update().of([key])}
        changed: list[Choice] = []
        written: list[Preference] = []
        for place, choice in given.items():
            was = before[choice.topic]
            same = was.channels.get(choice.channel) == choice.wanted and was.frequency == choice.frequency
            if place in kept and not same:
                row = kept[place]
                row.wanted, row.frequency, row.chosen_at = choice.wanted, choice.frequency, now
                row.save(update_fields=["wanted", "frequency", "chosen_at"])
                written.append(row)
            elif place not in kept:
                row = Preference.objects.create(
                    user_key=key,
                    topic=choice.topic,
                    channel=choice.channel,
                    wanted=choice.wanted,
                    frequency=choice.frequency,
                    chosen_at=now,
                )
                written.append(row)
            changed += [] if same else [choice]
        journalling.tell_choices(written, now=now)
        if changed:
            details = {"choices": [[one.topic, one.channel, one.wanted, one.frequency] for one in changed]}
            counts = {"choices": len(changed)}
            record(
                act="messages.preference_set",
                now=now,
                actor=actor,
                label="privacy.Preference",
                counts=counts,
                subject=key,
                details=details,
            )
        refused = [one.topic for one in changed if not one.wanted and one.channel == Channel.EMAIL]
        if refused:
            # A run that asked before this choice may be at it: what has not begun to leave stays here.
            waiting = OutboxMessage.objects.queued().filter(user_key=key, topic__in=refused)
            waiting.update(state=OutboxMessage.State.DROPPED, reason="not_wanted", ended_at=now)
        again = [
            choice.topic
            for choice in changed
            if choice.wanted and choice.channel == Channel.EMAIL and before[choice.topic].stopped
        ]
        if again and (address := address_of(user)):
            lift(address=address, topics=again, now=now, actor=actor)
    return len(changed)


def stop_all(*, user: Any, level: str = "", now: datetime, actor: Actor) -> OptOutReport | None:
    """One press: everything that the profile lets a person stop, or all promotion, by every channel.

    What rests on a consent is taken back as well: a refusal of the messages that it is about leaves it no use.

    Args:
        level: empty takes what the profile says, and at least all promotion.

    Returns:
        None where the account has no address; the boxes are cleared all the same.
    """
    rules = message_rules()
    level = level or (Level.ALL if rules.opt_out == Level.ALL else Level.MARKETING)
    shown = [one for one in standings(user, rules=rules, now=now) if one.granted]
    every = [Choice(one.topic.code, channel, False, one.frequency) for one in shown for channel in rules.channels]
    with transaction.atomic(using=router.db_for_write(Preference)):
        choose(user=user, choices=every, now=now, actor=actor)
        address = address_of(user)
        take_back([Person.of_user(user)], [one.topic for one in shown], surface=SURFACE, now=now, actor=actor)
        if not address:
            return None
        return opt_out(
            address=address,
            level=level,
            source=Suppression.Source.PAGE,
            user_key=str(user.pk),
            now=now,
            actor=actor,
        )


def take_back(people: Iterable[Person], topics: Iterable[Topic], *, surface: str, now: datetime, actor: Actor) -> None:
    """Withdraw the consents that these topics rest on, of each of these people who gave one."""
    for person, purpose in product(people, sorted({topic.purpose for topic in topics if topic.purpose})):
        with suppress(NothingToWithdraw, UnknownPurpose):
            withdraw(person=person, purpose=purpose, surface=surface, now=now, actor=actor)


def standings(user: Any, *, rules: MessageRules | None = None, now: datetime) -> list[Standing]:
    """Every promotional topic as it stands for this member. Three queries besides the rules."""
    rules = rules or message_rules()
    address = address_of(user)
    stops = stops_of(Channel.EMAIL, [address]).get(address, []) if address else []
    rows = {(row.topic, row.channel): row for row in Preference.objects.of([str(user.pk)])}
    allowed = standing(Person.of_user(user), now=now) if any(topic.purpose for topic in rules.promotional) else {}
    return [_standing(topic, rules, rows, stopped(rules, topic, stops), allowed) for topic in rules.promotional]


def reachable(*, user_keys: Sequence[str], topic: str, channel: str) -> set[str]:
    """Those of these members whom the site may reach about this topic by text, telephone or post (CPT-2-3).

    A list for the site's own tools; what a person refused, or a number that answered STOP, the site leaves out with
    ``stops_of``. Two queries.

    Raises:
        UnknownTopic: the profile has none of that code.
    """
    rules = message_rules()
    about = rules.topic(topic)
    if channel not in rules.channels:
        return set()
    rows = Preference.objects.of(user_keys).filter(topic=topic, channel=channel)
    said = dict(rows.values_list("user_key", "wanted"))
    default = about.basis == Basis.OPT_OUT
    return {key for key in user_keys if said.get(key, default)}


def asked_again(*, purpose: str, person: Person, now: datetime, actor: Actor) -> int:
    """Somebody gave a consent anew: an opt-out from before stops what rests on it no longer. Returns how many ended."""
    topics = [topic.code for topic in message_rules().promotional if topic.purpose == purpose]
    if not topics:
        return 0
    address = person.address
    if person.user_key:
        Preference.objects.of([person.user_key]).filter(topic__in=topics, channel=Channel.EMAIL).update(
            wanted=True, chosen_at=now
        )
        model = get_user_model()
        user: Any = QuerySet(model).filter(pk=model._meta.pk.to_python(person.user_key)).first()
        address = address_of(user) if user is not None else ""
    return lift(address=address, topics=topics, now=now, actor=actor) if address else 0


def address_of(user: Any) -> str:
    field = email_field(get_user_model())
    return str(getattr(user, field) or "").strip() if field else ""


def unwanted(*, user_keys: Collection[str], topics: Collection[str], now: datetime) -> int:
    """Members left by a link: these boxes by e-mail are empty from now on. Returns how many boxes."""
    written = [
        Preference.objects.update_or_create(
            user_key=key, topic=topic, channel=Channel.EMAIL, defaults={"wanted": False, "chosen_at": now}
        )[0]
        for key, topic in product(user_keys, topics)
    ]
    journalling.tell_choices(written, now=now)
    return len(written)


def _standing(
    topic: Topic,
    rules: MessageRules,
    rows: dict[tuple[str, str], Preference],
    is_stopped: bool,
    allowed: Mapping[str, bool],
) -> Standing:
    granted = allowed.get(topic.purpose, False) if topic.basis == Basis.OPT_IN else True
    wanted = {}
    for channel in rules.channels:
        row = rows.get((topic.code, channel))
        wanted[str(channel)] = granted and (row.wanted if row is not None else True)
    if is_stopped and Channel.EMAIL in wanted:
        wanted[str(Channel.EMAIL)] = False
    by_mail = rows.get((topic.code, Channel.EMAIL))
    return Standing(topic, wanted, by_mail.frequency if by_mail else str(Frequency.EVERY), is_stopped, granted)
