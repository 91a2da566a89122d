"""System checks of the gate: it stands where it can work, and its cache is one that all workers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings as django_settings
from django.core.cache import InvalidCacheBackendError, caches
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError
from django.utils.module_loading import import_string

from privacy.core.conf import WrongSetting, settings
from privacy.core.errors import PrivacyError
from privacy.policies.gate.shared import NOT_SHARED
from privacy.policies.rules import AskAgain, policy_rules

GATE = "privacy.policies.middleware.PolicyGate"
#: What the gate needs to have run before it.
_BEFORE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)


@register
def check_order(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E610: the gate stands behind whatever says who is signed in, subclasses included."""
    places = list(django_settings.MIDDLEWARE)
    if GATE not in places:
        return []
    in_front = places[: places.index(GATE)]
    missing = [needed for needed in _BEFORE if not any(_is_one(each, needed) for each in in_front)]
    return [
        Error(
            f"MIDDLEWARE: {GATE} stands in front of {needed.rpartition('.')[2]}, and cannot know who is signed in.",
            hint=f"Move it behind {needed}.",
            id="privacy.E610",
        )
        for needed in missing
    ]


@register
def check_cache(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E611: the gate's cache is there, and not each process's own."""
    try:
        alias = settings.gate_cache
    except WrongSetting:
        return []  # E002 names it
    if not alias:
        return []
    try:
        cache: Any = caches[alias]
    except InvalidCacheBackendError:
        problem, mend = "no cache has this name", f"Use one of: {', '.join(sorted(django_settings.CACHES))}"
    else:
        if not isinstance(cache, NOT_SHARED):
            return []
        problem = "this cache is each process's own: a version published in one worker would stop nobody in another"
        mend = "Name a cache that all workers share, such as Redis, or leave it out: the gate costs one query then"
    return [Error(f"PRIVACY['GATE_CACHE']: {problem}.", hint=f"{mend}.", id="privacy.E611")]


@register(Tags.database)
def check_gate_stands(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W612: a profile that asks for agreement, or takes going on for it, has the gate."""
    if not databases or GATE in django_settings.MIDDLEWARE:
        return []
    try:
        asked = policy_rules().acceptance
    except (DatabaseError, PrivacyError):
        return []  # not migrated yet, or another check names it
    if asked.ask_again is AskAgain.NEVER and not asked.continued_use:
        return []
    what = "takes going on for agreement" if asked.continued_use else "asks for express agreement"
    does = "notices who goes on" if asked.continued_use else "asks for it"
    return [
        Warning(
            f"The profile {what} after a change, and nothing on this site {does}.",
            hint=f"Add {GATE} to MIDDLEWARE, behind AuthenticationMiddleware.",
            id="privacy.W612",
        )
    ]


def _is_one(place: str, needed: str) -> bool:
    if place == needed:
        return True
    try:
        found, wanted = import_string(place), import_string(needed)
    except ImportError:
        return False
    return isinstance(found, type) and issubclass(found, wanted)
