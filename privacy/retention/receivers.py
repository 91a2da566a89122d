"""After each migrate: schedules for what is declared, and a place for the night in the beat's timetable."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connections, router
from django.db.models.signals import post_migrate
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.core.beat import register_beat
from privacy.core.conf import settings
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.services import record
from privacy.promises.models import ProfileTable, Promise
from privacy.retention.models import Schedule
from privacy.retention.queries import TASK
from privacy.retention.schedules import sync_schedules

BEAT_NAME = "Privacy: the night"
_REGISTERED = "retention.beat_registered"


def after_migrate(sender: object, *, using: str = "default", **kwargs: Any) -> None:
    """Skipped on other databases, and while a table is missing (a migration back, or half-way)."""
    if using != router.db_for_write(Schedule) or not _has_tables(using):
        return
    actor = Actor.system("migrate")
    sync_schedules(now=timezone.now(), actor=actor)
    register_beat(
        name=BEAT_NAME,
        task=TASK,
        at=settings.night_at,
        already=lambda name: EvidenceEntry.objects.filter(act=_REGISTERED, label=name).exists(),
        remember=lambda name: _remember(name, actor),
    )


def _remember(name: str, actor: Actor) -> None:
    record(act=_REGISTERED, now=timezone.now(), actor=actor, label=name)


def _has_tables(using: str) -> bool:
    needed = {model._meta.db_table for model in (Schedule, Promise, ProfileTable, EvidenceEntry, EvidenceDetail)}
    return needed <= set(connections[using].introspection.table_names())


post_migrate.connect(
    after_migrate, sender=apps.get_app_config("privacy"), dispatch_uid="privacy.retention.after_migrate"
)
