"""A person stops a night that is at work, and lets it go on: it stands still in between, whatever the clock says."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.evidence.services import record
from privacy.retention.claiming import can_go_on, end_interrupted, tell_a_worker
from privacy.retention.liveness import Life, look
from privacy.retention.models import NightRun
from privacy.retention.queries import horizon

_Status = NightRun.Status


class NothingToPause(PrivacyError):
    """No whole night waits or is at work."""


class NothingToResume(PrivacyError):
    """No night is paused."""


def pause_night(*, now: datetime, actor: Actor) -> NightRun:
    """Let the night that waits or is at work stand still, from the end of the batch in hand on.

    A night at work notices within seconds, and keeps where it stands. One without a process is *paused* at once.
    No other night begins until somebody lets this one go on. Source: K08.

    Raises:
        NothingToPause: there is none, or only a dry run or a single step, which would go on as nothing.
    """
    with transaction.atomic():
        open_runs = NightRun.objects.select_for_update().real().filter(status__in=(_Status.RUNNING, _Status.PENDING))
        night = open_runs.order_by("-status").first()
        if night is None:
            raise NothingToPause(
                field="night",
                problem="no whole night waits or is at work",
                mend="A dry run or a single step ends by itself, or with its command",
            )
        if night.pause_asked_at is not None:
            return night
        night.pause_asked_at = now
        if night.status == _Status.PENDING or look(night, now) is Life.GONE:
            night.status = _Status.PAUSED
        night.save(update_fields=["status", "pause_asked_at"])
        record(act="retention.night_paused", now=now, actor=actor, label=night.status)
    return night


def resume_night(*, now: datetime, actor: Actor, tell: bool = True) -> NightRun:
    """Let the paused night go on from where it stands, and tell a worker. Without one the next night takes it up.

    What its first steps did only reached its own horizon: when that has moved since, it ends as *interrupted* and
    a new night waits in its stead. A pause that the night has not noticed yet is taken back.

    Args:
        tell: False when the caller carries it out itself.

    Returns:
        The night that goes on; the one that was paused, or the new one.

    Raises:
        NothingToResume: none is paused.
    """
    with transaction.atomic():
        paused = NightRun.objects.select_for_update().open().filter(pause_asked_at__isnull=False)
        night = paused.order_by("status").first()
        if night is None:
            raise NothingToResume(field="night", problem="no night is paused", mend="Run a night instead")
        record(act="retention.night_resumed", now=now, actor=actor, label=night.status)
        night.pause_asked_at = None
        if night.status == _Status.RUNNING:  # at work still, or it died: then the worker goes on with it
            night.save(update_fields=["pause_asked_at"])
        elif night.started_at is None or can_go_on(night, now, False, ""):
            night.status = _Status.PENDING
            night.save(update_fields=["status", "pause_asked_at"])
        else:
            end_interrupted(night)
            night = NightRun.objects.create(
                status=_Status.PENDING, as_of=now, horizon=horizon(now), created_at=now, asked_by=str(actor)
            )
    if tell:
        tell_a_worker(night)
    return night
