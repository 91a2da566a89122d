"""The tables of this room."""

from privacy.disposal.models.closures import Captured, Closure, JournalPage, SessionIndex, StoreReceipt, Sweep
from privacy.disposal.models.holds import Hold

__all__ = ["Captured", "Closure", "Hold", "JournalPage", "SessionIndex", "StoreReceipt", "Sweep"]
