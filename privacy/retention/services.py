"""What the doors of this room call."""

from privacy.retention.careful import NothingToApprove, PlanChanged, approve_night
from privacy.retention.claiming import NightAlreadyRunning, ask_for_night
from privacy.retention.ending import NotDeclared, Outlook, preview
from privacy.retention.execution import run_night
from privacy.retention.reports import NightReport, report_of
from privacy.retention.schedules import (
    KeepIsDeclared,
    ScheduleWithdrawn,
    SyncReport,
    change_period,
    pause_schedule,
    resume_schedule,
    sync_schedules,
)

__all__ = [
    "KeepIsDeclared",
    "NightAlreadyRunning",
    "NightReport",
    "NotDeclared",
    "NothingToApprove",
    "Outlook",
    "PlanChanged",
    "ScheduleWithdrawn",
    "SyncReport",
    "approve_night",
    "ask_for_night",
    "change_period",
    "pause_schedule",
    "preview",
    "report_of",
    "resume_schedule",
    "run_night",
    "sync_schedules",
]
