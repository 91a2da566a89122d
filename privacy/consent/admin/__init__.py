"""The admin's screens of this room."""

from privacy.consent.admin.flags import FlagAdmin
from privacy.consent.admin.ledger import ConsentRecordAdmin
from privacy.consent.admin.purposes import PurposeAdmin

__all__ = ["ConsentRecordAdmin", "FlagAdmin", "PurposeAdmin"]
