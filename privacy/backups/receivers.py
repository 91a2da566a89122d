"""What django-dbbackup reports goes into the register at once. A failure here never fails the site's backup."""

from __future__ import annotations

import logging
from typing import Any

from django.apps import apps
from django.utils import timezone

from privacy.backups import services
from privacy.disposal.journal.restores import restored_by_signal

logger = logging.getLogger("privacy.backups")


def database_dumped(*, filename: str, storage: Any, **_: Any) -> None:
    """``post_backup``: a database was dumped."""
    _register(filename, storage, "database")


def media_dumped(*, filename: str, storage: Any, **_: Any) -> None:
    """``post_media_backup``: the uploaded files were dumped."""
    _register(filename, storage, "media")


def restoring(**_: Any) -> None:
    """``pre_restore``: from now on nobody is served and nothing destroyed; a restore without that is not begun."""
    restored_by_signal(now=timezone.now())


def restored(**_: Any) -> None:
    """``post_restore`` and ``post_media_restore``: until the journal was applied again."""
    restored_by_signal(now=timezone.now())


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
    from dbbackup import signals  # an optional app

    signals.post_backup.connect(database_dumped, dispatch_uid="privacy.backups.database_dumped")
    signals.post_media_backup.connect(media_dumped, dispatch_uid="privacy.backups.media_dumped")
    for signal in (signals.pre_restore, signals.pre_media_restore):
        signal.connect(restoring, dispatch_uid="privacy.backups.restoring")
    for signal in (signals.post_restore, signals.post_media_restore):
        signal.connect(restored, dispatch_uid="privacy.backups.restored")


connect()
