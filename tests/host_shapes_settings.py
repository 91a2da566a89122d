"""A site of odd shapes: users inherit a table, models point in circles. Run in a process of its own."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

AUTH_USER_MODEL = "host_shapes.Member"
INSTALLED_APPS = ["tests.host_shapes" if name == "tests.host" else name for name in INSTALLED_APPS]
