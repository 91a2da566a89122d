"""What a published figure does to a setting: it may be stricter than the text, never weaker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.core.registries import profile_sections, providers

BoundKind = Literal["ceiling", "floor"]


@dataclass(frozen=True, slots=True)
class Bound:
    """A promise that binds a setting.

    Attributes:
        code: the promise, ``"HTC-10-4"``.
        clause: where the text says it, ``"§10"``.
        figure: the promised period.
        kind: ``"ceiling"`` (no longer than) or ``"floor"`` (no shorter than).
        version: the published version that says it, ``"privacy.en.3"``; empty where the profile alone does.
        heading: above the figure in that version's text; may be empty.
        until: when that version's figure stops to bind, because a later one binds everybody; None while none is there.
    """

    code: str
    clause: str
    figure: Period
    kind: BoundKind
    version: str = ""
    heading: str = ""
    until: datetime | None = None

    @property
    def place(self) -> str:
        """Where a reader finds it: ``§10``, or ``§10 "Backups" of privacy.en.3``."""
        if not self.version:
            return self.clause
        clause = f'{self.clause} "{self.heading}"' if self.heading else self.clause
        return f"{clause} of {self.version}"


class WeakerThanPromised(PrivacyError):
    """A setting would be weaker than the published text."""


def weaker(period: Period, promised: Period, kind: str) -> bool:
    """Whether, begun on some day, ``period`` ends on the wrong side of ``promised``."""
    return period.may_outlast(promised) if kind == "ceiling" else promised.may_outlast(period)


def strictest(bounds: list[Bound]) -> Bound | None:
    """The bound that leaves the least room; of several that cross, the first."""
    for one in bounds:
        if not any(weaker(one.figure, other.figure, other.kind) for other in bounds if other.kind == one.kind):
            return one
    return bounds[0] if bounds else None


def refuse(period: Period, bounds: list[Bound], *, field: str) -> None:
    """Raise ``WeakerThanPromised`` for the first bound that ``period`` may break."""
    for bound in bounds:
        if weaker(period, bound.figure, bound.kind):
            wrong = "longer" if bound.kind == "ceiling" else "shorter"
            raise WeakerThanPromised(
                field=field,
                problem=f"{period} may last {wrong} than {bound.figure}, which {bound.place} promises ({bound.code})",
                mend=f"Choose a period that is never {wrong} than {bound.figure}, on whatever day it begins"
                + (", or publish a version with another figure first" if bound.version else ""),
            )


def find_reader(setting: str) -> Callable[[Any], Any] | None:
    """How the room that owns this dotted setting reads its figure out of its rules."""
    name, _, key = setting.partition(".")
    section = profile_sections.find(name)
    return section.settings.get(setting) if section is not None and key else None


def figures_of(setting: str, rules: Any | None) -> Iterator[tuple[str, Period]]:
    """Every period that this setting has: in the profile, and where a person changed it since.

    A room whose settings can be edited outside the profile registers a provider ``"in_force.<section>"``
    that takes ``setting`` and gives the periods now in force.
    """
    name = setting.partition(".")[0]
    reader = find_reader(setting)
    if rules is not None and reader is not None and (figure := reader(rules)) is not None:
        yield f"{setting} in this profile", figure if isinstance(figure, Period) else Period.parse(str(figure))
    if in_force := providers.find(f"in_force.{name}"):
        yield from ((f"{setting} as set outside the profile", period) for period in in_force(setting=setting))
