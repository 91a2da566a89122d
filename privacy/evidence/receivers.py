"""Signals of Django, forwarded to this room."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models.signals import post_migrate

from privacy.core.conf import settings
from privacy.evidence import triggers


def keep_triggers(using: str, **kwargs: Any) -> None:
    """After each migrate: SQLite drops triggers silently when a migration rebuilds the table."""
    if settings.evidence_triggers:
        triggers.install(using)
    else:
        triggers.remove(using)


post_migrate.connect(
    keep_triggers, sender=apps.get_app_config("privacy"), dispatch_uid="privacy.evidence.keep_triggers"
)
