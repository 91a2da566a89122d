"""How old the last night is, in one answer that the check, the banner, the health page and the mail all give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from privacy.core.words import duration_words
from privacy.evidence.models import EvidenceEntry
from privacy.retention.liveness import is_alive
from privacy.retention.models import NightRun
from privacy.retention.queries import SKEW, SLACK, open_nights, paused_night, waiting_approval

#: A night that is older is reported. Hours that pass, not hours of the wall: the day of 25 has one to spare.
LATE_AFTER = timedelta(hours=26)


class State(StrEnum):
    """What is to be said of the last night; the last four are reported."""

    NEW = "new"
    IN_TIME = "in_time"
    AT_WORK = "at_work"
    WAITING = "waiting"
    PAUSED = "paused"
    LATE = "late"
    NEVER = "never"
    UNANSWERED = "unanswered"
    LEFT_PAUSED = "left_paused"


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer at one moment.

    Attributes:
        state: see ``State``.
        since: the night, the pause, the question that waits, or the installation: whatever the age is counted from.
            None on a site that has done nothing yet.
        now: the moment of the answer, in UTC.
    """

    state: State
    since: datetime | None
    now: datetime

    @property
    def late(self) -> bool:
        return self.state in (State.LATE, State.NEVER, State.UNANSWERED, State.LEFT_PAUSED)

    @property
    def age(self) -> timedelta | None:
        return None if self.since is None else max(timedelta(), self.now - self.since)

    @property
    def problem(self) -> str:
        """What is wrong, in one sentence; empty while nothing is."""
        if not self.late or self.since is None:
            return ""
        words = {"when": date_format(localtime(self.since), "DATETIME_FORMAT"), "age": duration_words(self.age)}
        if self.state == State.NEVER:
            return _("No night was ever completed, and the app was installed %(age)s ago.") % words
        if self.state == State.UNANSWERED:
            return _("A night has waited for approval since %(when)s, %(age)s by now.") % words
        if self.state == State.LEFT_PAUSED:
            return _("A night has been paused since %(when)s, %(age)s by now, and nothing is removed.") % words
        return _("The last complete night was that of %(when)s, %(age)s ago.") % words

    @property
    def mend(self) -> str:
        """What to do about it, in one sentence; empty while there is nothing to do."""
        if not self.late:
            return ""
        if self.state == State.NEVER:
            return _("Start a Celery worker and beat, or let cron call privacy_nightly every night.")
        if self.state == State.UNANSWERED:
            return _("Look at what it would remove, and approve that or mend the declaration.")
        if self.state == State.LEFT_PAUSED:
            return _("Let it go on, on its page or with privacy_nightly --resume.")
        return _("See that worker and beat are running and which steps of the last night failed; then run a night.")


def standing(now: datetime) -> Standing:
    """How the nights stand. Three queries at most; none of them grows with the nights.

    A night counts once every step was done, or once it asked for approval: then it did what it may. A night with
    failed steps does not, nor a dry run or a single step. One that is at work counts as long as it gives signs
    of life, for ``LATE_AFTER`` at most. A question must be answered within ``LATE_AFTER`` too, and so must a site's
    first night come after its first act.
    """
    nights = open_nights()
    paused = paused_night(now, nights)
    if paused is not None and paused.pause_asked_at is not None:
        still = now - paused.pause_asked_at
        return Standing(State.LEFT_PAUSED if still > SLACK else State.PAUSED, paused.pause_asked_at, now)
    night = NightRun.objects.ended_well().until(now + SKEW).newest_first().first()
    state, since = (State.IN_TIME, night.as_of) if night else (State.NEW, _first_act())
    if since is not None and now - since > LATE_AFTER:
        if not _at_work(nights, now):
            return Standing(State.LATE if night else State.NEVER, since, now)
        state = State.AT_WORK
    approval = waiting_approval()
    if approval is not None:
        state = State.UNANSWERED if now - approval.asked_at > LATE_AFTER else State.WAITING
        since = approval.asked_at
    return Standing(state, since, now)


def _at_work(nights: Sequence[NightRun], now: datetime) -> bool:
    run = next((night for night in nights if night.status == NightRun.Status.RUNNING), None)
    if run is None or run.dry_run or run.only or run.started_at is None:
        return False
    return now - run.started_at <= LATE_AFTER and is_alive(run, now)


def _first_act() -> datetime | None:
    """The first migrate enters the periodic tasks in the evidence, so a site's evidence is as old as the app in it."""
    return EvidenceEntry.objects.order_by("pk").values_list("at", flat=True).first()
