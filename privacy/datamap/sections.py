"""The profile table that this room owns."""

from privacy.core.registries import ProfileSection, profile_sections
from privacy.datamap.rules import DatamapRules

profile_sections.add("datamap", ProfileSection("datamap", DatamapRules.parse))
