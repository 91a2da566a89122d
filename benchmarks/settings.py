"""Settings of the site that is measured: what many sites run, with the app's own defaults."""

import os
from pathlib import Path
from typing import Any

import dj_database_url

FOLDER = Path(os.environ["BENCH_FOLDER"])

SECRET_KEY = "for benchmarks only, never for a site"
DEBUG = False
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "benchmarks.urls"
MEDIA_ROOT = str(FOLDER / "media")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "privacy",
    "benchmarks.site",
]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
TEMPLATES: list[dict[str, Any]] = []

DATABASES: dict[str, Any] = {"default": dj_database_url.parse(os.environ["BENCH_DATABASE"])}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # As the documentation tells a site on SQLite to set it.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_BROKER_URL = "memory://"
PRIVACY: dict[str, Any] = {"JOURNAL_DIR": str(FOLDER / "journal")}
#: Which declarations hold: "delete", "anonymise" or "hooks" (see site/privacy.py).
BENCH_ERASURE = os.environ.get("BENCH_ERASURE", "delete")
