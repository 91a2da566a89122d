"""Registers a periodic task with django-celery-beat, once: from then on it belongs to the site's admin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.db import connections, router

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError


class WrongBeat(PrivacyError):
    """A periodic task without one clear rhythm."""


def register_beat(
    *,
    name: str,
    task: str,
    already: Callable[[str], bool],
    remember: Callable[[str], None],
    using: str | None = None,
    at: time | None = None,
    every: timedelta | None = None,
) -> bool:
    """Make the ``PeriodicTask`` called ``name``, unless it was ever made before.

    Call it at ``post_migrate``. An admin's change is never overwritten and a deleted task stays
    deleted, since ``already`` knows the name from then on. A database without django-celery-beat's
    tables is left alone, and asked again at the next migrate.

    Args:
        name: what the admin shows, ``"Privacy: the night"``.
        task: the Celery name, ``"privacy.nightly"``.
        already: says whether this name was registered before.
        remember: keeps the name.
        using: alias of the database; by default the one where the routers keep django-celery-beat.
        at: daily at this time in the site's zone; or
        every: in whole seconds, from the last run on.

    Returns:
        True when it was made now.

    Raises:
        WrongBeat: not exactly one of ``at`` and ``every``, or ``every`` is no whole number of seconds.
    """
    if (at is None) == (every is None):
        raise WrongBeat(field=name, problem="it has no rhythm or two", mend="Give either at or every")
    if every is not None and (every < timedelta(seconds=1) or every.microseconds):
        raise WrongBeat(field=name, problem=f"{every} is no whole number of seconds", mend="Give whole seconds")
    using = using or _home()
    if not _has_tables(using) or already(name):
        return False
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")._default_manager.using(using)
    made = False
    if not tasks.filter(name=name).exists():
        rhythm = {"crontab": _crontab(at, using)} if at else {"interval": _interval(every or timedelta(), using)}
        tasks.create(name=name, task=task, **rhythm)
        made = True
    remember(name)
    return made


@dataclass(frozen=True, slots=True)
class Timetable:
    """When beat sends one task: the rhythms of its enabled rows, as an admin last left them."""

    rhythms: tuple[Any, ...]

    def after(self, moment: datetime) -> datetime | None:
        """The first sending after ``moment``, in UTC; None when beat sends it by no clock time and no interval."""
        return min((sent for rhythm in self.rhythms if (sent := _next(rhythm, moment))), default=None)


def timetable(task: str) -> Timetable:
    """What beat knows of the task with this Celery name; empty without django-celery-beat or its tables."""
    using = _home()
    if not _has_tables(using):
        return Timetable(())
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")._default_manager.using(using)
    rows = tasks.filter(task=task, enabled=True, one_off=False)
    return Timetable(tuple(row.schedule for row in rows.select_related("crontab", "interval")))


def _next(rhythm: Any, moment: datetime) -> datetime | None:
    if hasattr(rhythm, "remaining_delta"):
        last, delta, _now = rhythm.remaining_delta(moment)
        return (last + delta).astimezone(UTC)  # type: ignore[no-any-return]
    every = getattr(rhythm, "run_every", None)
    return moment + every if every else None


def _home() -> str:
    """The database where the routers keep django-celery-beat; empty where it is not installed."""
    if not apps.is_installed("django_celery_beat"):
        return ""
    return router.db_for_write(apps.get_model("django_celery_beat", "PeriodicTask"))


def _has_tables(using: str) -> bool:
    if not apps.is_installed("django_celery_beat"):
        return False
    model = apps.get_model("django_celery_beat", "PeriodicTask")
    if not router.allow_migrate_model(using, model):
        return False
    return model._meta.db_table in connections[using].introspection.table_names()


def _crontab(at: time, using: str) -> Any:
    model: Any = apps.get_model("django_celery_beat", "CrontabSchedule")
    words = {"minute": str(at.minute), "hour": str(at.hour), "timezone": settings.calendar.zone}
    rest = {"day_of_week": "*", "day_of_month": "*", "month_of_year": "*"}
    return _first_or_new(model, using, **words, **rest)


def _interval(every: timedelta, using: str) -> Any:
    model: Any = apps.get_model("django_celery_beat", "IntervalSchedule")
    seconds = int(every.total_seconds())
    for size, period in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds % size == 0:
            return _first_or_new(model, using, every=seconds // size, period=period)
    return _first_or_new(model, using, every=seconds, period="seconds")


def _first_or_new(model: Any, using: str, **values: Any) -> Any:
    # Neither table has a unique constraint, so get_or_create may meet several equal rows.
    rows = model._default_manager.using(using)
    return rows.filter(**values).first() or rows.create(**values)
