"""From when a version binds whom. Pure functions over the rule that was frozen with the version (X06, T26, T29).

A day is one of the site's calendar. Whatever the rule: nothing binds before an account is there, and a reason that was
written down before the publication is the only way to bind sooner than the rule says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.core.words import has_words
from privacy.policies.rules import EffectRule, NewUsers, PolicyRules, Told


class TooEarly(PrivacyError):
    """A version would bind sooner than the rule of the profile says, and nobody wrote down why (HVR-14-1)."""


class BeforePosting(PrivacyError):
    """A version would bind before anybody can read it on the page."""


@dataclass(frozen=True, slots=True)
class Effect:
    """When one version binds; frozen with it, so that a later profile changes nothing about it.

    Attributes:
        rule, lead, email_lead, posting_lead, new_users: as in ``PolicyRules``.
        channels: how it is told; a first version changes nothing, and is only posted.
        begins: a moment that a person chose instead of the rule's.
        early: whether that moment lies before the rule's, with a reason.
    """

    rule: EffectRule = EffectRule.POSTING
    lead: Period = Period()
    email_lead: Period = Period()
    posting_lead: Period = Period()
    new_users: NewUsers = NewUsers.WITH_EFFECT
    channels: tuple[str, ...] = ("posting",)
    begins: datetime | None = None
    early: bool = False

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Effect:
        """From the column of a version; an empty one, of before there were rules, binds when it is posted."""
        begins = stored.get("begins")
        return cls(
            rule=EffectRule(stored.get("rule", EffectRule.POSTING)),
            lead=Period.parse(stored.get("lead", "P0D")),
            email_lead=Period.parse(stored.get("email_lead", "P0D")),
            posting_lead=Period.parse(stored.get("posting_lead", "P0D")),
            new_users=NewUsers(stored.get("new_users", NewUsers.WITH_EFFECT)),
            channels=tuple(stored.get("channels", ("posting",))),
            begins=datetime.fromisoformat(begins) if begins else None,
            early=bool(stored.get("early", False)),
        )

    def stored(self) -> dict[str, Any]:
        """For the column of a version."""
        return {
            "rule": str(self.rule),
            "lead": str(self.lead),
            "email_lead": str(self.email_lead),
            "posting_lead": str(self.posting_lead),
            "new_users": str(self.new_users),
            "channels": list(self.channels),
            "begins": self.begins.isoformat() if self.begins else None,
            "early": self.early,
        }


def frozen(
    rules: PolicyRules, *, first: bool, posted_at: datetime, begins: datetime | None = None, early_reason: str = ""
) -> Effect:
    """The effect of a version that is published under these rules.

    Args:
        first: nothing stands before it in its language, so that it changes nothing, and binds when it is posted.
        posted_at: when the page shows it.
        begins: the moment to bind from; nothing leaves it to the rule.
        early_reason: why that is sooner than the rule says.

    Raises:
        TooEarly: it is sooner, and no reason is given.
        BeforePosting: it would bind before it can be read.
    """
    channels = (str(Told.POSTING),) if first else tuple(str(one) for one in rules.channels)
    by_rule = Effect(
        EffectRule.POSTING if first else rules.effect,
        rules.lead,
        rules.email_lead,
        rules.posting_lead,
        rules.new_users,
        channels,
    )
    if begins is None:
        return by_rule
    if begins < posted_at:
        raise BeforePosting(
            field="effective_from",
            problem="it would bind before it can be read on the page",
            mend="Leave it empty, or choose a later moment; what is scheduled may be on the page up to an hour later",
        )
    last = binds_from(by_rule, posted_at=posted_at)
    early = begins < last
    if early and not has_words(early_reason):
        raise TooEarly(
            field="early_reason",
            problem=f"it would bind sooner than the profile promises, which is {last:%Y-%m-%d %H:%M} UTC",
            mend="Choose that moment or a later one, or write down why it cannot wait",
        )
    return Effect(
        by_rule.rule, by_rule.lead, by_rule.email_lead, by_rule.posting_lead, by_rule.new_users, channels, begins, early
    )


def binds_from(
    effect: Effect,
    *,
    posted_at: datetime,
    dispatched_at: datetime | None = None,
    joined_at: datetime | None = None,
) -> datetime:
    """From when a version binds one account, in UTC.

    Args:
        dispatched_at: when its mail was handed over, whether or not it arrived; nothing where none went.
        joined_at: when the account was made; nothing stands for one that was there before.

    Source: HTC-14-1, HVR-14-1, CPT-14-2, CPT-14-3, CPT-14-4.
    """
    if joined_at is not None and joined_at >= posted_at and effect.new_users is NewUsers.AT_ONCE:
        return joined_at
    moment = _by_rule(effect, posted_at, dispatched_at)
    if effect.begins is not None:
        moment = effect.begins if effect.early else max(moment, effect.begins)
    return moment if joined_at is None else max(moment, joined_at)


def _by_rule(effect: Effect, posted_at: datetime, dispatched_at: datetime | None) -> datetime:
    calendar = settings.calendar
    if effect.rule is EffectRule.NOTICE:
        return effect.lead.end(min(posted_at, dispatched_at or posted_at), calendar)
    if effect.rule is EffectRule.EARLIER:
        by_posting = effect.posting_lead.end(posted_at, calendar)
        return min(by_posting, effect.email_lead.end(dispatched_at, calendar)) if dispatched_at else by_posting
    return posted_at
