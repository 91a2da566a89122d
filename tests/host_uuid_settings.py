"""The suite's settings for a site whose users have UUID keys; run in a process of their own."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

AUTH_USER_MODEL = "host_uuid.Member"
INSTALLED_APPS = ["tests.host_uuid" if name == "tests.host" else name for name in INSTALLED_APPS]
