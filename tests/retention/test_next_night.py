from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

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


@pytest.mark.django_db
def test_a_worker_whose_clock_is_a_little_behind_still_carries_out_the_night_that_is_due() -> None:
    begun = moment(2026, 3, 16, 3, 30) - timedelta(seconds=2)
    assert queries.following_night(begun) == moment(2026, 3, 17, 3, 30)
    assert queries.horizon(begun) == queries.horizon(moment(2026, 3, 16, 3, 30))


class TestTimetable:
    """Beat's row belongs to the admin, who may move it away from NIGHT_AT."""

    pytestmark = pytest.mark.django_db

    def moved(self, **words: str) -> None:
        task = PeriodicTask.objects.get(task=queries.TASK)
        CrontabSchedule.objects.filter(pk=task.crontab_id).update(**words)

    def test_a_night_looks_ahead_to_where_the_admin_moved_it(self) -> None:
        self.moved(hour="1")
        begun = moment(2026, 3, 16, 1, 30)
        assert queries.horizon(begun) == moment(2026, 3, 17, 1, 30) + queries.SLACK
        assert queries.begins_next(begun) == moment(2026, 3, 17, 1, 30)

    def test_a_night_before_a_later_hour_looks_ahead_to_that_hour(self) -> None:
        self.moved(hour="5")
        assert queries.horizon(moment(2026, 3, 16, 3, 30)) == moment(2026, 3, 17, 3, 30) + queries.SLACK
        assert queries.horizon(moment(2026, 3, 16, 5, 30)) == moment(2026, 3, 17, 5, 30) + queries.SLACK

    @pytest.mark.parametrize("day", [(2026, 3, 29), (2026, 10, 25)])
    def test_across_a_clock_change_it_is_the_same_hour_of_the_day(self, day: tuple[int, int, int]) -> None:
        self.moved(hour="1")
        assert queries.horizon(moment(*day, 1, 30)) == moment(day[0], day[1], day[2] + 1, 1, 30) + queries.SLACK

    def test_nights_at_the_moved_hour_are_not_missed(self) -> None:
        self.moved(hour="1")
        night(moment(2026, 3, 16, 1, 30))
        assert queries.missed_nights(moment(2026, 3, 16, 23)) == 0
        assert not queries.night_wanted(moment(2026, 3, 16, 23))
        assert queries.missed_nights(moment(2026, 3, 17, 12)) == 1
        assert queries.night_wanted(moment(2026, 3, 17, 12))

    def test_a_rarer_timetable_destroys_nothing_further_ahead_and_misses_nights(self) -> None:
        self.moved(day_of_month="1")
        begun = moment(2026, 3, 1, 3, 30)
        assert queries.horizon(begun) == moment(2026, 3, 2, 3, 30) + queries.SLACK
        night(begun)
        assert queries.missed_nights(moment(2026, 3, 8, 12)) == 7

    def test_a_task_that_is_switched_off_counts_by_the_setting(self) -> None:
        self.moved(hour="1")
        PeriodicTask.objects.filter(task=queries.TASK).update(enabled=False)
        assert queries.begins_next(moment(2026, 3, 16, 1, 30)) == moment(2026, 3, 16, 3, 30)

    def test_an_interval_is_looked_ahead_as_well(self) -> None:
        every = IntervalSchedule.objects.create(every=20, period="hours")
        PeriodicTask.objects.filter(task=queries.TASK).update(crontab=None, interval=every)
        begun = moment(2026, 3, 16, 20)
        assert queries.horizon(begun) == begun + queries.SKEW + timedelta(hours=20) + queries.SLACK


@pytest.mark.django_db
class TestWrongClock:
    """A night that ran while the clock was ahead hides none that is missed after it was set right."""

    def test_a_night_of_the_future_hides_no_missed_night(self) -> None:
        night(moment(2026, 3, 16, 3, 30))
        night(moment(2030, 1, 1, 3, 30))
        now = moment(2026, 3, 18, 12)
        assert queries.missed_nights(now) == 2
        assert queries.night_wanted(now)
        last = queries.last_completed_night(now)
        assert last is not None
        assert last.as_of == moment(2026, 3, 16, 3, 30)


@pytest.mark.django_db
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
    assert queries.last_completed_night(moment(2026, 3, 18, 9)) == NightRun.objects.get(as_of=first)


@pytest.mark.django_db
def test_a_night_is_wanted_when_none_ended_since_the_last_was_due() -> None:
    assert queries.night_wanted(moment(2026, 3, 16, 12))
    night(moment(2026, 3, 16, 3, 30))
    assert not queries.night_wanted(moment(2026, 3, 16, 12))
    assert not queries.night_wanted(moment(2026, 3, 17, 3, 29))
    assert queries.night_wanted(moment(2026, 3, 17, 3, 31))
    night(moment(2026, 3, 17, 3, 31), status="failed")
    assert not queries.night_wanted(moment(2026, 3, 17, 12))
