"""The tables of this room."""

from privacy.policies.models.notices import *  # noqa: F403
from privacy.policies.models.versions import *  # noqa: F403
