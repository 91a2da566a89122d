"""Who may have an account destroyed. Nothing is destroyed without a mandate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from privacy.core.errors import PrivacyError
from privacy.disposal.rules import ClosureRules

RequestedBy = Literal["member", "staff", "site", "law", "retention"]
VerifiedBy = Literal["", "password", "session", "document", "staff"]

_PEOPLE = ("member", "staff")


class MandateTooWeak(PrivacyError):
    """The site promised more care before an account is removed than this mandate shows."""


@dataclass(frozen=True, slots=True)
class Mandate:
    """Who asked for the closure, by which channel, and how their identity was verified.

    Attributes:
        requested_by: the member, staff on a member's request, the site's own closing, the law, or a
            retention schedule.
        channel: one of ``Closure.Channel``.
        verified_by: how the identity was confirmed; empty when it was not.
    """

    requested_by: RequestedBy
    channel: str
    verified_by: VerifiedBy = ""

    def require(self, rules: ClosureRules) -> None:
        """Refuse when the profile demands more.

        Raises:
            MandateTooWeak: identity must be confirmed and was not (CPT-8-3), a bare session being no
                confirmation; or the route is not one the site offers (CPT-8-1).
        """
        if self.requested_by not in _PEOPLE:
            return
        if rules.identity == "must" and self.verified_by in ("", "session"):
            raise MandateTooWeak(
                field="mandate.verified_by",
                problem="the policy confirms the identity before any account is removed",
                mend="Confirm it by password, document or staff first",
            )
        if self.channel == "page" and "self" not in rules.route:
            raise MandateTooWeak(
                field="mandate.channel",
                problem="under the policy an account is closed by writing in",
                mend="Send the request to the contact that the policy names",
            )
