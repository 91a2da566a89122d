"""What is promised binds the settings: never weaker, on whatever day a period begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from privacy.core.periods import Period
from privacy.promises import queries
from privacy.promises.bounds import Bound, WeakerThanPromised, strictest
from privacy.promises.services import LoadedProfile, refuse_weaker

Load = Callable[..., LoadedProfile]
NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)


def allowed(period: str) -> bool:
    try:
        refuse_weaker(setting="kitchen.kept_for", period=Period.parse(period), field="period", now=NOW)
    except WeakerThanPromised:
        return False
    return True


@pytest.mark.parametrize(
    ("period", "fits"),
    [("P30D", False), ("P29D", False), ("P28D", True), ("P1M", True), ("P1M1D", False), ("P4W", True), ("PT1H", True)],
)
def test_thirty_days_are_refused_under_one_month_and_twenty_eight_are_not(load: Load, period: str, fits: bool) -> None:
    load()
    assert allowed(period) is fits


@pytest.mark.parametrize(
    ("period", "fits"), [("P30D", False), ("P31D", True), ("P1M", True), ("P28D", False), ("P2M", True)]
)
def test_a_floor_refuses_what_may_be_shorter(load: Load, period: str, fits: bool) -> None:
    load(('"ceiling"', '"floor"'))
    assert allowed(period) is fits


def test_the_refusal_names_the_field_the_clause_the_promise_and_the_mend(load: Load) -> None:
    load()
    with pytest.raises(WeakerThanPromised) as refusal:
        refuse_weaker(setting="kitchen.kept_for", period=Period(days=30), field="Schedule.period", now=NOW)
    assert str(refusal.value) == (
        "Schedule.period: P30D may last longer than P1M, which §1 promises (EXA-1-1). "
        "Choose a period that is never longer than P1M, on whatever day it begins."
    )


def test_a_setting_that_nobody_promised_is_free(load: Load) -> None:
    load()
    refuse_weaker(setting="kitchen.heat", period=Period(months=999), field="heat", now=NOW)
    assert queries.bound("kitchen.heat", now=NOW) is None


def test_without_a_profile_everything_is_free(db: None) -> None:
    assert allowed("P99Y")
    assert queries.section("kitchen") is None


def test_the_bound_tells_code_clause_figure_and_kind(load: Load) -> None:
    load()
    assert queries.bound("kitchen.kept_for", now=NOW) == Bound("EXA-1-1", "§1", Period(months=1), "ceiling")


def test_of_several_ceilings_the_lowest_counts(load: Load) -> None:
    shorter = 'check = "kitchen.guests_asked"\nfigure = "P10D"\nbound = "ceiling"\nsetting = "kitchen.kept_for"'
    load(('check = "kitchen.guests_asked"', shorter), ('kept_for = "P1M"\n', 'kept_for = "P7D"\n'))
    bound = queries.bound("kitchen.kept_for", now=NOW)
    assert bound is not None
    assert bound.code == "EXA-2-1"
    assert not allowed("P28D")
    assert allowed("P10D")


def test_ceilings_that_cross_still_leave_one_to_name() -> None:
    month = Bound("A", "§1", Period(months=1), "ceiling")
    thirty = Bound("B", "§2", Period(days=30), "ceiling")
    assert strictest([month, thirty]) is month
    assert strictest([]) is None
