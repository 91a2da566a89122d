"""What the doors of this room call."""

from privacy.retention.careful import NothingToApprove, PlanChanged, approve_night
from privacy.retention.claiming import NightAlreadyRunning, NightPaused, ask_for_night, nudge_again
from privacy.retention.ending import NotDeclared, Outlook, preview
from privacy.retention.execution import NightBrokeOff, run_night
from privacy.retention.pausing import NothingToPause, NothingToResume, pause_night, resume_night
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
    "NightBrokeOff",
    "NightPaused",
    "NightReport",
    "NotDeclared",
    "NothingToApprove",
    "NothingToPause",
    "NothingToResume",
    "Outlook",
    "PlanChanged",
    "ScheduleWithdrawn",
    "SyncReport",
    "approve_night",
    "ask_for_night",
    "change_period",
    "nudge_again",
    "pause_night",
    "pause_schedule",
    "preview",
    "report_of",
    "resume_night",
    "resume_schedule",
    "run_night",
    "sync_schedules",
]
