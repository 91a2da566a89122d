"""The promise itself: after each completed night nothing is over its ceiling or will be before the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django_celery_beat.models import CrontabSchedule
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privacy.core.conf import settings as ours
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Finding, Promised, Status, live_checks
from privacy.retention import queries
from privacy.retention.models import Approval, Schedule
from privacy.retention.services import change_period, run_night, sync_schedules
from tests.host.models import PageView
from tests.retention.conftest import NIGHT
from tests.retention.test_schedules import DELETE

pytestmark = pytest.mark.django_db

PERIODS = ("P1M", "P3M", "P13M", "P30D", "P7D", "PT72H", "P1Y")
#: Clock changes, leap days and month ends are all within these four years.
FIRST, LAST = datetime(2023, 1, 1), datetime(2027, 1, 1)

moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
ages = st.lists(st.integers(0, 500 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)), min_size=1, max_size=12)
#: Nights from one to the next: 0 is in time, more were missed; and minutes by which it begins late.
gaps = st.lists(st.tuples(st.sampled_from([0, 0, 0, 1, 2, 5]), st.integers(0, 40)), min_size=1, max_size=5)


@contextmanager
def undone() -> Iterator[None]:
    """Each example has the database for itself."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ledger(now: datetime) -> Finding:
    promised = Promised(code="X-1", clause="§11", says="event data goes", params={"categories": ["events"]})
    return live_checks.get("retention.nothing_over_its_end").run(CheckContext(now=now, promise=promised))


def over(period: Period, moment: datetime) -> int:
    """Rows over their ceiling, counted one by one and without the machinery under test."""
    calendar = ours.calendar
    return sum(period.end(row.viewed_at, calendar) <= moment for row in PageView.objects.all())


def prepare(period: str, now: datetime) -> None:
    Approval.objects.create(status="used", reasons=["first"], asked_at=now, confirmed_at=now)
    sync_schedules(now=now, actor=NIGHT)
    change_period(schedule=Schedule.objects.get(name=DELETE), period=Period.parse(period), now=now, actor=NIGHT)


def arrive(now: datetime, since: list[timedelta]) -> None:
    PageView.objects.bulk_create(
        PageView(path="/", ip=ip, viewed_at=now - age) for age in since for ip in (None, "203.0.113.7")
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    period=st.sampled_from(PERIODS),
    begin=moments,
    since=ages,
    nights=gaps,
    hour=st.sampled_from(["3", "3", "1", "2", "5", "23"]),
)
def test_after_each_completed_night_nothing_is_over_its_ceiling_or_will_be_before_the_next(
    period: str, begin: datetime, since: list[timedelta], nights: list[tuple[int, int]], hour: str
) -> None:
    ceiling, now = Period.parse(period), begin
    with undone():
        prepare(period, begin)
        # NIGHT_AT says three; an admin may have moved beat's row all the same.
        CrontabSchedule.objects.filter(periodictask__task=queries.TASK).update(hour=hour)
        arrive(now, since)
        for missed, late in nights:
            report = run_night(now=now, actor=NIGHT)
            assert report.status == "done"
            end_of_next = queries.begins_next(now) + timedelta(minutes=40)
            assert over(ceiling, now) == 0
            assert over(ceiling, end_of_next) == 0
            assert ledger(now).status != Status.BROKEN
            assert ledger(end_of_next).status != Status.BROKEN
            # Younger rows come in while the nights go by.
            arrive(now, [timedelta(0), timedelta(hours=1)])
            due = queries.begins_next(now)
            for _ in range(missed):
                due = queries.begins_next(due)
            now = due + timedelta(minutes=late)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(period=st.sampled_from(PERIODS), begin=moments, missed=st.integers(1, 40), minutes=st.integers(0, 600))
def test_between_a_missed_night_and_its_catch_up_the_ledger_says_broken(
    period: str, begin: datetime, missed: int, minutes: int
) -> None:
    with undone():
        prepare(period, begin)
        arrive(begin, [timedelta(0)])
        run_night(now=begin, actor=NIGHT)
        assert ledger(begin).status == Status.KEPT
        due = queries.following_night(begin)
        for _ in range(missed - 1):
            due = queries.following_night(due)
        late = due + queries.SLACK + timedelta(minutes=minutes, seconds=1)
        assert ledger(late).status == Status.BROKEN
        arrive(late, [timedelta(0)])
        run_night(now=late, actor=NIGHT)
        assert ledger(late).status == Status.KEPT
        assert over(Period.parse(period), late) == 0
