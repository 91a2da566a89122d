"""Settings for the type checker alone: it has to know the suite's small site and the demo site at once."""

from project.sites import SITES
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as OF_THE_SUITE

INSTALLED_APPS = [*OF_THE_SUITE, "project.coop", "project.clients", "project.outside"]
SITE = SITES["harvest"]
SEARCH_DIR = ""  # of the demo site
