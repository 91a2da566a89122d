from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone
from django.utils.connection import ConnectionDoesNotExist
from django_celery_beat.models import PeriodicTask

from privacy.retention import claiming, receivers, tasks
from privacy.retention.models import Approval, NightRun
from privacy.retention.queries import horizon
from privacy.retention.receivers import BEAT_NAME
from privacy.retention.services import NightAlreadyRunning, ask_for_night
from tests.retention.conftest import NIGHT, Step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules")]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Messages that would go to the broker."""
    sent: list[tuple[str, dict[str, Any]]] = []

    def nudge(name: str, **words: Any) -> bool:
        sent.append((name, words))
        return True

    monkeypatch.setattr(tasks, "nudge", nudge)
    monkeypatch.setattr(claiming, "nudge", nudge)
    return sent


class TestBeat:
    def test_the_night_is_registered_once_at_the_sites_hour(self) -> None:
        task = PeriodicTask.objects.get(name=BEAT_NAME)
        assert (task.task, task.crontab.hour, task.crontab.minute) == ("privacy.nightly", "3", "30")
        assert str(task.crontab.timezone) == "Europe/Berlin"
        emit()
        assert PeriodicTask.objects.filter(task="privacy.nightly").count() == 1

    def test_what_an_admin_changed_is_never_overwritten(self) -> None:
        PeriodicTask.objects.filter(name=BEAT_NAME).update(enabled=False)
        emit()
        assert not PeriodicTask.objects.get(name=BEAT_NAME).enabled

    def test_the_migrate_of_another_database_registers_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        PeriodicTask.objects.all().delete()
        monkeypatch.setattr(receivers, "BEAT_NAME", "Privacy: never registered before")
        emit(using="archive")
        assert not PeriodicTask.objects.exists()
        emit()
        assert PeriodicTask.objects.filter(task="privacy.nightly").count() == 1

    def test_it_is_registered_where_the_routers_keep_the_beat(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A site may keep django-celery-beat in a database of its own; this one has none, and is asked for it."""
        monkeypatch.setattr(receivers, "BEAT_NAME", "Privacy: never registered before")
        settings.DATABASE_ROUTERS = ["tests.retention.test_tasks.BeatElsewhere"]
        with pytest.raises(ConnectionDoesNotExist, match="beat"):
            emit()

    def test_a_deleted_task_stays_deleted(self) -> None:
        PeriodicTask.objects.filter(name=BEAT_NAME).delete()
        emit()
        assert not PeriodicTask.objects.filter(name=BEAT_NAME).exists()


def emit(using: str = "default") -> None:
    receivers.after_migrate(None, using=using)


class BeatElsewhere:
    """Routes django-celery-beat to a database called "beat"."""

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "beat" if model._meta.app_label == "django_celery_beat" else None


class TestNightly:
    def test_the_task_runs_the_night(self, approved: Approval) -> None:
        assert tasks.nightly.apply().get() == "done"
        assert NightRun.objects.get().asked_by == "system night"

    def test_a_second_delivery_of_the_message_runs_nothing(self, approved: Approval) -> None:
        step = Step("test.once").add()
        message = str(uuid4())
        for _ in range(2):
            assert tasks.nightly.apply(task_id=message).get() == "done"
        assert step.real_calls == 1

    def test_the_task_gives_way_to_a_night_at_work(self) -> None:
        clock = timezone.now()
        NightRun.objects.create(
            status="running",
            as_of=clock,
            horizon=clock,
            created_at=clock,
            heartbeat=clock,
            asked_by="x",
            process="a|b|1|1",
        )
        assert tasks.nightly.apply().get() == "running"


class TestRunNow:
    def test_the_row_comes_first_and_the_message_carries_its_id(self, told: list[Any], now: datetime) -> None:
        run = ask_for_night(now=now, actor=NIGHT)
        assert run.status == "pending"
        assert told == [("privacy.run_night_now", {"run": run.pk})]

    def test_the_worker_takes_that_row_up(self, told: list[Any], approved: Approval) -> None:
        run = ask_for_night(now=timezone.now(), actor=NIGHT)
        assert tasks.run_night_now(str(run.pk)) == "done"
        run.refresh_from_db()
        assert (run.status, NightRun.objects.count()) == ("done", 1)
        assert tasks.run_night_now(str(run.pk)) == "done"
        assert NightRun.objects.count() == 1

    def test_without_a_broker_the_row_says_so_and_the_next_night_takes_it_up(
        self, monkeypatch: pytest.MonkeyPatch, approved: Approval
    ) -> None:
        monkeypatch.setattr(claiming, "nudge", lambda name, **words: False)
        run = ask_for_night(now=timezone.now(), actor=NIGHT)
        run.refresh_from_db()
        assert "No worker" in run.note
        assert tasks.nightly.apply().get() == "done"
        run.refresh_from_db()
        assert (run.status, run.note, NightRun.objects.count()) == ("done", "", 1)

    def test_asking_twice_is_one_night(self, told: list[Any], now: datetime) -> None:
        assert ask_for_night(now=now, actor=NIGHT) == ask_for_night(now=now, actor=NIGHT)
        assert len(told) == 2

    def test_a_night_at_work_is_not_doubled(self, told: list[Any], now: datetime) -> None:
        NightRun.objects.create(
            status="running", as_of=now, horizon=now, created_at=now, heartbeat=now, asked_by="x", process="a|b|1|1"
        )
        with pytest.raises(NightAlreadyRunning):
            ask_for_night(now=now, actor=NIGHT)
        assert not told

    def test_a_crashed_night_does_not_block_the_button(self, told: list[Any], now: datetime) -> None:
        NightRun.objects.create(
            status="running", as_of=now, horizon=now, created_at=now, heartbeat=now - timedelta(hours=2), asked_by="x"
        )
        assert ask_for_night(now=now, actor=NIGHT).status == "pending"

    def test_a_night_that_crashed_today_is_gone_on_with_by_the_button(
        self, told: list[Any], approved: Approval
    ) -> None:
        clock = timezone.now()
        crashed = NightRun.objects.create(
            status="running", as_of=clock, horizon=horizon(clock), created_at=clock, started_at=clock, asked_by="x"
        )
        assert ask_for_night(now=clock, actor=NIGHT) == crashed
        assert told == [("privacy.run_night_now", {"run": crashed.pk})]
        assert tasks.run_night_now(str(crashed.pk)) == "done"
        assert [run.status for run in NightRun.objects.all()] == ["done"]


class TestCatchUp:
    def test_a_worker_that_starts_after_a_missed_night_sends_it(self, told: list[Any]) -> None:
        tasks.catch_up()
        assert told == [("privacy.nightly", {})]

    def test_a_worker_that_starts_after_a_night_in_time_sends_nothing(
        self, told: list[Any], approved: Approval
    ) -> None:
        tasks.nightly.apply()
        tasks.catch_up()
        assert not told

    def test_a_worker_that_starts_before_the_first_migrate_sends_nothing(
        self, told: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def missing(now: datetime) -> bool:
            raise OperationalError

        monkeypatch.setattr(tasks, "night_wanted", missing)
        tasks.catch_up()
        assert not told

    def test_the_worker_calls_it_when_it_is_ready(self) -> None:
        from celery.signals import worker_ready

        assert "privacy.retention.catch_up" in [key[0] for key, *_ in worker_ready.receivers]
