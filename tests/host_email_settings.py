"""The suite's settings for a site whose users have an e-mail address as primary key; run in a process of their own."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

AUTH_USER_MODEL = "host_email.Member"
INSTALLED_APPS = ["tests.host_email" if name == "tests.host" else name for name in INSTALLED_APPS]
