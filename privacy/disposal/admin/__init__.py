"""The admin's screens of this room."""

from privacy.disposal.admin.closures import ClosureAdmin
from privacy.disposal.admin.holds import HoldAdmin
from privacy.disposal.admin.stores import StoreReceiptAdmin

__all__ = ["ClosureAdmin", "HoldAdmin", "StoreReceiptAdmin"]
