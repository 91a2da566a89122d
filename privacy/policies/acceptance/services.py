"""What hosts and the doors call to write into the ledger of acceptances."""

from privacy.policies.acceptance import replaying  # noqa: F401 - registers the replayer
from privacy.policies.acceptance.accepting import (
    ExpressNeeded,
    NoAct,
    NoReason,
    NothingPublished,
    NotStaff,
    VersionsChanged,
    accept,
    accept_by_use,
    accept_on_behalf,
    deem,
    forget_address,
)
from privacy.policies.acceptance.lasting import keep_while_open

__all__ = [
    "ExpressNeeded",
    "NoAct",
    "NoReason",
    "NotStaff",
    "NothingPublished",
    "VersionsChanged",
    "accept",
    "accept_by_use",
    "accept_on_behalf",
    "deem",
    "forget_address",
    "keep_while_open",
]
