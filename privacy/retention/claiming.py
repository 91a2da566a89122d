"""Who carries a night out: one process at a time, and whoever comes after a crash goes on with it."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.core.actors import Actor
from privacy.core.enqueue import nudge
from privacy.core.errors import PrivacyError
from privacy.core.processes import this_process
from privacy.retention.liveness import Life, is_alive, look, stirs
from privacy.retention.models import NightRun, NightStepRun
from privacy.retention.queries import current_run, horizon, missed_nights

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


class NightPaused(PrivacyError):
    """A person stopped a night, and nobody let it go on yet."""

    def __init__(self) -> None:
        super().__init__(
            field="night",
            problem="a night is paused",
            mend="Let it go on, on its page or with privacy_nightly --resume",
        )


def ask_for_night(*, now: datetime, actor: Actor) -> NightRun:
    """Write down that a night is wanted now, and tell a worker. Without one the next night takes it up.

    A night that waits already is told again, and so is one that crashed and can still be gone on with.

    Raises:
        NightAlreadyRunning: one is at work.
        NightPaused: one is paused, or will be in a moment.
    """
    try:
        with transaction.atomic():
            # By their names: a paused one first, then one that waits, then one at work.
            night = NightRun.objects.select_for_update().open().order_by("status").first()
            if night is not None and night.pause_asked_at is not None:
                raise NightPaused
            if night is not None and night.status == _Status.RUNNING and is_alive(night, now):
                raise NightAlreadyRunning
            if night is None or (night.status == _Status.RUNNING and not can_go_on(night, now, False, "")):
                night = NightRun.objects.create(
                    status=_Status.PENDING, as_of=now, horizon=horizon(now), created_at=now, asked_by=str(actor)
                )
    except IntegrityError:
        raise NightAlreadyRunning from None
    tell_a_worker(night)
    return night


def tell_a_worker(night: NightRun) -> None:
    """Nudge a worker to take up this night, and note on it when none can be reached."""
    # The message carries the row's id and nothing else; the row is there before it.
    told = nudge("privacy.run_night_now", run=night.pk)
    night.note = "" if told else _("No worker could be reached. The next night takes this one up.")
    NightRun.objects.filter(pk=night.pk, status=night.status).update(note=night.note)


def nudge_again(*, now: datetime) -> bool:
    """Tell a worker once more of a night that waits for one, or that died with its process.

    A broker may lose the first message, and deliver that of a killed worker only after its visibility timeout.

    Returns:
        True when there was such a night and a worker was told.
    """
    night = NightRun.objects.open().filter(pause_asked_at=None).order_by("-status").first()
    if night is None or (night.status == _Status.RUNNING and is_alive(night, now)):
        return False
    return nudge("privacy.run_night_now", run=night.pk)


def claim(now: datetime, actor: Actor, dry_run: bool, only: str, message_id: str) -> NightRun:
    """Make one row *running*, in one transaction: a crashed night, a waiting one, or a new one.

    Raises:
        NightAlreadyRunning: another process is at it.
        NightPaused: a person stopped it. Only a dry run goes past a paused night.
    """
    silent = _watched(now)
    try:
        with transaction.atomic():
            night = _going_on(now, dry_run, only, silent)
            if night is None and not dry_run:
                if NightRun.objects.filter(status=_Status.PAUSED).exists():
                    raise NightPaused
                night = None if only else _waiting(now)
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


def can_go_on(night: NightRun, now: datetime, dry_run: bool, only: str) -> bool:
    """Whether a call may rely on what the steps of this night did: it held up to its horizon only."""
    return (night.horizon, night.dry_run, night.only) == (horizon(now), dry_run, only)


def end_interrupted(night: NightRun) -> None:
    """Nobody goes on with it: a night that begins anew does all of it."""
    night.status, night.finished_at = _Status.INTERRUPTED, night.heartbeat or night.started_at
    # Its message may be delivered again, and then brings the night that follows.
    night.message_id, night.pause_asked_at = "", None
    night.save(update_fields=["status", "finished_at", "message_id", "pause_asked_at"])
    night.steps.filter(status=_StepStatus.RUNNING).update(status=_StepStatus.FAILED, error="interrupted")


def _watched(now: datetime) -> NightRun | None:
    """The running night that is silent, watched until it is sure that it does not move; or None.

    A clock that jumped makes a living night look old, or of the future: its next sign of life tells.
    """
    night = current_run()
    if night is None or look(night, now) is not Life.SILENT:
        return None
    return None if stirs(night) else night


def _going_on(now: datetime, dry_run: bool, only: str, silent: NightRun | None) -> NightRun | None:
    night = NightRun.objects.select_for_update().filter(status=_Status.RUNNING).first()
    if night is None:
        return None
    dead = look(night, now) is Life.GONE or (
        silent is not None and (night.pk, night.heartbeat) == (silent.pk, silent.heartbeat)
    )
    if not dead:
        raise NightAlreadyRunning
    if night.pause_asked_at is not None:
        raise NightPaused  # it died before it could stop, which is the same to whoever stopped it
    if can_go_on(night, now, dry_run, only):
        return night
    end_interrupted(night)
    return None


def _waiting(now: datetime) -> NightRun | None:
    """The night that waits for a worker; one that was paused in between goes on only up to its own horizon."""
    night = NightRun.objects.select_for_update().filter(status=_Status.PENDING).first()
    if night is not None and night.started_at is not None and not can_go_on(night, now, False, ""):
        end_interrupted(night)
        return None
    return night
