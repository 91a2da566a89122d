"""The profile table that this room owns."""

from privacy.core.registries import ProfileSection, profile_sections
from privacy.retention.rules import CategorySettings, RetentionRules

profile_sections.add("retention", ProfileSection("retention", RetentionRules.parse, CategorySettings()))
