"""System checks that need rows: they run under ``check --database default``, and before ``migrate``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.utils import timezone

from privacy.core.errors import PrivacyError
from privacy.core.registries import live_checks, profile_sections
from privacy.promises.models import FrozenBound, ProfileTable, Promise, SiteFacts
from privacy.promises.queries import standings
from privacy.promises.weakening import profile_lags


@register(Tags.database)
def check_profile(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W201, E202, W203, E204: a profile is loaded, the app still understands it, and it is as strict as the text."""
    if DEFAULT_DB_ALIAS not in (databases or ()) or not _migrated():
        return []
    if not SiteFacts.objects.exists():
        return [
            Warning(
                "No profile is loaded: the site promises nothing, so nothing can be kept.",
                hint="Write one and load it with: manage.py privacy_profile FILE",
                id="privacy.W201",
            )
        ]
    return [*_tables_not_understood(), *_checks_gone(), *_settings_too_weak(timezone.now())]


def _migrated() -> bool:
    """Django runs these checks before the first migration as well."""
    wanted = {model._meta.db_table for model in (FrozenBound, SiteFacts, ProfileTable, Promise)}
    return wanted <= set(connections[DEFAULT_DB_ALIAS].introspection.table_names())


def _tables_not_understood() -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for row in ProfileTable.objects.order_by("name"):
        section = profile_sections.find(row.name)
        if section is None:
            problem, hint = "no room reads this table any more", "Remove it from the profile and load that again."
        else:
            try:
                section.parse(row.table)
            except PrivacyError as error:
                problem, hint = f"{error.field}: {error.problem}", f"{error.mend}, and load the profile again."
            else:
                continue
        messages.append(Error(f"Profile table [{row.name}]: {problem}.", hint=hint, id="privacy.E202"))
    return messages


def _checks_gone() -> list[CheckMessage]:
    return [
        Warning(
            f"Promise {promise.code}: nobody registers the live check {name!r}, so the ledger cannot tell.",
            hint="Load the profile again: the loader names the closest check that exists.",
            id="privacy.W203",
        )
        for promise in Promise.objects.filter(needs="")
        for name in promise.checks
        if name not in live_checks
    ]


def _settings_too_weak(now: datetime) -> list[CheckMessage]:
    """What became weaker behind our back; the loader, the forms and the API refuse it."""
    try:
        found = [
            *(weak for standing in standings(now=now) for weak in standing.words_of_the_weaker()),
            *profile_lags(now),
        ]
    except DatabaseError:
        return []  # a migrate asks before it makes or alters the tables
    except PrivacyError:
        return []  # a table that is no longer understood has its own message
    return [
        Error(
            f"{problem}.",
            hint="Set it as the text says, or load the profile again; a weaker figure needs a new version first.",
            id="privacy.E204",
        )
        for problem in found
    ]
