"""Whether the app does its work, part by part, for a monitor: no person, no version, no more than a few queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connections, router

from privacy.disposal.journal.restores import is_restored
from privacy.evidence.waiting import oldest_unsealed
from privacy.retention.models import NightRun
from privacy.retention.watchdog import LATE_AFTER, standing

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the work.

    Attributes:
        well: whether it is as it should be.
        state: one word that says how it is.
        hours: whole hours since the last night or the oldest entry without a seal; None where nothing is counted.
    """

    well: bool
    state: str
    hours: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """All parts, and whether each of them is well."""

    well: bool
    restore: Part
    database: Part
    night: Part
    evidence: Part


def health(now: datetime) -> Health:
    """Look at each part; a database that does not answer is asked once."""
    database = _database()
    night = _unless_it_fails(_night, now) if database.well else _UNKNOWN
    evidence = _unless_it_fails(_evidence, now) if database.well else _UNKNOWN
    restore = Part(False, "waits_for_replay") if is_restored() else Part(True, "none")
    well = restore.well and database.well and night.well and evidence.well
    return Health(well, restore, database, night, evidence)


_UNKNOWN = Part(False, "unknown")


def _unless_it_fails(part: Callable[[datetime], Part], now: datetime) -> Part:
    try:
        return part(now)
    except DatabaseError:
        return _UNKNOWN  # a table that is not there yet


def _database() -> Part:
    try:
        with connections[router.db_for_read(NightRun)].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return Part(False, "unreachable")
    return Part(True, "reachable")


def _night(now: datetime) -> Part:
    found = standing(now)
    return Part(not found.late, found.state, _hours(found.age))


def _evidence(now: datetime) -> Part:
    oldest = oldest_unsealed(within=LATE_AFTER)
    age = None if oldest is None else max(timedelta(), now - oldest)
    well = age is None or age <= LATE_AFTER
    return Part(well, "in_time" if well else "late", _hours(age))


def _hours(age: timedelta | None) -> int | None:
    return None if age is None else age // _HOUR
