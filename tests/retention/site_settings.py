"""The small site for nights in processes of their own: small windows, so that a night is long enough to be hit."""

import os
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import PRIVACY as _PRIVACY
from tests.settings import STORAGES as _STORAGES

_FOLDER = Path(os.environ["NIGHT_FOLDER"])
MEDIA_ROOT = str(_FOLDER / "media")
STORAGES = {
    **_STORAGES,
    "default": {"BACKEND": "tests.retention.site_storage.Telling"},
    "dbbackup": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(_FOLDER / "backups")},
    },
}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "memory://")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": int(os.environ.get("VISIBILITY_TIMEOUT", "3600")),
    # Kombu looks for lost messages every 10 seconds, and really only each tenth time: a test does not wait so long.
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
PRIVACY = {
    **_PRIVACY,
    "WINDOW_ROWS": 20,
    "BATCH_SIZE": 3,
    "LARGE_NIGHT_SHARE": 1.0,
    "CLOSED_ACCOUNTS": {"filter": {"is_active": False}, "closed_at": "date_joined"},
}
