"""The hour: a nudge. What it does is found in rows again by the next one, and by the night."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.core.hourly import run_hour


@shared_task(name="privacy.deadlines", acks_late=True)
def deadlines() -> dict[str, dict[str, int] | str]:
    """Run what cannot wait for the night; rooms above add their steps to ``hourly_steps``."""
    return run_hour(now=timezone.now(), actor=Actor.system("hour"))
