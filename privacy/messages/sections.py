"""The profile table that this room owns."""

from privacy.core.registries import ProfileSection, profile_sections
from privacy.messages.rules import MessageRules

profile_sections.add(
    "messages",
    ProfileSection("messages", MessageRules.parse, {"messages.opt_out_within": lambda rules: rules.opt_out_within}),
)
