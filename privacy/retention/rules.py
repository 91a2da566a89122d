"""The profile's ``[retention]`` table, and what a promise makes of a schedule's period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.promises.bounds import Bound, weaker
from privacy.promises.queries import bounds, section
from privacy.retention.models import Schedule

PREFIX = "retention."


class WrongRetentionRules(PrivacyError):
    """A key of ``[retention]`` cannot be used."""


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long this site keeps what.

    Attributes:
        grounds: the reasons for which the text lets data outlive its purpose (HTC-5.1-7, CPT-9-2); empty
            when the text names none.
        periods: the site's own figure for a category; a declaration that ends sooner still wins.
    """

    grounds: tuple[str, ...] = ()
    periods: Mapping[str, Period] = field(default_factory=dict)

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> RetentionRules:
        """Read the TOML table.

        Raises:
            WrongRetentionRules: an unknown key, or a value of the wrong shape.
            InvalidPeriod: a period that is none; names ``retention.periods.<category>``.
        """
        for key in table:
            if key not in ("grounds", "periods"):
                raise WrongRetentionRules(field=f"{PREFIX}{key}", problem="unknown key", mend="Use grounds or periods")
        grounds, periods = table.get("grounds", []), table.get("periods", {})
        if not isinstance(grounds, list) or not all(isinstance(ground, str) and ground for ground in grounds):
            raise WrongRetentionRules(
                field=f"{PREFIX}grounds",
                problem="it is no list of reasons",
                mend='Give a list such as ["law", "fraud"]',
            )
        if not isinstance(periods, Mapping):
            raise WrongRetentionRules(
                field=f"{PREFIX}periods", problem="it is no table", mend='Give one period a category: events = "P13M"'
            )
        return cls(
            grounds=tuple(grounds),
            periods={name: Period.parse(text, field=f"{PREFIX}periods.{name}") for name, text in periods.items()},
        )


class CategorySettings(Mapping[str, Callable[[RetentionRules], Any]]):
    """Any ``retention.<category>`` is a setting that a promise may bind: categories are the site's own words."""

    def __getitem__(self, setting: str) -> Callable[[RetentionRules], Any]:
        category = setting.removeprefix(PREFIX)
        if category == setting or not category:
            raise KeyError(setting)
        return lambda rules: rules.periods.get(category)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def rules() -> RetentionRules:
    """The profile's rules; without a profile, none."""
    found = section("retention")
    return found if isinstance(found, RetentionRules) else RetentionRules()


def bounds_of(category: str, now: datetime) -> list[Bound]:
    """The promises that bind the schedules of a category at ``now``."""
    return bounds(f"{PREFIX}{category}", now=now)


def is_weaker(period: Period, promised: Sequence[Bound]) -> bool:
    """Whether a period would break a promise, begun on any day: longer than a ceiling, shorter than a floor."""
    return any(weaker(period, bound.figure, bound.kind) for bound in promised)


def weaker_than(period: Period, promised: Sequence[Bound]) -> list[Bound]:
    """Those bounds that a period would break."""
    return [bound for bound in promised if is_weaker(period, [bound])]


def proposed(declared: Period, own: Period | None) -> Period:
    """The period an untouched schedule has: the declared one, or the site's own where that ends sooner."""
    return own if own is not None and declared.may_outlast(own) else declared


def effective(schedule: Schedule, promised: Sequence[Bound]) -> Period:
    """The period the night goes by: the schedule's, but the promised figure where the schedule is weaker.

    Exceptions (``Keep``) go by their declaration: their ground, not the category's promise, says how long.
    Ceilings come last, so that of a floor and a ceiling that cross the ceiling holds.
    """
    period = schedule.span
    if schedule.kind == Schedule.Kind.EXPIRY:
        for bound in sorted(promised, key=lambda bound: bound.kind == "ceiling"):
            if weaker(period, bound.figure, bound.kind):
                period = bound.figure
    return period
