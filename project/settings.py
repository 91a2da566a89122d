"""Settings of the demo site.

Everything has a default that works on one machine without a service. The environment changes it:
``SITE`` (one of the five; the last one played when absent), ``DATABASE_URL`` (SQLite when absent),
``CELERY_BROKER_URL`` (the file system when absent), ``SECRET_KEY`` (made and kept when absent), ``DEBUG`` (off when
absent), ``PORT`` (of the addresses in mails and receipts, 8000 when absent) and ``DEMO_DIR``, the directory of
everything that the running site writes.
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url

from project.secret import kept_seal_key, kept_secret
from project.sites import chosen

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("DEMO_DIR") or BASE_DIR / "var" / "demo").resolve()

# The profile that the demonstration plays, and with it the apps that this site has.
SITE = chosen(VAR_DIR)

DEBUG = os.environ.get("DEBUG", "").strip().lower() in {"1", "true", "yes", "on"}
SECRET_KEY = os.environ.get("SECRET_KEY") or kept_secret(VAR_DIR / "secret_key")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_celery_results",
    "dbbackup",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "privacy",
    "project.coop",
    *SITE.apps,
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "project.middleware.ContentSecurityPolicy",
    "privacy.disposal.middleware.RestoreGuard",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "privacy.policies.middleware.PolicyGate",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "privacy.disposal.admin.guarding.DeletionGuard",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "project.context.site",
            ]
        },
    }
]

# --- database ------------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(os.environ.get("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'coop.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Immediate transactions wait for their turn; deferred ones fail under WAL when they come to write.
    # secure_delete overwrites what was erased, which would otherwise stay readable in freed pages.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
else:
    # The pool keeps the connections, so Django must not.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 8, "timeout": 20}
    DATABASES["default"]["TEST"] = {"NAME": f"test_coop_{os.environ.get('PRIVACY_TEST_DB', 'suite')}"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- files ---------------------------------------------------------------------------------

MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # Without an entry of its own a dump would land under MEDIA_ROOT, where the web server can serve it.
    "dbbackup": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "backups"},
    },
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# This connector goes through SQLite's backup interface both ways: a dump holds what is still in the write-ahead log,
# and a restore is seen by every process that has the database open.
DBBACKUP_CONNECTORS = (
    {"default": {"CONNECTOR": "privacy.backups.connectors.SqliteConnector"}}
    if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
    else {}
)
DBBACKUP_HOSTNAME = "coop"
DBBACKUP_GPG_RECIPIENT = os.environ.get("BACKUP_GPG_RECIPIENT")
DBBACKUP_GPG_ALWAYS_TRUST = True

# The index that the search page reads; declared as an external store in project/coop/privacy.py.
SEARCH_DIR = VAR_DIR / "search"

# Files, because the worker that closes an account must reach what the web server cached.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": VAR_DIR / "cache",
    }
}

# --- sign-in -------------------------------------------------------------------------------

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/dashboard/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- language, time, mail ------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
ADMINS = [(SITE.name, "admin@coop.example")]
DEFAULT_FROM_EMAIL = SERVER_EMAIL = "coop@coop.example"
EMAIL_FILE_PATH = VAR_DIR / "mail"

# --- Celery --------------------------------------------------------------------------------

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or "filesystem://"
if CELERY_BROKER_URL.startswith("filesystem"):
    _messages, _control = VAR_DIR / "broker" / "messages", VAR_DIR / "broker" / "control"
    for _folder in (_messages, _control):
        _folder.mkdir(parents=True, exist_ok=True)
    # One folder for both directions: every process of the site is producer and consumer.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_messages),
        "data_folder_out": str(_messages),
        "control_folder": str(_control),
        "polling_interval": 0.2,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_RESULT_BACKEND = "django-db"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

# --- the API -------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

# --- privacy -------------------------------------------------------------------------------

# Orders and reports of the site go by the same rules as its mailings; the file backend stands in for a mail server.
EMAIL_BACKEND = "privacy.messages.backends.EmailBackend"

PRIVACY = {
    "MAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
    "SITE_URL": f"http://127.0.0.1:{os.environ.get('PORT') or 8000}",
    "NIGHT_AT": "03:30",
    "COUNTRY": "DE",
    "SUBDIVISION": "HE",
    "COVERAGE": "enforce",
    "API_RATE": "600/minute",
    # Files are shared by the processes of one machine, which is all that the demo has.
    "GATE_CACHE": "default",
    # Outside the database, so that a restored dump does not bring back who was erased since.
    "JOURNAL_DIR": VAR_DIR / "journal",
    # Beside the database only because the demo lives in one folder; see docs/how-to/rotate-seal-keys.md.
    "SEAL_KEYS": [kept_seal_key(VAR_DIR / "seal_key.pem")],
    # The co-op had its own way of closing an account before the app came. Suspended is not closed.
    "CLOSED_ACCOUNTS": {
        "filter": {"is_active": False, "member__status": "closed"},
        "closed_at": "member.closed_at",
    },
}
