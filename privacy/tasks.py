"""Front door: Celery finds every room's tasks here."""

from privacy.disposal import tasks as _disposal  # noqa: F401
from privacy.evidence import tasks as _evidence  # noqa: F401
from privacy.messages import tasks as _messages  # noqa: F401
from privacy.retention import tasks as _retention  # noqa: F401
