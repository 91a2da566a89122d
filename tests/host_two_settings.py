"""The suite's settings for a site with a second database beside the accounts'. Run in a process of its own."""

import os
from copy import deepcopy

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS, VAR_DIR

INSTALLED_APPS = ["tests.host_two" if name == "tests.host" else name for name in INSTALLED_APPS]
DATABASES["archive"] = deepcopy(DATABASES["default"])
_NAME = os.environ.get("PRIVACY_TEST_DB", "suite")
if DATABASES["archive"]["ENGINE"].endswith("sqlite3"):
    DATABASES["archive"]["NAME"] = str(VAR_DIR / "archive.sqlite3")
    DATABASES["archive"]["TEST"] = {"NAME": str(VAR_DIR / f"test_{_NAME}_archive.sqlite3")}
else:
    DATABASES["archive"]["TEST"] = {"NAME": f"test_privacy_{_NAME}_archive"}
DATABASE_ROUTERS = ["tests.host_two.router.TwoDatabases"]
