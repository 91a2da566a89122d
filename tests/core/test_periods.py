"""Months are months, days are days of the site's zone, and nothing outlives a ceiling."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import example, given
from hypothesis import strategies as st

from privacy.core.periods import Calendar, InvalidPeriod, Period

#: 60 moments of three zones with their ends and cut-offs, worked out by hand and by a second program.
#: "last" is the last microsecond of that day.
with (Path(__file__).parent / "months.csv").open() as file:
    MONTHS = list(csv.DictReader(file))
TICK = timedelta(microseconds=1)
BERLIN = Calendar(ZoneInfo("Europe/Berlin"))
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "UTC"]
NAMED = ["P1M", "P3M", "P13M", "P30D"]


def _local(text: str, zone: ZoneInfo) -> datetime:
    if text.endswith(" last"):
        return datetime.combine(date.fromisoformat(text[:10]), time.max, zone)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


@pytest.mark.parametrize("row", MONTHS, ids=lambda row: f"{row['zone']} {row['moment']}")
@pytest.mark.parametrize("text", NAMED)
def test_sixty_dates_end_and_fall_due_when_the_calendar_says(row: dict[str, str], text: str) -> None:
    zone = ZoneInfo(row["zone"])
    moment, period, calendar = _local(row["moment"], zone), Period.parse(text), Calendar(zone)
    assert period.end(moment, calendar) == _local(row[f"end_{text}"], zone)
    assert period.cutoff(moment, calendar) == _local(row[f"cutoff_{text}"], zone)


def test_the_table_holds_sixty_different_dates() -> None:
    assert len({(row["zone"], row["moment"]) for row in MONTHS}) == 60


@pytest.mark.parametrize("text", NAMED)
@pytest.mark.parametrize("row", MONTHS, ids=lambda row: f"{row['zone']} {row['moment']}")
def test_looking_ahead_a_night_takes_what_ends_before_the_next(row: dict[str, str], text: str) -> None:
    zone = ZoneInfo(row["zone"])
    start, period, calendar = _local(row["moment"], zone), Period.parse(text), Calendar(zone)
    end = period.end(start, calendar).astimezone(zone)
    tonight = datetime.combine(end.date(), time(3, 30), zone)
    if tonight > end:
        tonight -= timedelta(days=1)
    next_night = datetime.combine(tonight.date() + timedelta(days=1), time(3, 30), zone)
    assert start <= period.cutoff(next_night, calendar)


# --- the clock -----------------------------------------------------------------------------


def test_an_end_in_the_hour_that_comes_twice_is_the_first() -> None:
    start = datetime(2026, 9, 25, 2, 30, tzinfo=BERLIN.zone)
    assert Period.parse("P1M").end(start, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_end_in_the_hour_that_is_skipped_is_the_jump() -> None:
    start = datetime(2026, 2, 27, 2, 30, tzinfo=BERLIN.zone)
    assert Period.parse("P30D").end(start, BERLIN) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_in_the_second_of_two_equal_hours_all_of_the_first_is_over() -> None:
    now = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=BERLIN.zone)
    assert Period.parse("P1M").cutoff(now, BERLIN) == datetime(2026, 9, 25, 3, tzinfo=BERLIN.zone) - TICK


def test_hours_ignore_the_clock_change() -> None:
    start = datetime(2026, 3, 28, 12, tzinfo=BERLIN.zone)
    assert Period.parse("PT72H").end(start, BERLIN) - start == timedelta(hours=72)
    assert Period.parse("PT72H").cutoff(start, BERLIN) == start - timedelta(hours=72)


def test_a_day_of_the_clock_change_has_its_own_length() -> None:
    start = datetime(2026, 3, 28, 12, tzinfo=BERLIN.zone)
    assert Period.parse("P1D").end(start, BERLIN) - start.astimezone(UTC) == timedelta(hours=23)


def test_days_are_counted_in_the_sites_zone_and_not_in_utc() -> None:
    late = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)  # the 31st in Berlin
    assert Period.parse("P1M").end(late, BERLIN) == datetime(2026, 2, 27, 23, 30, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_is_passed_over() -> None:
    apia = Calendar(ZoneInfo("Pacific/Apia"))  # had no 30 December 2011
    start = datetime(2011, 11, 30, 12, tzinfo=apia.zone)
    end = Period.parse("P1M").end(start, apia)
    assert end.astimezone(apia.zone) == datetime(2011, 12, 31, 0, 0, tzinfo=apia.zone)


def test_business_days_pass_over_week_ends_and_holidays() -> None:
    calendar = Calendar(ZoneInfo("Europe/Berlin"), "DE", "BY")
    thursday = datetime(2026, 4, 2, 12, tzinfo=calendar.zone)  # before Good Friday and Easter Monday
    assert Period.parse("P1BD").end(thursday, calendar) == datetime(2026, 4, 7, 12, tzinfo=calendar.zone)
    assert Period.parse("P1BD").end(thursday, BERLIN) == datetime(2026, 4, 3, 12, tzinfo=calendar.zone)


def test_regional_holidays_count_only_where_the_region_is_named() -> None:
    eve = datetime(2026, 1, 5, 12, tzinfo=BERLIN.zone)
    ends = [Period.parse("P1BD").end(eve, Calendar(BERLIN.zone, "DE", part)).day for part in ("BY", "HH", "")]
    assert ends == [7, 6, 6]


# --- the cut-off is the inverse ------------------------------------------------------------

MOMENTS = st.datetimes(datetime(2009, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
#: Around clock changes and month ends, where the rules meet.
CORNERS = st.builds(
    lambda base, seconds: base + timedelta(seconds=seconds),
    st.sampled_from(
        [
            datetime(2026, 3, 29, 1, tzinfo=UTC),
            datetime(2026, 10, 25, 1, tzinfo=UTC),
            datetime(2026, 4, 25, 1, tzinfo=UTC),
            datetime(2026, 11, 25, 1, tzinfo=UTC),
            datetime(2018, 11, 4, 3, tzinfo=UTC),
            datetime(2018, 2, 18, 2, tzinfo=UTC),
            datetime(2011, 12, 30, 10, tzinfo=UTC),
            datetime(2012, 1, 30, 10, tzinfo=UTC),
            datetime(2024, 2, 29, 12, tzinfo=UTC),
            datetime(2026, 2, 28, 12, tzinfo=UTC),
            datetime(2026, 1, 31, 12, tzinfo=UTC),
            datetime(2026, 4, 30, 12, tzinfo=UTC),
        ]
    ),
    st.integers(-2 * 86_400, 2 * 86_400),
)
INSTANTS = st.one_of(MOMENTS, CORNERS)
PERIODS = st.one_of(
    st.sampled_from([Period.parse(text) for text in [*NAMED, "P1Y", "P0D", "PT72H", "P1BD", "P10BD"]]),
    st.builds(Period, months=st.integers(0, 40), days=st.integers(0, 60), seconds=st.integers(0, 200_000)),
    st.builds(Period, business_days=st.integers(0, 25)),
)
CALENDARS = st.one_of(
    st.sampled_from(ZONES).map(lambda name: Calendar(ZoneInfo(name))),
    st.just(Calendar(ZoneInfo("Europe/Berlin"), "DE", "BY")),
)


@given(INSTANTS, PERIODS, CALENDARS)
def test_the_cutoff_is_the_latest_start_that_is_over(now: datetime, period: Period, calendar: Calendar) -> None:
    cutoff = period.cutoff(now, calendar)
    assert period.end(cutoff, calendar) <= now
    assert period.end(cutoff + TICK, calendar) > now


@given(INSTANTS, PERIODS, CALENDARS, st.one_of(st.integers(1, 10**6), st.integers(1, 40 * 86_400 * 10**6)))
def test_nothing_behind_the_cutoff_is_over(now: datetime, period: Period, calendar: Calendar, later: int) -> None:
    start = period.cutoff(now, calendar) + timedelta(microseconds=later)
    assert period.end(start, calendar) > now


@given(INSTANTS, PERIODS, CALENDARS)
def test_a_row_is_due_at_the_microsecond_of_its_end(start: datetime, period: Period, calendar: Calendar) -> None:
    assert start <= period.cutoff(period.end(start, calendar), calendar)


@given(INSTANTS, PERIODS, CALENDARS, st.integers(0, 400 * 86_400 * 10**6))
def test_a_row_goes_early_only_with_a_later_one_that_is_over(
    now: datetime, period: Period, calendar: Calendar, before: int
) -> None:
    cutoff = period.cutoff(now, calendar)
    start = cutoff - timedelta(microseconds=before)
    early = period.end(start, calendar) - now
    assert early < timedelta(days=1, hours=1)
    if early > timedelta(0):
        ends = [
            date_ + relativedelta(months=period.months, days=period.days)
            for date_ in (start.astimezone(calendar.zone).date(), cutoff.astimezone(calendar.zone).date())
        ]
        share_an_end = ends[0] == ends[1] or period.business_days
        assert share_an_end or _clock_change_near(now, calendar) or _clock_change_near(cutoff, calendar)


def _clock_change_near(moment: datetime, calendar: Calendar) -> bool:
    offsets = {
        (moment + timedelta(hours=hours)).astimezone(calendar.zone).utcoffset() for hours in (-26, -2, -1, 0, 1, 2, 26)
    }
    return len(offsets) > 1


@given(INSTANTS, st.integers(1, 60), st.integers(0, 60 * 86_400))
def test_in_a_zone_without_clock_changes_days_have_an_exact_inverse(now: datetime, days: int, before: int) -> None:
    period, calendar = Period(days=days), Calendar(ZoneInfo("UTC"))
    start = now - timedelta(seconds=before)
    assert (start <= period.cutoff(now, calendar)) == (period.end(start, calendar) <= now)


# --- comparing -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("P30D", "P1M", True),
        ("P28D", "P1M", False),
        ("P29D", "P1M", True),
        ("P1M", "P1M", False),
        ("P1M", "P31D", False),
        ("P1M", "P30D", True),
        ("P13M", "P1Y", True),
        ("P12M", "P1Y", False),
        ("P365D", "P1Y", False),
        ("P366D", "P1Y", True),
        ("P1Y", "P365D", True),
        ("PT24H", "P1D", False),
        ("PT25H", "P1D", True),
        ("P1BD", "P1D", True),
        ("P1BD", "P3D", False),
        ("P0D", "PT1S", False),
    ],
)
def test_a_period_may_outlast_another_begun_on_some_day(one: str, other: str, may: bool) -> None:
    assert Period.parse(one).may_outlast(Period.parse(other)) is may


SIMPLE = st.one_of(
    st.builds(Period, months=st.integers(0, 30)),
    st.builds(Period, days=st.integers(0, 800)),
    st.builds(Period, months=st.integers(0, 14), days=st.integers(0, 40)),
)


@given(SIMPLE, SIMPLE)
@example(Period(days=59), Period(months=2))
@example(Period(months=2), Period(days=61))
def test_may_outlast_agrees_with_trying_every_day(one: Period, other: Period) -> None:
    def ends(period: Period) -> list[date]:
        days = (date(2023, 1, 1) + timedelta(days=n) for n in range(1461))
        return [day + relativedelta(months=period.months, days=period.days) for day in days]

    assert one.may_outlast(other) == any(a > b for a, b in zip(ends(one), ends(other), strict=True))


# --- reading and writing -------------------------------------------------------------------


@given(PERIODS)
def test_a_period_is_read_back_from_its_text(period: Period) -> None:
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize(
    ("text", "months", "days", "seconds"),
    [("P1Y2M", 14, 0, 0), ("P2W", 0, 14, 0), ("PT72H", 0, 0, 259_200), ("P1DT2H3M4S", 0, 1, 7384), ("P0D", 0, 0, 0)],
)
def test_iso_periods_are_understood(text: str, months: int, days: int, seconds: int) -> None:
    assert Period.parse(text) == Period(months=months, days=days, seconds=seconds)


@pytest.mark.parametrize("months", range(1, 40))
def test_months_are_told_as_whole_years_or_as_months(months: int) -> None:
    assert str(Period(months=months)) == (f"P{months // 12}Y" if months % 12 == 0 else f"P{months}M")


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "1M", "30", "P-1M", "-P1M", "P1.5M", "P1DT", "P1M1BD", "p1m", "P1M ", "P1H", "P٣M", "P" + "9" * 50],
)
def test_a_wrong_period_names_the_key_and_the_mend(text: str) -> None:
    with pytest.raises(InvalidPeriod) as refusal:
        Period.parse(text, field="backups.kept_for")
    assert refusal.value.field == "backups.kept_for"
    assert '"P1M"' in refusal.value.mend


@pytest.mark.parametrize("value", [30, None, 1.5, ["P1M"]])
def test_a_bare_number_is_no_period(value: object) -> None:
    with pytest.raises(InvalidPeriod, match="has no unit"):
        Period.parse(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("parts", [{"months": -1}, {"months": 1, "business_days": 1}, {"months": 12_001}])
def test_a_period_that_no_calendar_knows_is_refused(parts: dict[str, int]) -> None:
    with pytest.raises(InvalidPeriod):
        Period(**parts)
