"""The small site as one that sends: its journal on disk, a real mail server, triggers on."""

import os
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import PRIVACY as _PRIVACY

_FOLDER = Path(os.environ["CRASH_FOLDER"])
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ.get("MAIL_PORT", "0"))
EMAIL_TIMEOUT = 1
DEFAULT_FROM_EMAIL = "Test Site <site@example.org>"
PRIVACY = {
    **_PRIVACY,
    "EVIDENCE_TRIGGERS": True,
    "JOURNAL_DIR": str(_FOLDER / "journal"),
    "SITE_URL": "https://example.org",
    "DISPATCH_SECONDS": 3600,
}
