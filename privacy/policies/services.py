"""What other rooms, the doors and hosts call to change something here."""

from privacy.policies.clocks import BeforePosting, TooEarly
from privacy.policies.drafting import Imported, WrongDraft, discard_draft, import_text, write_draft
from privacy.policies.effects import NoMailToGoFirst, NoNote, Planned, planned
from privacy.policies.notices import announce, announce_missing, put_away, remember_bounce, remember_dispatch
from privacy.policies.publishing import (
    AlreadyWithdrawn,
    CannotPublish,
    DraftChanged,
    NoReason,
    WrongMoment,
    publish,
    publish_due,
    schedule,
    unschedule,
    withdraw,
)
from privacy.policies.replaying import replay_versions

__all__ = [
    "AlreadyWithdrawn",
    "BeforePosting",
    "CannotPublish",
    "DraftChanged",
    "Imported",
    "NoMailToGoFirst",
    "NoNote",
    "NoReason",
    "Planned",
    "TooEarly",
    "WrongDraft",
    "WrongMoment",
    "announce",
    "announce_missing",
    "discard_draft",
    "import_text",
    "planned",
    "publish",
    "publish_due",
    "put_away",
    "remember_bounce",
    "remember_dispatch",
    "replay_versions",
    "schedule",
    "unschedule",
    "withdraw",
    "write_draft",
]
