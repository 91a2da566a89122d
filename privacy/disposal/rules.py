"""The profile's ``[closure]`` table: when a closed account's data is destroyed, and on whose word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period

ROUTES = ("self", "written")
IDENTITY = ("none", "may", "must")


class WrongClosureRules(PrivacyError):
    """A key of ``[closure]`` cannot be used."""


@dataclass(frozen=True, slots=True)
class ClosureRules:
    """How this site closes accounts.

    Attributes:
        after: from closing to destruction; zero destroys in the closing transaction (HTC-10-3), more
            is a ceiling (HVR-11-2).
        route: ``self`` on the privacy page, ``written`` by writing in.
        identity: whether identity ``must``, ``may`` or need not (``none``) be confirmed first (CPT-8-3).
        proof_kept_for: how long the erasable details of the evidence outlive the person (X14).
    """

    after: Period = Period()
    route: tuple[str, ...] = ("self", "written")
    identity: str = "may"
    proof_kept_for: Period = Period(months=12)

    @property
    def at_once(self) -> bool:
        return not self.after

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> ClosureRules:
        """Read the TOML table.

        Raises:
            WrongClosureRules: an unknown key, route or identity mode.
            InvalidPeriod: a period that is none.
        """
        known = {"after", "route", "identity", "proof_kept_for"}
        for key in table:
            if key not in known:
                raise WrongClosureRules(
                    field=f"closure.{key}", problem="unknown key", mend=f"Use {', '.join(sorted(known))}"
                )
        route = table.get("route", ["self", "written"])
        if not isinstance(route, list) or not route or not set(route) <= set(ROUTES):
            raise WrongClosureRules(
                field="closure.route",
                problem=f"{route!r} is no list of routes",
                mend='Give ["self"], ["written"] or both',
            )
        identity = table.get("identity", "may")
        if identity not in IDENTITY:
            raise WrongClosureRules(
                field="closure.identity",
                problem=f"{identity!r} is not known",
                mend=f"Use one of: {', '.join(IDENTITY)}",
            )
        return cls(
            after=Period.parse(table.get("after", "P0D"), field="closure.after"),
            route=tuple(route),
            identity=identity,
            proof_kept_for=Period.parse(table.get("proof_kept_for", "P1Y"), field="closure.proof_kept_for"),
        )
