"""Signals of other apps, forwarded to a service; and the outbox's place in the beat's timetable."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connections, router
from django.db.models.signals import post_migrate
from django.utils import timezone

from privacy.consent.signals import given, withdrawn
from privacy.core.actors import Actor
from privacy.core.beat import register_beat
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.services import record
from privacy.messages import audiences, preferences, tracking, withdrawing
from privacy.messages.models import OutboxMessage
from privacy.messages.queueing import TASK

BEAT_NAME = "Privacy: the outbox"
_REGISTERED = "messages.beat_registered"


def drop_withdrawn(sender: Any, purpose: str, person: Any = None, **kwargs: Any) -> None:
    """A purpose may not be processed any more for somebody: what waits for them on that ground is dropped."""
    withdrawing.drop_withdrawn(purpose=purpose, person=person, now=timezone.now())


def hear_given(sender: Any, purpose: str, person: Any = None, **kwargs: Any) -> None:
    """Somebody agreed, after they may have opted out: they asked for it again."""
    if person is not None:
        actor = Actor("member", key=person.user_key) if person.user_key else Actor.system("consent")
        preferences.asked_again(purpose=purpose, person=person, now=timezone.now(), actor=actor)


def provider_reported(sender: Any, event: Any, **kwargs: Any) -> None:
    """django-anymail tells what became of a mail."""
    tracking.report_event(
        message_id=str(event.message_id or ""),
        event=str(event.event_type),
        at=event.timestamp,
        now=timezone.now(),
        actor=Actor.system("mail provider"),
    )


def register_outbox(using: str, **kwargs: Any) -> None:
    """Skipped on other databases, and while a table is missing (a migration back, or half-way)."""
    needed = {model._meta.db_table for model in (EvidenceEntry, EvidenceDetail, OutboxMessage)}
    here = using == router.db_for_write(EvidenceEntry)
    if not here or not needed <= set(connections[using].introspection.table_names()):
        return
    register_beat(
        name=BEAT_NAME,
        task=TASK,
        every=timedelta(minutes=1),
        already=lambda name: EvidenceEntry.objects.of_act(_REGISTERED).filter(label=name).exists(),
        remember=_remember,
    )


def _remember(name: str) -> None:
    record(act=_REGISTERED, now=timezone.now(), actor=Actor.system("migrate"), label=name)


given.connect(hear_given, dispatch_uid="privacy.messages.hear_given")
withdrawn.connect(drop_withdrawn, dispatch_uid="privacy.messages.drop_withdrawn")
post_migrate.connect(
    register_outbox, sender=apps.get_app_config("privacy"), dispatch_uid="privacy.messages.register_outbox"
)
if apps.is_installed("anymail"):
    import_module("anymail.signals").tracking.connect(
        provider_reported, dispatch_uid="privacy.messages.provider_reported"
    )
audiences.register_members()
