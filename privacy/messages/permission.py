"""Who of some people may be sent a message of one topic, and who not and why.

Asked when messages are gathered, and again when they leave: in between, people object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce

from privacy.consent.people import Person
from privacy.consent.permission import against_promotion, permitted
from privacy.consent.queries import UnknownPurpose
from privacy.core.among import Among
from privacy.core.conf import settings
from privacy.core.periods import Period
from privacy.core.registries import providers
from privacy.disposal.models import Closure
from privacy.messages.classes import Basis, Channel, Frequency, Level, Topic
from privacy.messages.models import OutboxMessage, Preference
from privacy.messages.rules import MessageRules
from privacy.messages.sources import only_clients
from privacy.messages.suppression import Stop, stopped, stops_of

#: A host answers who of these members (``str(pk)``) has bought something: ``providers.add(CUSTOMERS, function)``.
CUSTOMERS = "messages.customers"

OPTED_OUT = "opted_out"
NOT_ALLOWED = "not_allowed"
NOT_WANTED = "not_wanted"
TOO_OFTEN = "too_often"
GONE = "account_gone"
OF_A_CLIENT = "of_a_client"

_APART: Mapping[str, Period] = {Frequency.WEEKLY: Period(days=7), Frequency.MONTHLY: Period(months=1)}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be written to: an address, and the key of the account it belongs to, if any."""

    address: str
    user_key: str = ""


@dataclass(slots=True)
class Judgement:
    """What may go.

    Attributes:
        refused: by recipient why not, one of the words above.
        basis: by recipient what the message rests on.
        stopped_all: recipients who get an exempt message although they stopped all correspondence.
        sparing: members who want this topic once in a while only, so that of two that wait one is too many.
    """

    refused: dict[Recipient, str] = field(default_factory=dict)
    basis: dict[Recipient, Basis] = field(default_factory=dict)
    stopped_all: set[Recipient] = field(default_factory=set)
    sparing: set[Recipient] = field(default_factory=set)


def judge(people: Sequence[Recipient], topic: Topic, *, rules: MessageRules, now: datetime) -> Judgement:
    """At most eleven queries for a batch, however many people it holds; two for an exempt topic.

    Where people without an account are among them, one more for each declared place of addresses.

    Source: HTC-3.3-2, HTC-3.3-3, HTC-5.3-2, HVR-4-1, CPT-2-3, CPT-6-1, HMY-10-5, HMY-10-6, HMY-15-2, HMY-15-9.

    Raises:
        UnfitAddress: an address is none.
    """
    found = Judgement(basis=dict.fromkeys(people, topic.basis))
    gone = _gone({person.user_key for person in people if person.user_key}, closing_too=topic.exempt is None)
    _refuse(found, people, GONE, lambda person: person.user_key in gone)
    stops = stops_of(Channel.EMAIL, {person.address for person in people})
    _refuse(found, people, OPTED_OUT, lambda person: stopped(rules, topic, stops.get(person.address, ())))
    found.stopped_all = {person for person in people if _stopped_all(stops.get(person.address, ()))}
    if topic.promotional:
        clients = only_clients({person.address for person in people if not person.user_key})
        _refuse(found, people, OF_A_CLIENT, lambda person: not person.user_key and person.address in clients)
        choices = _choices([person.user_key for person in people if person.user_key], topic)
        _refuse(found, people, NOT_WANTED, lambda person: choices.get(person.user_key, ("", True))[1] is False)
        often = _too_often(choices, topic, now)
        found.sparing = {person for person in people if choices.get(person.user_key, ("", True))[0] in _APART}
        _refuse(found, people, TOO_OFTEN, lambda person: person.user_key in often)
        if not topic.purpose or topic.basis == Basis.CUSTOMER:
            # Being a customer, or silence, is no ground against somebody's word (GDPR Art. 21(3), Art. 7(3)).
            against = against_promotion([_person(one) for one in people], topic.purpose)
            _refuse(found, people, NOT_ALLOWED, lambda person: _person(person) in against)
    _by_basis(found, [person for person in people if person not in found.refused], topic, now)
    return found


def _by_basis(found: Judgement, people: Sequence[Recipient], topic: Topic, now: datetime) -> None:
    if not people or not topic.purpose:
        agreed = set() if topic.basis in (Basis.OPT_IN, Basis.CUSTOMER) else set(people)
    else:
        agreed = _permitted(people, topic.purpose, now)
    if topic.basis == Basis.CUSTOMER:
        customers = _customers([person.user_key for person in people if person.user_key])
        found.basis.update(dict.fromkeys(agreed, Basis.OPT_IN))
        agreed |= {person for person in people if person.user_key in customers}
    _refuse(found, people, NOT_ALLOWED, lambda person: person not in agreed)


def _permitted(people: Sequence[Recipient], purpose: str, now: datetime) -> set[Recipient]:
    try:
        allowed = permitted(list({_person(one) for one in people}), purpose, now=now)
    except UnknownPurpose:
        return set()  # nobody can have agreed to what nobody declared; the system check says so
    return {one for one in people if _person(one) in allowed}


def _person(one: Recipient) -> Person:
    """A member by the account; anybody else by the address."""
    return Person(user_key=one.user_key) if one.user_key else Person(address=one.address)


def _customers(user_keys: Sequence[str]) -> set[str]:
    ask = providers.find(CUSTOMERS)
    return set(ask(user_keys)) if ask and user_keys else set()


def _refuse(found: Judgement, people: Sequence[Recipient], reason: str, wrong: Any) -> None:
    for person in people:
        if wrong(person):
            found.refused.setdefault(person, reason)


def _stopped_all(stops: Sequence[Stop]) -> bool:
    return any(stop.level == Level.ALL for stop in stops)


def _gone(user_keys: set[str], *, closing_too: bool) -> set[str]:
    """Keys without an account; those whose account is closed too, unless the message is exempt."""
    if not user_keys:
        return set()
    key_field = get_user_model()._meta.pk
    accounts: QuerySet[Any] = QuerySet(get_user_model())
    rows = accounts.filter(Among("pk", [key_field.to_python(key) for key in user_keys]))
    gone = user_keys - {str(key) for key in rows.order_by().values_list("pk", flat=True)}
    if closing_too:
        closing = Closure.objects.open().filter(Among("subject_key", list(user_keys)))
        gone |= set(closing.order_by().values_list("subject_key", flat=True))
    return gone


def _choices(user_keys: Sequence[str], topic: Topic) -> dict[str, tuple[str, bool]]:
    """By member how often and whether this topic is wanted by e-mail."""
    if not user_keys:
        return {}
    rows = Preference.objects.of(user_keys).filter(topic=topic.code, channel=Channel.EMAIL)
    return {key: (often, wanted) for key, often, wanted in rows.values_list("user_key", "frequency", "wanted")}


def _too_often(choices: Mapping[str, tuple[str, bool]], topic: Topic, now: datetime) -> set[str]:
    sparing = {key: _APART[often] for key, (often, _wanted) in choices.items() if often in _APART}
    if not sparing:
        return set()
    rows = OutboxMessage.objects.perhaps_sent().filter(Among("user_key", list(sparing)), topic=topic.code)
    last = dict(rows.order_by().values_list("user_key").annotate(at=Max(Coalesce("sent_at", "sending_at"))))
    calendar = settings.calendar
    return {key for key, sent_at in last.items() if sparing[key].end(sent_at, calendar) > now}
