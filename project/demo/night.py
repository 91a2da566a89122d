"""A night that beat sends: its task is moved to the next minute, and watched until its row is complete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from privacy.retention.models import NightRun
from project.demo import console
from project.demo.crew import Crew, Hand

TASK = "privacy.nightly"
#: A minute that is nearer would be over before beat is up; beat would send it late, and nobody would see why.
LEAD = timedelta(seconds=8)
#: A worker takes a message up at once; a night over a few hundred members takes seconds.
TAKEN_UP = timedelta(seconds=60)
COMPLETE = timedelta(seconds=300)
OVER = {"done", "failed", "awaiting_approval", "preview", "interrupted"}


class NightMissed(Exception):
    """Beat did not send it, or the worker did not finish it."""


@contextmanager
def moved_to_the_next_minute() -> Iterator[datetime]:
    """Move the registered periodic task; its regular time is back after the block.

    Yields:
        the minute at which beat will send it.

    Raises:
        NightMissed: nobody registered the task.
    """
    task = PeriodicTask.objects.filter(task=TASK).first()
    if task is None:
        raise NightMissed(f"No periodic task {TASK} is registered. Run manage.py migrate.")
    regular, enabled = task.crontab, task.enabled
    zone = ZoneInfo(settings.TIME_ZONE)
    minute = (timezone.now() + LEAD).astimezone(zone).replace(second=0, microsecond=0) + timedelta(minutes=1)
    soon = CrontabSchedule.objects.create(minute=str(minute.minute), hour=str(minute.hour), timezone=zone)
    try:
        task.crontab, task.enabled = soon, True
        task.save()
        yield minute
    finally:
        # An admin may have changed or deleted the task meanwhile; then it is theirs.
        current = PeriodicTask.objects.filter(pk=task.pk, crontab=soon).first()
        if current is not None:
            current.crontab, current.enabled = regular, enabled
            current.save()
        soon.delete()


def came_by_beat(*, run: NightRun, beat: Hand, worker: Hand) -> bool:
    """True when beat's log says that it sent the task, and the worker's that the run's own message came."""
    return f"({TASK})" in beat.text() and bool(run.message_id) and run.message_id in worker.text()


def watch(*, crew: Crew, since: datetime, due: datetime) -> NightRun:
    """Wait for a night that began after ``since`` and is due at ``due``, telling each step as it ends.

    Raises:
        NightMissed: none began or none ended in time.
        ProcessDied: worker or beat ended by itself.
    """
    told: set[str] = set()
    while True:
        crew.look_after()
        run = NightRun.objects.filter(created_at__gte=since, dry_run=False).order_by("-created_at").first()
        if timezone.now() > due + (COMPLETE if run else TAKEN_UP):
            tails = "\n\n".join(f"{hand.name}:\n{hand.tail()}" for hand in crew.hands)
            what = "complete" if run else "taken up by a worker"
            raise NightMissed(f"The night of {due:%H:%M} was not {what} in time. The logs end with:\n{tails}")
        if run is not None:
            for line in run.steps.order_by("order", "name"):
                if line.status not in {"pending", "running"} and line.name not in told:
                    told.add(line.name)
                    console.did(line.name, line.status, line.counts)
            if run.status in OVER:
                return run
        time.sleep(0.5)
