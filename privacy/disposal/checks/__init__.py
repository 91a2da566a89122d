"""System checks of this room."""

from privacy.disposal.checks import guard, journal, rows  # noqa: F401
