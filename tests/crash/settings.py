"""The small site as a real one: triggers on, files and caches on disk, a store outside, nights that take a while."""

import os
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as _APPS
from tests.settings import PRIVACY as _PRIVACY
from tests.settings import STORAGES as _STORAGES

_FOLDER = Path(os.environ["CRASH_FOLDER"])
INSTALLED_APPS = [*_APPS, "tests.crash.outside"]
MEDIA_ROOT = str(_FOLDER / "media")
OUTSIDE_FOLDER = _FOLDER / "outside"
STORAGES = {
    **_STORAGES,
    "dbbackup": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(_FOLDER / "backups")},
    },
}
if _SERVER := os.environ.get("CRASH_STORAGE"):
    for _alias, _place in (("default", "media"), ("dbbackup", "backups")):
        STORAGES[_alias] = {
            "BACKEND": "tests.crash.remote.RemoteStorage",
            "OPTIONS": {"url": f"{_SERVER}/{_place}"},
        }
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(_FOLDER / "cache"),
                "OPTIONS": {"MAX_ENTRIES": 100_000}},
}  # fmt: skip
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = os.environ.get("CRASH_MAIL") or str(_FOLDER / "mail")

CELERY_BROKER_URL = os.environ.get("CRASH_BROKER", "memory://")
if CELERY_BROKER_URL.startswith("filesystem"):
    for _place in (_FOLDER / "broker" / "messages", _FOLDER / "broker" / "control"):
        if not _place.exists():
            _place.mkdir(parents=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_FOLDER / "broker" / "messages"),
        "data_folder_out": str(_FOLDER / "broker" / "messages"),
        "control_folder": str(_FOLDER / "broker" / "control"),
        "polling_interval": 0.2,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

PRIVACY = {
    **_PRIVACY,
    "EVIDENCE_TRIGGERS": True,
    "JOURNAL_DIR": str(_FOLDER / "journal"),
    "BATCH_SIZE": int(os.environ.get("CRASH_BATCH", "50")),
    "CLOSE_IN_REQUEST_ROWS": int(os.environ.get("CRASH_ROWS", "20000")),
    "WINDOW_ROWS": 500,
    "STORAGE_TIMEOUT": int(os.environ.get("CRASH_TIMEOUT", "30")),
    "LARGE_NIGHT_SHARE": 1.0,
    "CLOSED_ACCOUNTS": {"filter": {"is_active": False}, "closed_at": "customer.closed_at"},
}

if os.environ.get("CRASH_RECONNECT"):
    from privacy.retention import reconnecting

    reconnecting.RECONNECT_FOR = float(os.environ["CRASH_RECONNECT"])
