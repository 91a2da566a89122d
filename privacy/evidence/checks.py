"""System check: the triggers that keep evidence append-only stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from privacy.core.conf import WrongSetting, settings
from privacy.evidence import triggers


@register(Tags.database)
def check_triggers(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E010: every named database that holds evidence refuses to change it."""
    try:
        if not settings.evidence_triggers:
            return []
    except WrongSetting:
        return []  # E002 names it
    return [
        Error(
            f"Database {alias!r} would let evidence be altered: {', '.join(absent)} is missing or altered.",
            hint='Find out who dropped it, then run "manage.py migrate --skip-checks", which puts it back.',
            id="privacy.E010",
        )
        for alias in databases or ()
        if (absent := triggers.missing(alias))
    ]
