"""The measured site with a page to sign in to; which gate stands before it is set while it is measured."""

from importlib.util import find_spec

from benchmarks.settings import *  # noqa: F403
from benchmarks.settings import FOLDER, INSTALLED_APPS

#: benchmarks/requirements.txt; without it the measurement tells the app's own side alone.
WITH_TERMS = find_spec("termsandconditions") is not None

INSTALLED_APPS = [*INSTALLED_APPS, *(["termsandconditions"] if WITH_TERMS else [])]
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "benchmarks.gate_urls"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
# Files: shared by the processes of one machine, which a cache in memory is not.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(FOLDER / "cache")}
}
LOGIN_URL = "/accounts/login/"
