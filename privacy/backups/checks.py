"""System checks: dumps must not be served to visitors, and must be seen.

E401 dumps land under MEDIA_ROOT or STATIC_ROOT · E402 no such storage · W403 django-dbbackup is missing ·
W404 the storage cannot be listed.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core import checks
from django.core.files.storage import FileSystemStorage, InvalidStorageError, storages

from privacy.backups import exposure, listing
from privacy.core.errors import PrivacyError

_OWN_FOLDER = (
    "Give STORAGES[{alias!r}] an OPTIONS location outside MEDIA_ROOT and STATIC_ROOT, for instance "
    '{{"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {{"location": BASE_DIR / "dumps"}}}}.'
)


@checks.register(checks.Tags.files)
def check_backups(*_: Any, **__: Any) -> list[checks.CheckMessage]:
    """Where dumps land, for every storage of backups; lists folders only, since a remote storage is slow."""
    try:
        found = [message for alias in listing.aliases() for message in _check(alias, remote=False)]
    except PrivacyError:  # a wrong setting has its own check
        return []
    if not apps.is_installed("dbbackup"):
        found.append(
            checks.Warning(
                "django-dbbackup is not in INSTALLED_APPS: no dump is registered when it is made, "
                "and privacy_backup cannot run.",
                hint='Install django-privacy-kept[backups] and add "dbbackup" to INSTALLED_APPS. Where something else '
                "makes the backups, name their storage in PRIVACY['BACKUP_STORAGE'] and set "
                'SILENCED_SYSTEM_CHECKS = ["privacy.W403"].',
                id="privacy.W403",
            )
        )
    return found


@checks.register(checks.Tags.files, deploy=True)
def check_remote_backups(*_: Any, **__: Any) -> list[checks.CheckMessage]:
    """Before going live a remote storage is listed too."""
    try:
        return [message for alias in listing.aliases() for message in _listable(alias, remote=True)]
    except PrivacyError:
        return []


def _check(alias: str, *, remote: bool) -> list[checks.CheckMessage]:
    if alias not in django_settings.STORAGES:
        missing = checks.Error(
            f"STORAGES has no {alias!r}, where the backups should lie.",
            hint=_OWN_FOLDER.format(alias=alias),
            id="privacy.E402",
        )
        if alias != listing.DBBACKUP:
            return [missing]
        fallback = checks.Error(
            "Dumps would land in MEDIA_ROOT, where visitors can fetch them: "
            f"without STORAGES[{alias!r}] django-dbbackup writes there.",
            hint=_OWN_FOLDER.format(alias=alias),
            id="privacy.E401",
        )
        return [fallback, missing]
    return [*_exposed(alias), *_listable(alias, remote=remote)]


def _exposed(alias: str) -> list[checks.CheckMessage]:
    try:
        storage = storages[alias]
    except (InvalidStorageError, ImportError, TypeError):
        return []
    root = exposure.served_root(storage) if isinstance(storage, FileSystemStorage) else ""
    if not root:
        return []
    return [
        checks.Error(
            f"Dumps would land under {root}, where visitors can fetch them.",
            hint=_OWN_FOLDER.format(alias=alias),
            id="privacy.E401",
        )
    ]


def _listable(alias: str, *, remote: bool) -> list[checks.CheckMessage]:
    try:
        storage = listing.open_storage(alias)
        if isinstance(storage, FileSystemStorage) is not remote:
            listing.list_names(alias, storage)
    except PrivacyError as error:
        return [checks.Warning(error.problem, obj=error.field, hint=f"{error.mend}.", id="privacy.W404")]
    return []
