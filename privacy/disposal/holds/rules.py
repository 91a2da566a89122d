"""The profile's ``[holds]`` table: for which reasons data may be held, and how often somebody must look again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.promises.queries import section

#: Grounds as people read them; a profile may name others, which are shown as they are written.
GROUNDS: Mapping[str, str | Promise] = {
    "law": _("a law obliges us to keep it"),
    "litigation": _("a court case"),
    "dispute": _("a dispute"),
    "agreement": _("enforcing an agreement"),
    "archive": _("our archive"),
    "claims": _("a claim"),
    "complaints": _("a complaint"),
    "fair treatment": _("to show that people were treated fairly"),
    "inquiry": _("an inquiry by an authority"),
    "fraud": _("a case of fraud"),
}
_GROUND = re.compile(r"[a-z][a-z_ -]{1,39}")


class WrongHoldRules(PrivacyError):
    """A key of ``[holds]`` cannot be used."""


@dataclass(frozen=True, slots=True)
class HoldRules:
    """How this site holds data.

    Attributes:
        grounds: the reasons that the published text names (HTC-10-2, HTC-5.3-7, CPT-9-2); no hold has another.
        review_every: a hold's review lies no further ahead than this.
        alarm_before: how long before a review ADMINS are told.
    """

    grounds: tuple[str, ...] = ("law", "litigation", "dispute")
    review_every: Period = Period(months=12)
    alarm_before: Period = Period(days=14)

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> HoldRules:
        """Read the TOML table.

        Raises:
            WrongHoldRules: an unknown key, or grounds that are no list of plain words.
            InvalidPeriod: a period that is none.
        """
        known = ("alarm_before", "grounds", "review_every")
        for key in table:
            if key not in known:
                raise WrongHoldRules(field=f"holds.{key}", problem="unknown key", mend=f"Use {', '.join(known)}")
        grounds = table.get("grounds", list(cls().grounds))
        if not isinstance(grounds, list) or not grounds or not all(_is_ground(ground) for ground in grounds):
            raise WrongHoldRules(
                field="holds.grounds",
                problem="it is no list of reasons in small letters",
                mend='Give a list such as ["law", "litigation"]',
            )
        every = Period.parse(table.get("review_every", "P1Y"), field="holds.review_every")
        if not every:
            raise WrongHoldRules(
                field="holds.review_every", problem="it is no time at all", mend="Give a period such as P6M"
            )
        return cls(
            grounds=tuple(dict.fromkeys(grounds)),
            review_every=every,
            alarm_before=Period.parse(table.get("alarm_before", "P14D"), field="holds.alarm_before"),
        )


def hold_rules() -> HoldRules:
    """The profile's rules; without a profile, the app's own."""
    found = section("holds")
    return found if isinstance(found, HoldRules) else HoldRules()


def promised_grounds() -> tuple[str, ...]:
    """The reasons that the loaded profile names for holds; none where it has no such table."""
    found = section("holds")
    return found.grounds if isinstance(found, HoldRules) else ()


def ground_words(ground: str) -> str:
    """A ground as a person reads it."""
    return str(GROUNDS.get(ground, ground.replace("_", " ")))


def _is_ground(word: object) -> bool:
    return isinstance(word, str) and bool(_GROUND.fullmatch(word))
