"""System checks of the ``PRIVACY`` setting and of what the app asks of a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldError, ValidationError

from privacy.core.conf import Settings, TakeOverRule, WrongSetting, settings


@register
def check_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001: every key of ``PRIVACY`` is one that the app knows."""
    raw = getattr(django_settings, "PRIVACY", {})
    known = Settings.keys()
    unknown = [key for key in raw if key not in known] if isinstance(raw, Mapping) else []
    return [
        Error(f"PRIVACY[{key!r}]: no setting has this name.", hint=_nearest(str(key), known), id="privacy.E001")
        for key in unknown
    ]


def _nearest(key: str, known: Sequence[str]) -> str:
    close = get_close_matches(key.upper(), known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Use one of: {', '.join(known)}."


@register
def check_values(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E002: every value of ``PRIVACY`` can be used."""
    wrong: dict[str, WrongSetting] = {}
    for key in Settings.keys():
        try:
            value = getattr(settings, key.lower())
            if isinstance(value, TakeOverRule):
                _resolve(key, value)
        except WrongSetting as error:
            wrong.setdefault(error.field, error)
    try:
        _ = settings.calendar
    except WrongSetting as error:
        wrong.setdefault(error.field, error)
    return [Error(f"{e.field}: {e.problem}.", hint=f"{e.mend}.", id="privacy.E002") for e in wrong.values()]


def _resolve(key: str, rule: TakeOverRule) -> None:
    """Build the query of the rule: an unknown field shows without reading a row."""
    users = get_user_model()._base_manager.all()
    try:
        users = users.filter(**rule.filter)
    except (FieldError, ValidationError, ValueError, TypeError):
        raise WrongSetting(
            key, "filter cannot be asked of the user model", "Use field names of the user model and fitting values"
        ) from None
    try:
        users.order_by(rule.closed_at).values_list(rule.closed_at)
    except FieldError:
        raise WrongSetting(
            key, "closed_at leads nowhere from the user model", "Name a path such as last_login or profile.closed_at"
        ) from None


@register(deploy=True)
def check_deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E003 and W004: a live site keeps its evidence triggers and has pseudonym keys of its own."""
    messages: list[CheckMessage] = []
    try:
        if not settings.evidence_triggers:
            messages.append(
                Error(
                    "PRIVACY['EVIDENCE_TRIGGERS'] is False: evidence could be altered without a trace.",
                    hint="Remove the key; only a test suite may set it to False.",
                    id="privacy.E003",
                )
            )
        if not settings.pseudonym_keys:
            messages.append(
                Warning(
                    "PRIVACY['PSEUDONYM_KEYS'] is empty: a new SECRET_KEY would change every pseudonym.",
                    hint="Give a list with a secret of at least 32 characters, from the environment or a file. "
                    "secrets.token_urlsafe(32) makes one.",
                    id="privacy.W004",
                )
            )
    except WrongSetting:
        return messages  # E002 names it
    return messages


@register(Tags.compatibility)
def check_zone(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E004: moments are stored with their zone."""
    if django_settings.USE_TZ:
        return []
    return [
        Error(
            "USE_TZ is False: the end of a period cannot be told.",
            hint="Set USE_TZ = True; days are still counted in TIME_ZONE.",
            id="privacy.E004",
        )
    ]


@register
def check_sqlite(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W005: SQLite stands several writers, and overwrites what it deletes."""
    return [
        Warning(
            f"DATABASES[{alias!r}]: SQLite lacks {', '.join(missing)}.",
            hint='Set OPTIONS to {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": '
            '"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;"}.',
            id="privacy.W005",
        )
        for alias, database in django_settings.DATABASES.items()
        if database.get("ENGINE") == "django.db.backends.sqlite3"
        and (missing := list(_missing(database.get("OPTIONS") or {})))
    ]


def _missing(options: Mapping[str, Any]) -> Iterator[str]:
    timeout = options.get("timeout", 0)
    if not isinstance(timeout, int | float) or timeout < 20:
        yield '"timeout": 20 (a busy database makes others wait, not fail)'
    if str(options.get("transaction_mode") or "").upper() != "IMMEDIATE":
        yield '"transaction_mode": "IMMEDIATE" (two writers would fail each other)'
    pragmas = "".join(str(options.get("init_command") or "").upper().split())
    if "JOURNAL_MODE=WAL" not in pragmas:
        yield "PRAGMA journal_mode=WAL (readers would wait for writers)"
    if not any(f"SECURE_DELETE={value}" in pragmas for value in ("ON", "1", "TRUE", "YES")):
        yield "PRAGMA secure_delete=ON (deleted values would stay in the file)"
