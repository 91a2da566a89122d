"""The profile tables that this room owns."""

from privacy.core.registries import ProfileSection, profile_sections
from privacy.disposal.holds.rules import HoldRules
from privacy.disposal.rules import ClosureRules

profile_sections.add(
    "closure",
    ProfileSection("closure", ClosureRules.parse, {"closure.after": lambda rules: rules.after}),
)
profile_sections.add(
    "holds",
    ProfileSection("holds", HoldRules.parse, {"holds.review_every": lambda rules: rules.review_every}),
)
