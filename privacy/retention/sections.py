"""The profile table that this room owns, and the periods that an admin set apart from it."""

from __future__ import annotations

from privacy.core.periods import Period
from privacy.core.registries import ProfileSection, profile_sections, providers
from privacy.retention.models import Schedule
from privacy.retention.rules import PREFIX, CategorySettings, RetentionRules


def edited_periods(*, setting: str) -> list[Period]:
    """The periods in force that an admin chose: a new profile may not contradict them unnoticed."""
    category = setting.removeprefix(PREFIX)
    edited = Schedule.objects.declared().expiries().filter(edited=True, category=category)
    return [schedule.span for schedule in edited]


profile_sections.add("retention", ProfileSection("retention", RetentionRules.parse, CategorySettings()))
providers.add("in_force.retention", edited_periods)
