"""System checks: there is a journal, it can be written, and a restored site is closed until it is applied again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register

from privacy.core.conf import WrongSetting, settings

GUARD = "privacy.disposal.middleware.RestoreGuard"


@register(deploy=True)
def check_journal(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W210: a live site keeps a journal."""
    try:
        if settings.journal_dir is not None:
            return []
    except WrongSetting:
        return []  # E002 names it
    return [
        Warning(
            "PRIVACY['JOURNAL_DIR'] is not set: a restored backup brings back everybody who was erased since.",
            hint="Set it to a folder that all machines share and that no backup of the database restores.",
            id="privacy.W210",
        )
    ]


@register
def check_guard(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W211: with a journal, a restored site is closed until it was applied again."""
    try:
        if settings.journal_dir is None or GUARD in django_settings.MIDDLEWARE:
            return []
    except WrongSetting:
        return []
    return [
        Warning(
            "After a restore the site would serve people who were erased since the backup.",
            hint=f'Put "{GUARD}" into MIDDLEWARE, in front of whatever reads the database.',
            id="privacy.W211",
        )
    ]


@register
def check_folder(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E212: the journal's folder can be written to, or be made."""
    try:
        place = settings.journal_dir
    except WrongSetting:
        return []
    if place is None:
        return []
    there = next(parent for parent in (place, *place.parents) if parent.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            "PRIVACY['JOURNAL_DIR'] cannot be written to, so no account can be erased.",
            hint="See that the folder exists and belongs to the user under which site and worker run.",
            id="privacy.E212",
        )
    ]
