"""Questions about nights: when they are due, which were completed, whether one is going on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from privacy.core.beat import Timetable, timetable
from privacy.core.conf import settings
from privacy.retention.liveness import is_alive
from privacy.retention.models import Approval, NightRun, NightStepRun

#: The Celery name of the night.
TASK = "privacy.nightly"
#: A night may begin and last this long after its due time before a promise counts as missed. It is
#: looked ahead as well, so that nothing crosses its ceiling while the next night is still at work.
SLACK = timedelta(hours=1)
#: The clocks of beat's machine and the worker's may differ by this: a night that begins so little before its
#: due time is that night, and looks ahead to the next one.
SKEW = timedelta(minutes=5)
#: A timetable that is rarer is no reason to destroy further ahead: its nights count as missed.
_DAILY = timedelta(hours=26)


def next_night(now: datetime) -> datetime:
    """The first moment after ``now`` at which ``NIGHT_AT`` comes, in UTC.

    The hour is one of the site's zone, also across a clock change: an hour that the clock skips is taken
    as the same moment an hour later on the wall, one that it shows twice as the first of both.
    """
    zone = settings.calendar.zone
    day = now.astimezone(zone).date() - timedelta(days=1)
    while (due := datetime.combine(day, settings.night_at, zone).astimezone(UTC)) <= now:
        day += timedelta(days=1)
    return due


def begins_next(now: datetime) -> datetime:
    """When the next night begins: by beat's timetable, which an admin may have moved, else by ``NIGHT_AT``."""
    return timetable(TASK).after(now) or next_night(now)


def following_night(begun: datetime, by: Timetable | None = None) -> datetime:
    """When the night after one that began at ``begun`` is due, in UTC.

    The later of ``NIGHT_AT`` and of beat's timetable, which may differ: an admin moved the one, or a setting
    the other. Looking ahead to the earlier of them would leave rows over their ceiling until the later.

    Args:
        by: beat's timetable, where it was read already.
    """
    after = begun + SKEW
    due, sent = next_night(after), (by or timetable(TASK)).after(after)
    return max(due, sent) if sent is not None and sent - begun <= _DAILY else due


def horizon(now: datetime) -> datetime:
    """The end of the look-ahead of a night at ``now``: the next night has done its work by then."""
    return following_night(now) + SLACK


def missed_nights(now: datetime) -> int:
    """Nights that were due since the last one that came to an end, and never began."""
    last = _last_over(now)
    if last is None:
        return 0
    by = timetable(TASK)
    missed, due = 0, following_night(last.as_of, by)
    while due + SLACK < now:
        missed += 1
        due = following_night(due, by)
    return missed


def last_completed_night(now: datetime) -> NightRun | None:
    """The latest whole night up to ``now`` in which every step was done, or ``None``."""
    return NightRun.objects.completed().until(now + SKEW).newest_first().first()


def last_time(step: str, now: datetime) -> NightStepRun | None:
    """The latest time up to ``now`` that this step really ran to its end, with its night; or ``None``."""
    runs = NightStepRun.objects.carried_out(step).filter(run__as_of__lte=now + SKEW)
    return runs.select_related("run").order_by("-run__horizon", "-finished_at").first()


def night_wanted(now: datetime) -> bool:
    """True when no night came to an end since the last one was due, and none is going on or paused."""
    running = current_run()
    if (running is not None and is_alive(running, now)) or paused_night(now) is not None:
        return False
    last = _last_over(now)
    return last is None or following_night(last.as_of) <= now


def _last_over(now: datetime) -> NightRun | None:
    # A night of the future ran while the clock was wrong; it hides none that is missed since.
    return NightRun.objects.real().over().exclude(status="interrupted").until(now + SKEW).newest_first().first()


def current_run() -> NightRun | None:
    """The night that is marked as running, crashed or not."""
    return NightRun.objects.filter(status="running").first()


def open_nights() -> list[NightRun]:
    """The nights that are not over, three at most: paused, waiting, running."""
    return list(NightRun.objects.open().order_by("status"))


def paused_night(now: datetime, nights: Sequence[NightRun] | None = None) -> NightRun | None:
    """The night that a person stopped and that stands still: also one that died before it could stop.

    ``nights`` are the open ones, where they were read already.
    """
    among = open_nights() if nights is None else nights
    asked = next((night for night in among if night.pause_asked_at is not None), None)
    return asked if asked is not None and (asked.status == "paused" or not is_alive(asked, now)) else None


def waiting_approval() -> Approval | None:
    """The question that a careful night asked and nobody answered yet."""
    return Approval.objects.waiting().select_related("run").first()


def answered(run: NightRun) -> str:
    """The night's status; of one that asked, what was answered: ``approved``, ``carried_out`` or ``preview``."""
    answers = {approval.status for approval in run.approvals.all()}
    if run.status != NightRun.Status.AWAITING_APPROVAL or not answers or Approval.Status.WAITING in answers:
        return run.status
    if Approval.Status.USED in answers:
        return "carried_out"
    return "approved" if Approval.Status.CONFIRMED in answers else "preview"
