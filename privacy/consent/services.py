"""What other rooms and hosts call to change something here."""

from privacy.consent.deciding import (
    NobodyIsAsked,
    NothingToWithdraw,
    WordingReplaced,
    decide,
    forget_address,
    withdraw,
)
from privacy.consent.declaring import (
    WrongPurpose,
    WrongWording,
    add_purpose,
    add_wording,
    announce_purpose,
    retire_purpose,
    take_over_purposes,
)
from privacy.consent.entering import Entry, enter
from privacy.consent.expiring import expire_grants
from privacy.consent.flagging import (
    AlreadyRaised,
    CannotReject,
    NoGround,
    NoReason,
    NotOpen,
    decide_objection,
    lift,
    object_to,
    restrict,
)
from privacy.consent.surfaces import NoConsentFrom, UnknownSurface

__all__ = [
    "AlreadyRaised",
    "CannotReject",
    "Entry",
    "NoConsentFrom",
    "NoGround",
    "NoReason",
    "NobodyIsAsked",
    "NotOpen",
    "NothingToWithdraw",
    "UnknownSurface",
    "WordingReplaced",
    "WrongPurpose",
    "WrongWording",
    "add_purpose",
    "add_wording",
    "announce_purpose",
    "decide",
    "decide_objection",
    "enter",
    "expire_grants",
    "forget_address",
    "lift",
    "object_to",
    "restrict",
    "retire_purpose",
    "take_over_purposes",
    "withdraw",
]
