"""Who carries a night out: one process at a time, and whoever comes after a crash goes on with it."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.core.actors import Actor
from privacy.core.enqueue import nudge
from privacy.core.errors import PrivacyError
from privacy.core.processes import this_process
from privacy.retention.liveness import is_alive
from privacy.retention.models import NightRun, NightStepRun
from privacy.retention.queries import horizon, missed_nights

_Status = NightRun.Status
_StepStatus = NightStepRun.Status


class NightAlreadyRunning(PrivacyError):
    """Another process carries the night out."""

    def __init__(self) -> None:
        super().__init__(
            field="night",
            problem="a night is running already",
            mend="Wait until it is over, its page shows how far it is",
        )


def ask_for_night(*, now: datetime, actor: Actor) -> NightRun:
    """Write down that a night is wanted now, and tell a worker. Without one the next night takes it up.

    A night that waits already is told again, and so is one that crashed and can still be gone on with.

    Raises:
        NightAlreadyRunning: one is at work.
    """
    try:
        with transaction.atomic():
            open_runs = NightRun.objects.select_for_update().filter(status__in=(_Status.PENDING, _Status.RUNNING))
            night = open_runs.order_by("status").first()
            if night is not None and night.status == _Status.RUNNING and is_alive(night, now):
                raise NightAlreadyRunning
            if night is None or (night.status == _Status.RUNNING and not can_go_on(night, now, False, "")):
                night = NightRun.objects.create(
                    status=_Status.PENDING, as_of=now, horizon=horizon(now), created_at=now, asked_by=str(actor)
                )
    except IntegrityError:
        raise NightAlreadyRunning from None
    # The message carries the row's id and nothing else; the row is there before it.
    told = nudge("privacy.run_night_now", run=night.pk)
    night.note = "" if told else _("No worker could be reached. The next night takes this one up.")
    NightRun.objects.filter(pk=night.pk, status=night.status).update(note=night.note)
    return night


def claim(now: datetime, actor: Actor, dry_run: bool, only: str, message_id: str) -> NightRun:
    """Make one row *running*, in one transaction: a crashed night, a waiting one, or a new one."""
    try:
        with transaction.atomic():
            night = _going_on(now, dry_run, only)
            if night is None and not dry_run and not only:
                night = NightRun.objects.select_for_update().filter(status=_Status.PENDING).first()
            if night is None:
                night = NightRun(dry_run=dry_run, only=only, created_at=now, missed=missed_nights(now))
                night.asked_by = str(actor)
            if night.started_at is None:
                night.started_at = now
            night.status, night.as_of, night.horizon = _Status.RUNNING, now, horizon(now)
            night.heartbeat, night.process = now, this_process()
            night.message_id = message_id or night.message_id
            night.note = ""
            night.save()
    except IntegrityError:
        raise NightAlreadyRunning from None
    return night


def _going_on(now: datetime, dry_run: bool, only: str) -> NightRun | None:
    night = NightRun.objects.select_for_update().filter(status=_Status.RUNNING).first()
    if night is None:
        return None
    if is_alive(night, now):
        raise NightAlreadyRunning
    if can_go_on(night, now, dry_run, only):
        return night
    night.status, night.finished_at = _Status.INTERRUPTED, night.heartbeat or night.started_at
    # Its message may be delivered again, and then brings the night that follows.
    night.message_id = ""
    night.save(update_fields=["status", "finished_at", "message_id"])
    night.steps.filter(status=_StepStatus.RUNNING).update(status=_StepStatus.FAILED, error="interrupted")
    return None


def can_go_on(night: NightRun, now: datetime, dry_run: bool, only: str) -> bool:
    # What its steps did holds up to its horizon, so only a call of the same night may rely on them.
    return (night.horizon, night.dry_run, night.only) == (horizon(now), dry_run, only)
