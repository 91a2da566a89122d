"""What django-dbbackup reports goes into the register at once. A failure here never fails the site's backup."""

from __future__ import annotations

import logging
from typing import Any

from django.apps import apps
from django.utils import timezone

from privacy.backups import services

logger = logging.getLogger("privacy.backups")


def database_dumped(*, filename: str, storage: Any, **_: Any) -> None:
    """``post_backup``: a database was dumped."""
    _register(filename, storage, "database")


def media_dumped(*, filename: str, storage: Any, **_: Any) -> None:
    """``post_media_backup``: the uploaded files were dumped."""
    _register(filename, storage, "media")


def _register(filename: str, storage: Any, kind: str) -> None:
    try:
        services.register_dump(storage=storage.storage, name=filename, kind=kind, now=timezone.now())
    except Exception as error:  # noqa: BLE001 the dump is made; the night's scan finds what is missing here
        kind_of_error = type(error).__name__  # what a database or storage says of itself may quote more
        logger.error("a dump could not be registered (%s); the next scan of the storage will find it", kind_of_error)


def connect() -> None:
    """Listen to django-dbbackup when it is installed."""
    if not apps.is_installed("dbbackup"):
        return
    from dbbackup.signals import post_backup, post_media_backup  # an optional app

    post_backup.connect(database_dumped, dispatch_uid="privacy.backups.database_dumped")
    post_media_backup.connect(media_dumped, dispatch_uid="privacy.backups.media_dumped")


connect()
