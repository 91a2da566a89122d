"""A periodic task is registered once; from then on it belongs to the admin."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import modify_settings, override_settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from privacy.core.beat import WrongBeat, register_beat

NAME = "Privacy: a test of the beat"


class Memory:
    """Stands for the room that remembers which names were registered."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def register(self, **rhythm: Any) -> bool:
        rhythm = rhythm or {"at": time(3, 30)}
        return register_beat(
            name=NAME,
            task="privacy.nightly",
            already=self.names.__contains__,
            remember=self.names.add,
            using="default",
            **rhythm,
        )


@pytest.fixture
def memory() -> Memory:
    return Memory()


def _task() -> Any:
    return PeriodicTask.objects.get(name=NAME)


@pytest.mark.django_db
@override_settings(TIME_ZONE="America/New_York")
def test_a_time_of_day_becomes_a_crontab_in_the_sites_zone(memory: Memory) -> None:
    assert memory.register(at=time(3, 30)) is True
    task = _task()
    assert (task.task, task.enabled) == ("privacy.nightly", True)
    assert (task.crontab.hour, task.crontab.minute, str(task.crontab.timezone)) == ("3", "30", "America/New_York")
    assert (task.crontab.day_of_month, task.crontab.month_of_year, task.crontab.day_of_week) == ("*", "*", "*")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("every", "stored"),
    [
        (timedelta(hours=1), (1, "hours")),
        (timedelta(minutes=90), (90, "minutes")),
        (timedelta(seconds=45), (45, "seconds")),
        (timedelta(days=2), (2, "days")),
    ],
)
def test_a_span_becomes_an_interval(memory: Memory, every: timedelta, stored: tuple[int, str]) -> None:
    memory.register(every=every)
    assert (_task().interval.every, _task().interval.period) == stored


@pytest.mark.django_db
def test_a_second_time_changes_nothing(memory: Memory) -> None:
    memory.register()
    assert memory.register() is False
    assert PeriodicTask.objects.filter(name=NAME).count() == 1


@pytest.mark.django_db
def test_an_admins_change_is_never_overwritten(memory: Memory) -> None:
    memory.register()
    PeriodicTask.objects.filter(name=NAME).update(enabled=False, task="other")
    memory.register(at=time(5, 0))
    assert (_task().enabled, _task().task, _task().crontab.hour) == (False, "other", "3")


@pytest.mark.django_db
def test_a_deleted_task_stays_deleted(memory: Memory) -> None:
    memory.register()
    _task().delete()
    assert memory.register() is False
    assert not PeriodicTask.objects.filter(name=NAME).exists()


@pytest.mark.django_db
def test_a_task_of_that_name_made_by_hand_is_adopted_as_it_is(memory: Memory) -> None:
    rhythm = IntervalSchedule.objects.create(every=9, period="days")
    PeriodicTask.objects.create(name=NAME, task="by hand", interval=rhythm)
    assert memory.register() is False
    assert _task().task == "by hand"
    assert NAME in memory.names


@pytest.mark.django_db
def test_equal_rhythms_are_shared_even_when_there_are_several(memory: Memory) -> None:
    for _ in range(2):
        IntervalSchedule.objects.create(every=7, period="hours")
    memory.register(every=timedelta(hours=7))
    assert IntervalSchedule.objects.filter(every=7).count() == 2


@pytest.mark.django_db
def test_without_celery_beat_nothing_happens_and_it_is_asked_again_later(memory: Memory) -> None:
    with modify_settings(INSTALLED_APPS={"remove": "django_celery_beat"}):
        assert memory.register() is False
    assert memory.names == set()
    assert memory.register() is True


@pytest.mark.django_db
def test_without_its_tables_nothing_happens(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    names = connection.introspection.table_names()
    with monkeypatch.context() as patch:
        patch.setattr(
            type(connection.introspection),
            "table_names",
            lambda self, *args, **kwargs: [name for name in names if not name.startswith("django_celery_beat")],
        )
        assert memory.register() is False
    assert not CrontabSchedule.objects.filter(hour="3", minute="30", periodictask__name=NAME).exists()
    assert memory.names == set()


@pytest.mark.parametrize(
    "rhythm",
    [
        {"at": time(3), "every": timedelta(hours=1)},
        {"at": None},
        {"every": timedelta(0)},
        {"every": timedelta(seconds=1, milliseconds=5)},
    ],
)
def test_a_task_without_one_clear_rhythm_is_refused(memory: Memory, rhythm: dict[str, Any]) -> None:
    with pytest.raises(WrongBeat, match=NAME):
        memory.register(**rhythm)
