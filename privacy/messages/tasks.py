"""The outbox's task. The truth is in its rows: a task that is lost, or comes twice, changes nothing."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.disposal.journal.restores import SiteRestored
from privacy.messages.queueing import TASK
from privacy.messages.services import run_outbox


@shared_task(name=TASK, acks_late=True)
def dispatch() -> str:
    """Send what waits; sent by beat every minute, and by whoever queues something.

    Returns:
        what was done in counts; ``restored`` while a replay is awaited.
    """
    try:
        report = run_outbox(now=timezone.now(), actor=Actor.system("outbox"))
    except SiteRestored:
        return "restored"
    said = ", ".join(f"{word} {count}" for word, count in sorted(report.counts.items()))
    return "; ".join([said or "nothing waited", *report.errors])
