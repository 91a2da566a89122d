"""One schedule carried out, counted, or looked ahead; the rows themselves are disposal's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from django.db.models import Count, Min, Q, QuerySet

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.datamap import graph
from privacy.datamap.shapes import Expiry, KeptField
from privacy.disposal import expiry as disposal
from privacy.disposal.grounds import left_behind
from privacy.disposal.holds import in_force
from privacy.disposal.holds.sparing import Spared
from privacy.disposal.plan import as_moment
from privacy.promises.bounds import Bound
from privacy.promises.queries import bounds_under
from privacy.retention.declarations import DeclaredEnd, Ends, declared_ends
from privacy.retention.models import Schedule
from privacy.retention.queries import horizon
from privacy.retention.rules import PREFIX, effective

_A_DAY = timedelta(days=1)


class NotDeclared(PrivacyError):
    """A schedule whose declaration cannot be found, or is broken."""


class Told(Protocol):
    """Hears how far one schedule has come: ``deleted``, ``anonymised`` and ``files``."""

    def __call__(self, counts: Mapping[str, int]) -> None: ...


class Rulebook:
    """Declarations, and the promises that bind at ``now``, read once for all schedules of a night or a screen."""

    def __init__(self, now: datetime, ends: Ends | None = None) -> None:
        self.ends = ends or declared_ends()
        self._now = now
        self._horizons: dict[datetime, datetime] = {}

    def horizon(self, now: datetime) -> datetime:
        """The end of the look-ahead of a night at ``now``; the timetable is read once."""
        if now not in self._horizons:
            self._horizons[now] = horizon(now)
        return self._horizons[now]

    def bounds(self, schedule: Schedule) -> list[Bound]:
        """The promises that bind this schedule; an exception is bound by its ground alone."""
        if schedule.kind == Schedule.Kind.KEEP:
            return []
        return self._bounds.get(schedule.category, [])

    def period(self, schedule: Schedule) -> Period:
        """What the night goes by."""
        return effective(schedule, self.bounds(schedule))

    def cutoff(self, schedule: Schedule, moment: datetime, night: datetime | None = None) -> datetime:
        """Rows that began at or before this are over at ``moment``, for a night at ``night``.

        What a floor keeps is not looked ahead to: it goes in a night after its time, a day later to be sure
        of month ends. Where a ceiling crosses the floor the ceiling holds.
        """
        calendar, bounds = settings.calendar, self.bounds(schedule)
        cutoff = self.period(schedule).cutoff(moment, calendar)
        floors = [bound.figure for bound in bounds if bound.kind == "floor"]
        if not floors:
            return cutoff
        ceilings = [bound.figure for bound in bounds if bound.kind == "ceiling"]
        kept_until = min(floor.cutoff((night or moment) - _A_DAY, calendar) for floor in floors)
        return max([min(cutoff, kept_until), *(ceiling.cutoff(moment, calendar) for ceiling in ceilings)])

    def end(self, schedule: Schedule) -> DeclaredEnd:
        """The declaration behind a schedule.

        Raises:
            NotDeclared: there is none, or it cannot be resolved.
        """
        found = self.ends.by_name.get(schedule.name)
        if found is None:
            broken = self.ends.broken.get(schedule.model)
            problem = f"its declaration is broken: {broken.problem}" if broken else "no declaration stands behind it"
            raise NotDeclared(field=schedule.name, problem=problem, mend="Run check, and mend the privacy.py it names")
        return found

    def over(self, schedule: Schedule, moment: datetime, night: datetime | None = None) -> QuerySet[Any]:
        """Rows whose end has come at ``moment``, as a night at ``night`` sees it, and that still are what they were."""
        end, cutoff = self.end(schedule), self.cutoff(schedule, moment, night)
        if isinstance(end.rule, KeptField):
            return disposal.kept_over(end.declared, end.rule, moment, self._spared)
        return disposal.over(end.declared, end.rule, cutoff, self._spared)

    @cached_property
    def _bounds(self) -> Mapping[str, list[Bound]]:
        """The promises on all categories, read once."""
        return bounds_under(PREFIX, now=self._now)

    @cached_property
    def _spared(self) -> Spared:
        """The rows that legal holds keep, read once."""
        return Spared(in_force())


def periods_in_force(now: datetime) -> dict[str, Period]:
    """What a night at ``now`` goes by, by the name of the declared ``Expiry``; for pages that tell a person."""
    book = Rulebook(now)
    schedules = {schedule.name: schedule for schedule in Schedule.objects.declared().expiries()}
    return {
        end.rule.name: book.period(schedules[name])
        for name, end in book.ends.by_name.items()
        if isinstance(end.rule, Expiry) and name in schedules
    }


@dataclass(frozen=True, slots=True)
class Outlook:
    """A schedule seen from now.

    Attributes:
        over: rows past their end already.
        tonight: rows the night would treat now, with its look-ahead.
        rows: all rows of the model.
        next_end: when the oldest row that is not over yet ends; None when no row waits.
    """

    over: int
    tonight: int
    rows: int
    next_end: datetime | None


def preview(schedule: Schedule, now: datetime, rulebook: Rulebook | None = None) -> Outlook:
    """Count what a schedule would do; reads only, three queries whatever the number of rows (four for an exception).

    Raises:
        NotDeclared: its declaration is gone or broken.
    """
    book = rulebook or Rulebook(now)
    end = book.end(schedule)
    calendar = settings.calendar
    everything: QuerySet[Any] = QuerySet(end.declared.model, using=end.declared.using)
    start = end.rule.start
    # An exception only ends rows that outlived their person.
    ending = left_behind(end.declared) if isinstance(end.rule, KeptField) else everything
    cutoff = book.cutoff(schedule, now)
    oldest = ending.filter(**{f"{start}__gt": cutoff}).aggregate(oldest=Min(start))["oldest"]
    if isinstance(end.rule, KeptField):
        over, tonight = book.over(schedule, now).count(), book.over(schedule, book.horizon(now), now).count()
    else:
        # What is over already is among what the night would take: one look at the rows gives both.
        both = {"over": Count("pk", filter=Q(**{f"{start}__lte": cutoff})), "tonight": Count("pk")}
        found = book.over(schedule, book.horizon(now), now).aggregate(**both)
        over, tonight = found["over"], found["tonight"]
    return Outlook(
        over=over,
        tonight=tonight,
        rows=everything.count(),
        next_end=book.period(schedule).end(as_moment(oldest, calendar), calendar) if oldest is not None else None,
    )


def carry_out(
    schedule: Schedule,
    *,
    rulebook: Rulebook,
    horizon: datetime,
    now: datetime,
    actor: Actor,
    dry_run: bool,
    told: Told,
    before: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Let everything end that would be over before ``horizon``.

    Args:
        before: the counts that an attempt which broke off had told; they are counted on.

    Returns:
        ``deleted`` or ``anonymised`` rows, ``files`` that went, and ``accounts`` where the rows are people; in a
        dry run those that would.
    """
    end = rulebook.end(schedule)
    cutoff = rulebook.cutoff(schedule, horizon, now)
    masks = isinstance(end.rule, Expiry) and end.action == "anonymise"

    # Rows of the user model are people: the careful night must see how many would go.
    accounts = isinstance(end.rule, Expiry) and end.declared.model._meta.concrete_model is graph.user_model()
    had: Mapping[str, int] = before or {}

    def counted(rows: int, files: int) -> dict[str, int]:
        now_done = {"deleted": 0 if masks else rows, "anonymised": rows if masks else 0, "files": files}
        if accounts:
            now_done["accounts"] = rows
        return {word: count + had.get(word, 0) for word, count in now_done.items()}

    def progress(counts: Mapping[str, int]) -> None:
        told(counted(counts["rows"], counts["files"]))

    if isinstance(end.rule, Expiry):
        report = disposal.expire(
            declared=end.declared,
            expiry=end.rule,
            cutoff=cutoff,
            now=now,
            actor=actor,
            dry_run=dry_run,
            progress=progress,
        )
    else:
        report = disposal.end_keep(
            declared=end.declared,
            keep=end.rule,
            moment=horizon,
            now=now,
            actor=actor,
            dry_run=dry_run,
            progress=progress,
        )
    return counted(report.rows, report.files)
