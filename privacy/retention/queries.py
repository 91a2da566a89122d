"""Questions about nights: when they are due, which were completed, whether one is going on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from privacy.core.conf import settings
from privacy.retention.liveness import is_alive
from privacy.retention.models import Approval, NightRun, NightStepRun

#: A night may begin and last this long after its due time before a promise counts as missed. It is
#: looked ahead as well, so that nothing crosses its ceiling while the next night is still at work.
SLACK = timedelta(hours=1)


def next_night(now: datetime) -> datetime:
    """The first moment after ``now`` at which a night is due, in UTC.

    The hour is one of the site's zone, also across a clock change: an hour that the clock skips is taken
    as the same moment an hour later on the wall, one that it shows twice as the first of both.
    """
    zone = settings.calendar.zone
    day = now.astimezone(zone).date() - timedelta(days=1)
    while (due := datetime.combine(day, settings.night_at, zone).astimezone(UTC)) <= now:
        day += timedelta(days=1)
    return due


def last_due(now: datetime) -> datetime:
    """The latest moment up to ``now`` at which a night was due, in UTC."""
    zone = settings.calendar.zone
    day = now.astimezone(zone).date() + timedelta(days=1)
    while (due := datetime.combine(day, settings.night_at, zone).astimezone(UTC)) > now:
        day -= timedelta(days=1)
    return due


def horizon(now: datetime) -> datetime:
    """The end of the look-ahead of a night at ``now``: the next night has done its work by then."""
    return next_night(now) + SLACK


def missed_nights(now: datetime) -> int:
    """Nights that were due since the last one that came to an end, and never began."""
    last = NightRun.objects.real().over().exclude(status="interrupted").newest_first().first()
    if last is None:
        return 0
    missed, due = 0, next_night(last.as_of)
    while due + SLACK < now:
        missed += 1
        due = next_night(due)
    return missed


def last_completed_night() -> NightRun | None:
    """The latest whole night in which every step was done, or ``None``."""
    return NightRun.objects.completed().newest_first().first()


def last_time(step: str) -> NightStepRun | None:
    """The latest time that this step really ran to its end, with its night; or ``None``."""
    return (
        NightStepRun.objects.carried_out(step).select_related("run").order_by("-run__horizon", "-finished_at").first()
    )


def night_wanted(now: datetime) -> bool:
    """True when no night came to an end since the last one was due, and none is going on."""
    running = current_run()
    if running is not None and is_alive(running, now):
        return False
    last = NightRun.objects.real().over().exclude(status="interrupted").newest_first().first()
    return last is None or last.as_of < last_due(now)


def current_run() -> NightRun | None:
    """The night that is marked as running, crashed or not."""
    return NightRun.objects.filter(status="running").first()


def waiting_approval() -> Approval | None:
    """The question that a careful night asked and nobody answered yet."""
    return Approval.objects.waiting().select_related("run").first()
