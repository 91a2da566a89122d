"""The screens of this room: retention schedules, and nights."""

from privacy.retention.admin.nights import NightRunAdmin
from privacy.retention.admin.schedules import ScheduleAdmin

__all__ = ["NightRunAdmin", "ScheduleAdmin"]
