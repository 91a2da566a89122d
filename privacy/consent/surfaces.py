"""Where a person can decide. What is no act of theirs gives no consent, whatever a text says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from privacy.core.errors import PrivacyError

#: Surfaces on which the person acts, or wrote: these satisfy a purpose that asks for an express act.
EXPRESS = ("page", "account", "api", "paper", "mail")
#: Surfaces on which the person acts, and nothing shows it but the word of whoever wrote it down.
SPOKEN = ("phone", "counter")
#: What a site may have, and what is no consent.
NO_ACT: Mapping[str, str] = {
    "acceptance": "accepting a policy agrees to no purpose",  # T15
    "continued_use": "using the site agrees to no purpose",  # T15, HTC-14-2, CPT-14-5
    "browser": "how a browser is set up authorises nothing",  # T25
    "subscription": "a subscription agrees to no other purpose",  # T18
    "default": "a box that was ticked beforehand is no answer",
    "import": "a list from elsewhere does not say in which words people were asked",
}
#: Taking a permission back is never refused for where it comes from.
ONLY_BACK = ("unsubscribe", "browser", "staff", "replay")
_PLACE = re.compile(r"[a-z0-9][a-z0-9 _-]{0,39}")


class NoConsentFrom(PrivacyError):
    """This surface shows no act by which the person agreed."""


class UnknownSurface(PrivacyError):
    """The word names no surface."""


def refuse_for_grant(surface: str, *, express: bool) -> None:
    """Refuse a surface that cannot give consent.

    Args:
        surface: a kind, with a place where there are several: ``"page"``, ``"page:signup"``.
        express: whether the purpose asks for an express act (HVR-3-3).

    Raises:
        NoConsentFrom: it is no act of the person, or none that can be shown where an express one is asked for.
        UnknownSurface: no such kind.
    """
    kind = surface.partition(":")[0]
    if kind in NO_ACT:
        raise NoConsentFrom(field="surface", problem=NO_ACT[kind], mend="Ask the person, and record what they answer")
    if express and kind in SPOKEN:
        raise NoConsentFrom(
            field="surface",
            problem="this purpose needs an express act that can be shown",
            mend="Ask in writing, or on a page",
        )
    refuse_unknown(surface, (*EXPRESS, *SPOKEN))


def refuse_unknown(surface: str, kinds: tuple[str, ...] = (*EXPRESS, *SPOKEN, *ONLY_BACK)) -> None:
    """Refuse what is no surface of these kinds.

    Raises:
        UnknownSurface: it is none.
    """
    kind, colon, place = surface.partition(":")
    if kind not in kinds or (colon and not _PLACE.fullmatch(place)):
        raise UnknownSurface(
            field="surface",
            problem="this is no surface",
            mend=f'Use one of {", ".join(kinds)}, with a place where there are several, such as "page:signup"',
        )


def is_express(surface: str) -> bool:
    """Whether an express act stands behind a decision that was made there."""
    return surface.partition(":")[0] in EXPRESS
