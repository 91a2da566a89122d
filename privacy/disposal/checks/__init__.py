"""System checks of this room."""

from privacy.disposal.checks import answers, journal  # noqa: F401
