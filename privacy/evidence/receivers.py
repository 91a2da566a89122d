"""After each migrate: the triggers, and a place for the hour in the beat's timetable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import connections, router
from django.db.models.signals import post_migrate
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.core.beat import register_beat
from privacy.core.conf import settings
from privacy.evidence import triggers
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.services import record

BEAT_NAME = "Privacy: every hour"
TASK = "privacy.deadlines"
_REGISTERED = "evidence.beat_registered"


def keep_triggers(using: str, **kwargs: Any) -> None:
    """After each migrate: SQLite drops triggers silently when a migration rebuilds the table."""
    if settings.evidence_triggers:
        triggers.install(using)
    else:
        triggers.remove(using)


def register_hour(using: str, **kwargs: Any) -> None:
    """Skipped on other databases, and while a table is missing (a migration back, or half-way)."""
    needed = {model._meta.db_table for model in (EvidenceEntry, EvidenceDetail)}
    here = using == router.db_for_write(EvidenceEntry)
    if not here or not needed <= set(connections[using].introspection.table_names()):
        return
    register_beat(
        name=BEAT_NAME,
        task=TASK,
        every=timedelta(hours=1),
        already=lambda name: EvidenceEntry.objects.of_act(_REGISTERED).filter(label=name).exists(),
        remember=_remember,
    )


def _remember(name: str) -> None:
    record(act=_REGISTERED, now=timezone.now(), actor=Actor.system("migrate"), label=name)


post_migrate.connect(
    keep_triggers, sender=apps.get_app_config("privacy"), dispatch_uid="privacy.evidence.keep_triggers"
)
post_migrate.connect(
    register_hour, sender=apps.get_app_config("privacy"), dispatch_uid="privacy.evidence.register_hour"
)
