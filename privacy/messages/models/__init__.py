"""The tables of this room."""

from privacy.messages.models.choices import *  # noqa: F403
from privacy.messages.models.mailings import *  # noqa: F403
from privacy.messages.models.outbox import *  # noqa: F403
