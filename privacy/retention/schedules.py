"""Schedules follow the declarations; an admin moves them, never below the promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.evidence.services import record
from privacy.promises.services import refuse_weaker, take_turns
from privacy.retention.declarations import DeclaredEnd, Ends, declared_ends
from privacy.retention.models import Schedule
from privacy.retention.rules import PREFIX, RetentionRules, bounds_of, is_weaker, proposed, rules


class KeepIsDeclared(PrivacyError):
    """The period of an exception stands in the declaration, beside its ground."""


class ScheduleWithdrawn(PrivacyError):
    """The declaration behind the schedule is gone."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What comparing the schedules with the declarations changed."""

    created: int = 0
    changed: int = 0
    reset: int = 0
    withdrawn: int = 0
    returned: int = 0


def sync_schedules(*, now: datetime, actor: Actor, dry_run: bool = False) -> SyncReport:
    """Make one schedule of each declared end of life.

    A schedule that nobody edited follows its declaration (and the profile's own period, where that ends
    sooner). An edited period stays, unless a promise that came since forbids it: then it falls back, with an
    entry in the evidence. A schedule whose declaration is gone is marked as withdrawn and carried out no more.

    Args:
        dry_run: count what would change, and write nothing.
    """
    ends, own = declared_ends(), rules()
    tally = dict.fromkeys(("created", "changed", "reset", "withdrawn", "returned"), 0)
    with transaction.atomic():
        known = {schedule.name: schedule for schedule in Schedule.objects.select_for_update()}
        for name, end in ends.by_name.items():
            what = (
                _create(end, own, now, dry_run) if name not in known else _follow(known[name], end, own, now, dry_run)
            )
            for word in what:
                tally[word] += 1
            if "reset" in what and not dry_run:
                record(act="retention.period_reset", now=now, actor=actor, label=name)
        for schedule in _gone(known, ends):
            tally["withdrawn"] += 1
            schedule.withdrawn_at = now
            if not dry_run:
                schedule.save(update_fields=["withdrawn_at"])
        if not dry_run:
            Schedule.objects.declared().exclude(synced_at=now).update(synced_at=now)
    return SyncReport(**tally)


def change_period(*, schedule: Schedule, period: Period, now: datetime, actor: Actor) -> Schedule:
    """Move a schedule to another period.

    Raises:
        WeakerThanPromised: the published text promises more; names the clause.
        KeepIsDeclared: the schedule ends an exception.
        ScheduleWithdrawn: its declaration is gone.
    """
    with transaction.atomic():
        take_turns()
        schedule = Schedule.objects.select_for_update().get(pk=schedule.pk)
        _refuse_withdrawn(schedule)
        if schedule.kind == Schedule.Kind.KEEP:
            raise KeepIsDeclared(
                field="period",
                problem="this is the end of an exception, and its ground says how long",
                mend="Change until= in the declaration, together with the ground",
            )
        refuse_weaker(setting=f"{PREFIX}{schedule.category}", period=period, field="period", now=now)
        before, schedule.period = schedule.period, str(period)
        schedule.edited = schedule.period != str(_default(schedule))
        if schedule.period != before:
            schedule.save(update_fields=["period", "edited"])
            label = f"{schedule.name}: {before} → {schedule.period}"
            record(act="retention.period_changed", now=now, actor=actor, label=label)
    return schedule


def pause_schedule(*, schedule: Schedule, now: datetime, actor: Actor) -> Schedule:
    """Stop carrying a schedule out. Its promise goes on, so the ledger says *broken* once a row is over its end."""
    return _set_paused(schedule, True, now, actor)


def resume_schedule(*, schedule: Schedule, now: datetime, actor: Actor) -> Schedule:
    """Carry a paused schedule out again, from the next night on."""
    return _set_paused(schedule, False, now, actor)


def _set_paused(schedule: Schedule, paused: bool, now: datetime, actor: Actor) -> Schedule:
    with transaction.atomic():
        schedule = Schedule.objects.select_for_update().get(pk=schedule.pk)
        _refuse_withdrawn(schedule)
        if schedule.paused != paused:
            schedule.paused = paused
            schedule.save(update_fields=["paused"])
            act = "retention.schedule_paused" if paused else "retention.schedule_resumed"
            record(act=act, now=now, actor=actor, label=schedule.name)
    return schedule


def _refuse_withdrawn(schedule: Schedule) -> None:
    if schedule.withdrawn_at is not None:
        raise ScheduleWithdrawn(
            field=schedule.name, problem="its declaration is gone", mend="Declare the expiry again in privacy.py"
        )


def _default(schedule: Schedule) -> Period:
    return proposed(Period.parse(schedule.declared, field=schedule.name), rules().periods.get(schedule.category))


def _create(end: DeclaredEnd, own: RetentionRules, now: datetime, dry_run: bool) -> list[str]:
    if not dry_run:
        Schedule.objects.create(name=end.name, synced_at=now, period=_period(end, own), **_facts(end))
    return ["created"]


def _follow(schedule: Schedule, end: DeclaredEnd, own: RetentionRules, now: datetime, dry_run: bool) -> list[str]:
    what: list[str] = []
    wanted = _facts(end)
    if schedule.edited and is_weaker(schedule.span, bounds_of(end.declared.category, now)):
        schedule.edited = False
        what.append("reset")
    if not schedule.edited:
        wanted["period"] = _period(end, own)
    if schedule.withdrawn_at is not None:
        schedule.withdrawn_at = None
        what.append("returned")
    if any(getattr(schedule, name) != value for name, value in wanted.items()):
        what.append("changed")
    if what and not dry_run:
        for name, value in wanted.items():
            setattr(schedule, name, value)
        schedule.synced_at = now
        schedule.save()
    return what


def _gone(known: dict[str, Schedule], ends: Ends) -> list[Schedule]:
    return [
        schedule
        for name, schedule in known.items()
        # A declaration that is broken today was not taken back.
        if name not in ends.by_name and schedule.withdrawn_at is None and schedule.model not in ends.broken
    ]


def _period(end: DeclaredEnd, own: RetentionRules) -> str:
    if end.kind == "keep":
        return str(end.period)
    return str(proposed(end.period, own.periods.get(end.declared.category)))


def _facts(end: DeclaredEnd) -> dict[str, str]:
    return {
        "kind": end.kind,
        "model": end.declared.label,
        "category": end.declared.category,
        "field": end.field,
        "start": end.rule.start,
        "action": end.action,
        "ground": end.ground[:200],
        "declared": str(end.period),
    }
