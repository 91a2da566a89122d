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
from privacy.retention.services import NightAlreadyRunning, run_night


@shared_task(name="privacy.nightly", bind=True, acks_late=True)
def nightly(self: Any) -> str:
    """Carry the night out; sent by beat, or by a worker that finds the night was missed.

    Returns:
        the night's status, ``running`` when another worker is at it, ``restored`` while a replay is awaited.
    """
    try:
        message = str(self.request.id or "")
        return run_night(now=timezone.now(), actor=Actor.system("night"), message_id=message).status
    except NightAlreadyRunning:
        return "running"
    except SiteRestored:
        return "restored"


@shared_task(name="privacy.run_night_now", acks_late=True)
def run_night_now(run: str) -> str:
    """Take up the night that somebody asked for in the admin; the row says which."""
    try:
        return run_night(now=timezone.now(), actor=Actor.system("night"), run=UUID(run)).status
    except NightAlreadyRunning:
        return "running"
    except SiteRestored:
        return "restored"


@worker_ready.connect(dispatch_uid="privacy.retention.catch_up")
def catch_up(**kwargs: Any) -> None:
    """A worker that starts after a missed night sends it at once, and one that starts on a restored one nothing."""
    try:
        if notice(timezone.now()):
            return
        wanted = night_wanted(timezone.now())
    except (DatabaseError, PrivacyError):
        return  # a worker may start before the first migrate
    if wanted:
        nudge("privacy.nightly")
