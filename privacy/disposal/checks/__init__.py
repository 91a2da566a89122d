"""System checks of this room."""

from privacy.disposal.checks import journal, rows  # noqa: F401
