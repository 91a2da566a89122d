"""The room's services: the register follows the storage, dumps are taken and go in time, other copies are declared."""

from privacy.backups.declaring import WrongCopies
from privacy.backups.expiry import ExpiryReport, expire
from privacy.backups.registering import (
    AlreadyConfirmed,
    ConfirmReport,
    RegisterReport,
    UnknownCopy,
    confirm_destroyed,
    register_copies,
)
from privacy.backups.scanning import ScanReport, reconcile, register_dump
from privacy.backups.taking import TakeReport, take

__all__ = [
    "AlreadyConfirmed",
    "ConfirmReport",
    "ExpiryReport",
    "RegisterReport",
    "ScanReport",
    "TakeReport",
    "UnknownCopy",
    "WrongCopies",
    "confirm_destroyed",
    "expire",
    "reconcile",
    "register_copies",
    "register_dump",
    "take",
]
