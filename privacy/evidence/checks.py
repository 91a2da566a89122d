"""System checks: the triggers that keep evidence append-only stand, and there is a key to seal it with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from privacy.core.conf import WrongSetting, settings
from privacy.evidence import triggers
from privacy.evidence.keys import UnusableKey, load_keys


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


@register
def check_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E011: every key that ``SEAL_KEYS`` names can be read."""
    try:
        load_keys()
    except UnusableKey as error:
        return [Error(f"{error.field}: {error.problem}.", hint=f"{error.mend}.", id="privacy.E011")]
    except WrongSetting:
        pass  # E002 names it
    return []


@register(deploy=True)
def check_signing(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W011: a live site signs its seals."""
    try:
        keys = load_keys()
    except (UnusableKey, WrongSetting):
        return []  # E011 and E002 name it
    if keys.signing:
        return []
    problem = "holds no private key first" if keys.public else "is empty"
    return [
        Warning(
            f"PRIVACY['SEAL_KEYS'] {problem}: who owns the database could make all seals anew.",
            hint="Make a key with privacy_verify --new-key FILE, and name the file first in the list.",
            id="privacy.W011",
        )
    ]
