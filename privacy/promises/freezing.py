"""Figures of a text that become bounds, and the refusal of settings that are weaker than those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from privacy.core.periods import Period
from privacy.promises import bounds, queries
from privacy.promises.binding import FrozenFigure, as_bound, standing
from privacy.promises.models import FrozenBound, SiteFacts


def take_turns() -> None:
    """No profile is loaded, no text is published and no bound setting is changed beside the open transaction.

    So nobody looks at a figure that another is about to change. Take it before any lock on a setting.
    """
    SiteFacts.objects.select_for_update().first()


def refuse_weaker(*, setting: str, period: Period, field: str, now: datetime) -> None:
    """Refuse a period that the published text, or the profile, does not allow for this dotted setting at ``now``.

    A ceiling refuses what may last longer on any start day (``P30D`` under ``P1M``), a floor what may last shorter.
    Whoever writes the setting then calls ``take_turns`` first, in the same transaction.

    Raises:
        WeakerThanPromised: names the clause, the promise, and the version that says it.
    """
    bounds.refuse(period, queries.bounds(setting, now=now), field=field)


def refuse_unkept(*, version: str, figures: Sequence[FrozenFigure], now: datetime) -> None:
    """Refuse a text that what is set now would break from its first minute. Call it in the publishing transaction.

    Raises:
        WeakerThanPromised: names the place where it is set.
    """
    take_turns()
    for row in _rows(version, figures, now):
        held = standing(row.setting, as_bound(row), queries.section(row.setting.partition(".")[0]))
        for place, period in held.weaker:
            bounds.refuse(period, [held.bound], field=place)


def freeze(*, version: str, figures: Sequence[FrozenFigure], at: datetime) -> None:
    """Write down what a version promises. From its publication on, settings are bound by it; one statement.

    Args:
        at: when it was published.
    """
    FrozenBound.objects.bulk_create(_rows(version, figures, at))


def _rows(version: str, figures: Sequence[FrozenFigure], at: datetime) -> list[FrozenBound]:
    return [FrozenBound(key=f"{version} {one.code}", version=version, frozen_at=at, **asdict(one)) for one in figures]
