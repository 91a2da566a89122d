"""What published versions bind: their frozen figures, for as long as the version binds anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from privacy.core.periods import Period
from privacy.core.registries import providers
from privacy.promises.bounds import Bound, BoundKind, figures_of, weaker
from privacy.promises.models import FrozenBound

#: ``(*, now) -> {version: until}``: every version whose figures bind at ``now``, and until when where that is known.
#: The room that publishes answers it; without one nothing is published, and nothing frozen binds.
BINDING_VERSIONS = "binding_versions"


@dataclass(frozen=True, slots=True)
class FrozenFigure:
    """A promised figure as a text gives it: what is written down of it when the text is published.

    Attributes:
        code: the promise, ``"HTC-10-4"``.
        clause: where the profile says that it stands.
        heading: above the figure in the text; may be empty.
        setting: the dotted setting that it binds; empty where no setting carries it.
        figure: a period.
        bound: ``"ceiling"`` or ``"floor"``.
    """

    code: str
    clause: str
    heading: str
    setting: str
    figure: str
    bound: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A bound beside what is set now.

    Attributes:
        setting: dotted; empty where no setting carries the figure.
        places: where it is set, and to what: ``("backups.kept_for in this profile", P1M)``.
        weaker: those of them that are weaker than the bound.
    """

    setting: str
    bound: Bound
    places: tuple[tuple[str, Period], ...]
    weaker: tuple[tuple[str, Period], ...]

    def words_of_the_weaker(self) -> list[str]:
        """A sentence without its full stop for each place that is weaker than the bound."""
        bound = self.bound
        wrong = "longer" if bound.kind == "ceiling" else "shorter"
        promised = f"{bound.figure}, which {bound.place} promises ({bound.code})"
        return [f"{place} is {period}, and may last {wrong} than {promised}" for place, period in self.weaker]


def versions(now: datetime) -> Mapping[str, datetime | None]:
    """The versions whose figures bind at ``now``, each with its end where a later version has set one."""
    ask = providers.find(BINDING_VERSIONS)
    return ask(now=now) if ask else {}


def frozen(rows: Iterable[FrozenBound], now: datetime) -> Iterator[tuple[FrozenBound, Bound]]:
    """Those of ``rows`` whose version binds at ``now``, the first published first.

    One query for the versions where there are any rows.
    """
    found = sorted(rows, key=lambda row: (row.frozen_at, row.key))
    binding = versions(now) if found else {}
    for row in found:
        if row.version in binding:
            yield row, as_bound(row, until=binding[row.version])


def as_bound(row: FrozenBound, *, until: datetime | None = None) -> Bound:
    """A frozen figure as a setting sees it."""
    figure, kind = Period.parse(row.figure), cast(BoundKind, row.bound)
    return Bound(row.code, row.clause, figure, kind, row.version, row.heading, until)


def merged(published: Iterable[Bound], own: Iterable[Bound]) -> list[Bound]:
    """What versions promise, then what the profile alone promises: what both say is told by its version."""
    told = list(published)
    said = {(bound.code, bound.kind, bound.figure) for bound in told}
    return [*told, *(bound for bound in own if (bound.code, bound.kind, bound.figure) not in said)]


def standing(setting: str, bound: Bound, rules: Any | None) -> Standing:
    """A bound held against every place where its setting is set.

    Args:
        rules: of the section that the setting belongs to; None where the profile has none.
    """
    places = tuple(figures_of(setting, rules)) if setting else ()
    bad = tuple(place for place in places if weaker(place[1], bound.figure, bound.kind))
    return Standing(setting, bound, places, bad)
