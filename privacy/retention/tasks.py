"""Nudges for the night. The truth is in its rows: a task that is lost, or comes twice, changes nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_ready
from django.db import DatabaseError
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.core.enqueue import nudge
from privacy.core.errors import PrivacyError
from privacy.disposal.journal.restores import SiteRestored, notice
from privacy.retention.queries import night_wanted
from privacy.retention.services import NightAlreadyRunning, NightPaused, nudge_again, run_night


@shared_task(name="privacy.nightly", bind=True, acks_late=True)
def nightly(self: Any) -> str:
    """Carry the night out; sent by beat, or by a worker that finds the night was missed.

    Returns:
        the night's status; ``running`` when another worker is at it, ``paused`` when a person stopped it,
        ``restored`` while a replay is awaited, and ``not wanted`` when the broker delivered an old message again and
        its night was made up for meanwhile.
    """
    now = timezone.now()
    if (self.request.delivery_info or {}).get("redelivered") and not night_wanted(now):
        return "not wanted"
    return _run(now=now, message_id=str(self.request.id or ""))


@shared_task(name="privacy.run_night_now", acks_late=True)
def run_night_now(run: str) -> str:
    """Take up the night that somebody asked for in the admin, or let go on; the row says which."""
    return _run(now=timezone.now(), run=UUID(run))


def _run(**words: Any) -> str:
    try:
        return run_night(actor=Actor.system("night"), **words).status
    except NightAlreadyRunning:
        return "running"
    except SiteRestored:
        return "restored"
    except NightPaused:
        return "paused"


@worker_ready.connect(dispatch_uid="privacy.retention.catch_up")
def catch_up(**kwargs: Any) -> None:
    """A worker that starts after a missed night sends it at once; one that crashed or waits it takes up by its row."""
    now = timezone.now()
    try:
        if notice(now):
            return  # restored: nothing is sent until the replay
        wanted = not nudge_again(now=now) and night_wanted(now)
    except (DatabaseError, PrivacyError):
        return  # a worker may start before the first migrate
    if wanted:
        nudge("privacy.nightly")
