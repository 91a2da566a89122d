"""This room's table of the profile."""

from privacy.consent.rules import ConsentRules
from privacy.core.registries import ProfileSection, profile_sections

profile_sections.add(
    "consent",
    ProfileSection("consent", ConsentRules.parse, {"consent.proof_kept": lambda rules: rules.proof_kept}),
)
