"""The profile's ``[messages]`` table: what is sent, on which ground, in which form, and how far an opt-out reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import TextChoices

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.messages.classes import BUILT_IN, PROMOTIONAL, Basis, Channel, Exempt, Kind, Level, Topic
from privacy.promises.queries import section

ON_MAILS = ("marketing", "every")
_KEYS = (
    "opt_out",
    "opt_out_within",
    "link_on",
    "postal_address_on",
    "label",
    "sender_domains",
    "channels",
    "stop_words",
    "topics",
)
_TOPIC_KEYS = ("code", "title", "class", "basis", "purpose", "exempt")
_Choice = TypeVar("_Choice", bound=TextChoices)


class WrongMessageRules(PrivacyError):
    """A key of ``[messages]`` cannot be used; ``field`` names it."""


class UnknownTopic(PrivacyError):
    """The profile knows no such kind of message, so nobody can have agreed or objected to it."""


@dataclass(frozen=True, slots=True)
class MessageRules:
    """How this site writes to people.

    Attributes:
        opt_out: what one press on "unsubscribe" stops: this topic (HVR), all promotion (HTC, CPT), or all
            correspondence but the exempt (HMY-15-9).
        opt_out_within: the outer limit for opt-outs that a person enters by hand (HMY-15-7).
        link_on: whether promotion alone, or every mail, carries the link (HMY-15-8).
        postal_address_on: which mails carry the postal address; empty for none (HMY-15-5).
        label: what marks a promotional mail as such; empty for none (HMY-15-4).
        sender_domains: domains that mails may come from; empty allows every one (HMY-15-3).
        channels: ways by which the site promotes (CPT-2-3).
        stop_words: answers to a text that stop further ones (CPT-6-1).
        topics: the kinds of messages by code, the built-in ones included.
    """

    opt_out: Level = Level.MARKETING
    opt_out_within: Period = Period(business_days=10)
    link_on: str = "marketing"
    postal_address_on: str = ""
    label: str = ""
    sender_domains: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = (Channel.EMAIL,)
    stop_words: tuple[str, ...] = ("STOP",)
    topics: Mapping[str, Topic] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        own = self.topics or {}
        object.__setattr__(self, "topics", {topic.code: topic for topic in BUILT_IN} | dict(own))

    def topic(self, code: str) -> Topic:
        """
        Raises:
            UnknownTopic: nobody declared it.
        """
        try:
            return self.topics[code]
        except KeyError:
            raise UnknownTopic(
                field="topic",
                problem="the profile declares no such topic",
                mend=f"Use one of: {', '.join(sorted(self.topics))}",
            ) from None

    @property
    def promotional(self) -> tuple[Topic, ...]:
        return tuple(topic for topic in self.topics.values() if topic.promotional)

    def links(self, topic: Topic) -> bool:
        """Whether a mail of this topic must carry the way out."""
        return topic.promotional or self.link_on == "every"

    def prints_address(self, topic: Topic) -> bool:
        return self.postal_address_on == "every" or (self.postal_address_on == "marketing" and topic.promotional)

    def stopped_by(self, level: str, about: str, topic: Topic) -> bool:
        """Whether an opt-out of this level, given about that topic, stops a message of this one."""
        if topic.exempt is not None:
            return False
        if level == Level.ALL:
            return True
        return topic.promotional and (level == Level.MARKETING or about == topic.code)

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> MessageRules:
        """Read the TOML table; each key may be left out.

        Raises:
            WrongMessageRules: an unknown key or word, or a topic that cannot be used.
            InvalidPeriod: a period that is none.
        """
        _known("messages", table, _KEYS)
        topics = _topics(table.get("topics", []))
        return cls(
            opt_out=_one("messages.opt_out", table.get("opt_out", Level.MARKETING), Level),
            opt_out_within=Period.parse(table.get("opt_out_within", "P10BD"), field="messages.opt_out_within"),
            link_on=_word("messages.link_on", table.get("link_on", "marketing"), ON_MAILS),
            postal_address_on=_word("messages.postal_address_on", table.get("postal_address_on", ""), ("", *ON_MAILS)),
            label=_text("messages.label", table.get("label", "")),
            sender_domains=tuple(one.lower() for one in _texts("messages.sender_domains", table, ())),
            channels=tuple(
                _one("messages.channels", one, Channel) for one in _texts("messages.channels", table, ("email",))
            ),
            stop_words=_texts("messages.stop_words", table, ("STOP",)),
            topics={topic.code: topic for topic in topics},
        )


def message_rules() -> MessageRules:
    """The profile's rules, or the strictest defaults where none is loaded. One query."""
    found: MessageRules | None = section("messages")
    return found or MessageRules()


def _topics(tables: Any) -> list[Topic]:
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise WrongMessageRules(
            field="messages.topics", problem="it is no list of tables", mend="Write [[messages.topics]] for each"
        )
    topics = [_topic(table) for table in tables]
    codes = [topic.code for topic in topics]
    if len(codes) != len(set(codes)):
        raise WrongMessageRules(field="messages.topics", problem="two have one code", mend="Give each its own code")
    return topics


def _topic(table: Mapping[str, Any]) -> Topic:
    code = _text("messages.topics.code", table.get("code", ""))
    field = f"messages.topics.{code}"
    if not code.replace("_", "").isalnum() or len(code) > 40:
        raise WrongMessageRules(
            field="messages.topics.code", problem="it is no plain word", mend='Write a code such as "offers"'
        )
    _known(field, table, _TOPIC_KEYS)
    kind = _one(f"{field}.class", table.get("class", ""), Kind)
    promotional = kind in PROMOTIONAL
    basis = _one(f"{field}.basis", table.get("basis", Basis.OPT_IN if promotional else Basis.NONE), Basis)
    exempt = table.get("exempt")
    purpose = _text(f"{field}.purpose", table.get("purpose", ""))
    if promotional and basis == Basis.NONE:
        raise WrongMessageRules(
            field=f"{field}.basis", problem="promotion rests on something", mend="Give opt_in, customer or opt_out"
        )
    if promotional and basis == Basis.OPT_IN and not purpose:
        raise WrongMessageRules(
            field=f"{field}.purpose",
            problem="an opt-in is a consent to a purpose, and none is named",
            mend="Name one of [[consent.purposes]]",
        )
    if (kind == Kind.LEGAL) != (exempt is not None):
        raise WrongMessageRules(
            field=f"{field}.exempt",
            problem="legal messages, and no others, are exempt from an opt-out, for a reason",
            mend=f"Give class legal one of: {', '.join(Exempt)}",
        )
    return Topic(
        code,
        _text(f"{field}.title", table.get("title", code)),
        kind,
        basis,
        purpose,
        Exempt(_word(f"{field}.exempt", exempt, tuple(Exempt))) if exempt is not None else None,
    )


def _known(field: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    if unknown := sorted(set(table) - set(keys)):
        raise WrongMessageRules(
            field=f"{field}.{unknown[0]}", problem="this key is not known", mend=f"Use one of: {', '.join(keys)}"
        )


def _one(field: str, value: Any, choices: type[_Choice]) -> _Choice:
    return choices(_word(field, value, tuple(choices.values)))


def _word(field: str, value: Any, words: tuple[str, ...]) -> str:
    if value not in words:
        raise WrongMessageRules(
            field=field, problem=f"{value!r} is not known", mend=f"Use one of: {', '.join(filter(None, words))}"
        )
    return str(value)


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str) or "\n" in value or len(value) > 200:
        raise WrongMessageRules(field=field, problem="it is no text on one line", mend="Write it in quotes")
    return value.strip()


def _texts(field: str, table: Mapping[str, Any], default: tuple[str, ...]) -> tuple[str, ...]:
    value = table.get(field.rpartition(".")[2], list(default))
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise WrongMessageRules(field=field, problem="it is no list of texts", mend='Give a list such as ["email"]')
    return tuple(item.strip() for item in value)
