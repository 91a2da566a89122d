"""The profile's ``[policies]`` table: how changes are told, when they bind, and what is accepted how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.promises.queries import section

_KEYS = (
    "channels", "effect", "lead", "email_lead", "posting_lead", "new_users", "companions", "sites", "link_word",
    "acceptance",
)  # fmt: skip
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SITE = re.compile(r"https?://[^\s/]+(/\S*)?")
_E = TypeVar("_E", bound=StrEnum)


class WrongPolicyRules(PrivacyError):
    """A key of ``[policies]`` cannot be used; ``field`` names it."""


class Told(StrEnum):
    """A way by which a change is told. Every version is posted, whatever else a site promises."""

    POSTING = "posting"
    EMAIL = "email"
    BANNER = "banner"
    NOTE = "note"


class EffectRule(StrEnum):
    """From when a version binds those who had an account before: at once when it is posted; ``lead`` after the first
    notice; or for each account by itself, ``email_lead`` after its mail or ``posting_lead`` after the posting,
    whichever is earlier (X06)."""

    POSTING = "posting"
    NOTICE = "notice"
    EARLIER = "earlier"


class NewUsers(StrEnum):
    """From when a version binds those who sign up after it was posted."""

    WITH_EFFECT = "with_effect"
    AT_ONCE = "at_once"


class Kind(StrEnum):
    """How somebody accepts by doing something; empty where that accepts nothing."""

    EXPRESS = "express"
    DEEMED = "deemed"
    NONE = ""


class AskAgain(StrEnum):
    """After which versions the site asks expressly before it goes on."""

    MATERIAL = "material"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class AcceptanceRules:
    """``[policies.acceptance]``.

    Attributes:
        documents: which documents are accepted.
        signup, purchase, download, contact, visit: how each of these accepts.
        continued_use: the first use after a version binds is a deemed acceptance, never a consent (T15).
    """

    documents: tuple[str, ...] = ("privacy",)
    signup: Kind = Kind.NONE
    purchase: Kind = Kind.NONE
    download: Kind = Kind.NONE
    contact: Kind = Kind.NONE
    visit: Kind = Kind.NONE
    continued_use: bool = False
    ask_again: AskAgain = AskAgain.NEVER


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """What a site promises about changing its texts (§3.1 of its settings; K01, K02).

    Attributes:
        channels: how changes are told, ``posting`` among them.
        effect, lead, email_lead, posting_lead: when a version binds; see ``EffectRule``. "One (2) calendar days" was
            published: both are readings, and the longer is the default, for the reader's good (T29).
        new_users: HVR's default is the old version until effect; CPT binds new users at once.
        companions: by document, those whose versions are stored with each acceptance of it.
        sites: further sites that the policy covers (HVR-0-4).
        link_word: a word that links to the policy must contain; empty for any.
    """

    channels: tuple[Told, ...] = (Told.POSTING,)
    effect: EffectRule = EffectRule.POSTING
    lead: Period = Period(days=30)
    email_lead: Period = Period(days=2)
    posting_lead: Period = Period(days=2)
    new_users: NewUsers = NewUsers.WITH_EFFECT
    companions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sites: tuple[str, ...] = ()
    link_word: str = ""
    acceptance: AcceptanceRules = AcceptanceRules()

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> PolicyRules:
        """Read the TOML table; each key may be left out.

        Raises:
            WrongPolicyRules: an unknown key or word.
            InvalidPeriod: a period that is none.
        """
        _known("policies", table, _KEYS)
        channels = tuple(_one("policies.channels", one, Told) for one in _texts("policies.channels", table))
        return cls(
            channels=tuple(dict.fromkeys((Told.POSTING, *channels))),
            effect=_one("policies.effect", table.get("effect", EffectRule.POSTING), EffectRule),
            lead=Period.parse(table.get("lead", "P30D"), field="policies.lead"),
            email_lead=Period.parse(table.get("email_lead", "P2D"), field="policies.email_lead"),
            posting_lead=Period.parse(table.get("posting_lead", "P2D"), field="policies.posting_lead"),
            new_users=_one("policies.new_users", table.get("new_users", NewUsers.WITH_EFFECT), NewUsers),
            companions=_companions(table.get("companions", {})),
            sites=_fitting("policies.sites", _texts("policies.sites", table), _SITE, 'Write "https://example.org"'),
            link_word=_text("policies.link_word", table.get("link_word", "")),
            acceptance=_acceptance(table.get("acceptance", {})),
        )


def policy_rules() -> PolicyRules:
    """The profile's rules, or the defaults where none is loaded. One query."""
    found: PolicyRules | None = section("policies")
    return found or PolicyRules()


def _acceptance(table: Any) -> AcceptanceRules:
    name = "policies.acceptance"
    _table(name, table)
    acts = ("signup", "purchase", "download", "contact", "visit")
    _known(name, table, ("documents", *acts, "continued_use", "ask_again"))
    continued = table.get("continued_use", False)
    if not isinstance(continued, bool):
        raise WrongPolicyRules(
            field=f"{name}.continued_use", problem="it is neither true nor false", mend="Write true or false"
        )
    return AcceptanceRules(
        documents=_codes(f"{name}.documents", _texts(f"{name}.documents", table, ("privacy",))),
        continued_use=continued,
        ask_again=_one(f"{name}.ask_again", table.get("ask_again", AskAgain.NEVER), AskAgain),
        **{act: _one(f"{name}.{act}", table.get(act, ""), Kind) for act in acts},
    )


def _companions(table: Any) -> dict[str, tuple[str, ...]]:
    name = "policies.companions"
    _table(name, table)
    _codes(name, tuple(table))
    return {document: _codes(name, _texts(f"{name}.{document}", table)) for document in table}


def _codes(field: str, values: tuple[str, ...]) -> tuple[str, ...]:
    return _fitting(field, values, _CODE, 'Write codes of documents such as "terms"')


def _fitting(field: str, values: tuple[str, ...], pattern: re.Pattern[str], mend: str) -> tuple[str, ...]:
    for value in values:
        if not pattern.fullmatch(value):
            raise WrongPolicyRules(field=field, problem=f"{value!r} cannot be used", mend=mend)
    return values


def _table(field: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise WrongPolicyRules(field=field, problem="it is no table", mend=f"Open it with [{field}]")


def _known(field: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    if unknown := sorted(set(table) - set(keys)):
        raise WrongPolicyRules(
            field=f"{field}.{unknown[0]}", problem="this key is not known", mend=f"Use one of: {', '.join(keys)}"
        )


def _one(field: str, value: Any, choices: type[_E]) -> _E:
    try:
        return choices(value)
    except ValueError:
        words = ", ".join(filter(None, choices))
        raise WrongPolicyRules(field=field, problem=f"{value!r} is not known", mend=f"Use one of: {words}") from None


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str) or "\n" in value or len(value) > 200:
        raise WrongPolicyRules(field=field, problem="it is no text on one line", mend="Write it in quotes")
    return value.strip()


def _texts(field: str, table: Mapping[str, Any], default: tuple[str, ...] = ()) -> tuple[str, ...]:
    value = table.get(field.rpartition(".")[2], list(default))
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise WrongPolicyRules(field=field, problem="it is no list of texts", mend='Give a list such as ["privacy"]')
    return tuple(item.strip() for item in value)
