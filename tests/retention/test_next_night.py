from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from privacy.retention import queries
from privacy.retention.models import NightRun

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def at(settings: Any) -> Any:
    def at(time: str) -> None:
        settings.PRIVACY = {**settings.PRIVACY, "NIGHT_AT": time}

    return at


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (moment(2026, 3, 16, 12), moment(2026, 3, 17, 3, 30)),
        (moment(2026, 3, 16, 3, 29), moment(2026, 3, 16, 3, 30)),
        (moment(2026, 3, 16, 3, 30), moment(2026, 3, 17, 3, 30)),
        (moment(2026, 12, 31, 23, 59), moment(2027, 1, 1, 3, 30)),
        (moment(2026, 3, 28, 12), moment(2026, 3, 29, 3, 30)),
        (moment(2026, 10, 24, 12), moment(2026, 10, 25, 3, 30)),
    ],
)
def test_the_next_night_begins_at_the_sites_hour(now: datetime, due: datetime) -> None:
    assert queries.next_night(now) == due


def test_a_night_in_the_hour_that_the_clock_skips_is_still_one_night(at: Any) -> None:
    at("02:30")
    due = queries.next_night(moment(2026, 3, 28, 12))
    assert due == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert queries.next_night(due) == moment(2026, 3, 30, 2, 30)


def test_a_night_in_the_hour_that_the_clock_shows_twice_comes_once(at: Any) -> None:
    at("02:30")
    due = queries.next_night(moment(2026, 10, 24, 12))
    assert due == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert queries.next_night(due) == moment(2026, 10, 26, 2, 30)


def test_the_last_due_night_and_the_next_one_are_neighbours() -> None:
    now = moment(2026, 3, 16, 12)
    assert queries.last_due(now) == moment(2026, 3, 16, 3, 30)
    assert queries.next_night(queries.last_due(now)) == queries.next_night(now)
    assert queries.last_due(moment(2026, 3, 16, 3, 30)) == moment(2026, 3, 16, 3, 30)


def test_the_horizon_reaches_past_the_work_of_the_next_night() -> None:
    now = moment(2026, 3, 16, 3, 30)
    assert queries.horizon(now) == moment(2026, 3, 17, 3, 30) + timedelta(hours=1)


def night(as_of: datetime, status: str = "done", **values: Any) -> NightRun:
    return NightRun.objects.create(
        status=status, as_of=as_of, horizon=queries.horizon(as_of), created_at=as_of, asked_by="test", **values
    )


@pytest.mark.django_db
def test_nights_that_never_began_are_counted() -> None:
    first = moment(2026, 3, 16, 3, 30)
    assert queries.missed_nights(first) == 0
    night(first)
    assert queries.missed_nights(moment(2026, 3, 17, 3, 31)) == 0
    assert queries.missed_nights(moment(2026, 3, 17, 9)) == 1
    assert queries.missed_nights(moment(2026, 3, 20, 3, 31)) == 3


@pytest.mark.django_db
def test_a_dry_run_or_a_single_step_is_no_night() -> None:
    first = moment(2026, 3, 16, 3, 30)
    night(first)
    night(moment(2026, 3, 18, 3, 30), status="preview", dry_run=True)
    night(moment(2026, 3, 18, 3, 40), only="retention.schedules")
    assert queries.missed_nights(moment(2026, 3, 18, 9)) == 2
    assert queries.last_completed_night() == NightRun.objects.get(as_of=first)


@pytest.mark.django_db
def test_a_night_is_wanted_when_none_ended_since_the_last_was_due() -> None:
    assert queries.night_wanted(moment(2026, 3, 16, 12))
    night(moment(2026, 3, 16, 3, 30))
    assert not queries.night_wanted(moment(2026, 3, 16, 12))
    assert not queries.night_wanted(moment(2026, 3, 17, 3, 29))
    assert queries.night_wanted(moment(2026, 3, 17, 3, 31))
    night(moment(2026, 3, 17, 3, 31), status="failed")
    assert not queries.night_wanted(moment(2026, 3, 17, 12))
