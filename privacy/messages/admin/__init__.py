"""The screens of this room."""

from privacy.messages.admin import events as _events  # noqa: F401
from privacy.messages.admin import mailings as _mailings  # noqa: F401
from privacy.messages.admin import outbox as _outbox  # noqa: F401
from privacy.messages.admin import suppression as _suppression  # noqa: F401
