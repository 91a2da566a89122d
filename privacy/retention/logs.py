"""Log files go by the schedules of the data they hold, or by a period of their own; never longer than promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.datamap import graph
from privacy.datamap.declarations import LogFile
from privacy.datamap.graph import Declared
from privacy.disposal.logs import LogReport, Written, expire_log, files_of, over
from privacy.retention.ending import Rulebook
from privacy.retention.models import Schedule
from privacy.retention.rules import bounds_of


@dataclass(frozen=True, slots=True)
class DeclaredLog:
    """A log file with what ends it.

    Attributes:
        declared: whose data it holds.
        log: as declared.
        periods: of which the one that ends soonest holds; never empty.
        paused: a schedule it follows is paused, so it is left alone.
    """

    declared: Declared
    log: LogFile
    periods: tuple[Period, ...]
    paused: bool

    @property
    def path(self) -> str:
        return self.log.path

    def cutoff(self, moment: datetime) -> datetime:
        """Lines from this moment or before are over at ``moment``."""
        return max(period.cutoff(moment, settings.calendar) for period in self.periods)

    def period(self, moment: datetime) -> Period:
        """The period that ends soonest."""
        return max(self.periods, key=lambda period: period.cutoff(moment, settings.calendar))


@dataclass(frozen=True, slots=True)
class LogStanding:
    """How one log stands on this machine.

    Attributes:
        log: with its periods.
        period: the one that holds.
        files: how many there are, the live one included.
        oldest: the moment of the oldest line; None where nothing tells.
        over: files that are over now and that the night removes or empties.
        tonight: the same, for the look-ahead of the coming night.
        unrotated: the live file holds lines that are over, and nobody rotated it away.
        undated: the live file cannot be dated: no stamp in its lines, no rotated file before it.
    """

    log: DeclaredLog
    period: Period
    files: int
    oldest: datetime | None
    over: int
    tonight: int
    unrotated: bool
    undated: bool


def declared_logs(now: datetime, book: Rulebook | None = None) -> Iterator[DeclaredLog]:
    """Every declared log file that something ends; two queries, and one a category that a log speaks of."""
    with_logs = [item for item in graph.declared() if item.logs]
    if not with_logs:
        return
    book = book or Rulebook(now)
    schedules = list(Schedule.objects.declared().expiries())
    for declared in with_logs:
        own = [schedule for schedule in schedules if schedule.model == declared.label]
        promised = tuple(bound.figure for bound in bounds_of(declared.category, now) if bound.kind == "ceiling")
        for log in declared.logs:
            try:
                mine = (Period.parse(log.expires),) if log.expires else tuple(book.period(item) for item in own)
                mine = mine or tuple(expiry.period for expiry in declared.expiries)
            except PrivacyError:
                continue  # check names the declaration
            if mine:
                paused = not log.expires and any(item.paused for item in own)
                yield DeclaredLog(declared, log, (*mine, *promised), paused)


def standings(now: datetime, *, horizon: datetime) -> list[LogStanding]:
    """How every declared log stands on this machine; reads the beginning of each file."""
    zone = settings.calendar.zone
    return [_standing(log, files_of(log.path, zone), now, horizon) for log in declared_logs(now)]


def expire(log: DeclaredLog, *, horizon: datetime, now: datetime, actor: Actor, dry_run: bool) -> LogReport:
    """Remove what the log was rotated into and is over before ``horizon``."""
    cutoff = log.cutoff(horizon)
    return expire_log(path=log.path, label=log.declared.label, cutoff=cutoff, now=now, actor=actor, dry_run=dry_run)


def _standing(log: DeclaredLog, files: list[Written], now: datetime, horizon: datetime) -> LogStanding:
    cutoff = log.cutoff(now)
    live = next((file for file in files if file.live and file.size), None)
    dated = [file.began for file in files if file.began is not None]
    return LogStanding(
        log=log,
        period=log.period(now),
        files=len(files),
        oldest=min(dated, default=None),
        over=len(over(files, cutoff)),
        tonight=len(over(files, log.cutoff(horizon))),
        unrotated=live is not None and live.began is not None and live.began <= cutoff < live.ended,
        undated=live is not None and live.began is None,
    )
