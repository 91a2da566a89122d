"""The profile table that this room owns."""

from privacy.core.registries import ProfileSection, profile_sections
from privacy.disposal.rules import ClosureRules

profile_sections.add(
    "closure",
    ProfileSection("closure", ClosureRules.parse, {"closure.after": lambda rules: rules.after}),
)
