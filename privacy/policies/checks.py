"""System checks of this room."""

from privacy.policies.gate import checks  # noqa: F401
