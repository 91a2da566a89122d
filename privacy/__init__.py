"""The words a site declares its personal data with. Importing this touches no model."""

from privacy.datamap.declarations import (
    Anonymise,
    Delete,
    Expire,
    ExternalStore,
    Generic,
    Keep,
    LogFile,
    PersonalData,
    Sentinel,
    Shorten,
)
from privacy.datamap.registry import exclude, register, register_store

__all__ = [
    "Anonymise",
    "Delete",
    "Expire",
    "ExternalStore",
    "Generic",
    "Keep",
    "LogFile",
    "PersonalData",
    "Sentinel",
    "Shorten",
    "exclude",
    "register",
    "register_store",
]
