"""System check: the triggers that keep evidence append-only stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register

from privacy.core.conf import WrongSetting, settings
from privacy.evidence import triggers


@register(Tags.database)
def check_triggers(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W010: every named database that holds evidence refuses to change it."""
    try:
        if not settings.evidence_triggers:
            return []
    except WrongSetting:
        return []  # E002 names it
    return [
        # No error: it would stop the very migrate that puts the trigger back.
        Warning(
            f"Database {alias!r} would let evidence be altered: {', '.join(absent)} is missing or altered.",
            hint='Find out who dropped it, then run "manage.py migrate", which puts it back.',
            id="privacy.W010",
        )
        for alias in databases or ()
        if (absent := triggers.missing(alias))
    ]
