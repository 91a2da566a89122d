"""The room's services: the register follows the storage, dumps are taken, and go when their time is over."""

from privacy.backups.expiry import ExpiryReport, expire
from privacy.backups.scanning import ScanReport, reconcile, register_dump
from privacy.backups.taking import TakeReport, take

__all__ = ["ExpiryReport", "ScanReport", "TakeReport", "expire", "reconcile", "register_dump", "take"]
