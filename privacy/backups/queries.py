"""What the register knows, for the admin, the live checks and whoever asks how long backups hold somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Max, Min, Q, Sum

from privacy.backups import alarms, copy_alarms, listing
from privacy.backups.alarms import Alarm
from privacy.backups.models import Backup, BackupStorage, RegisteredCopy
from privacy.backups.sections import BackupRules
from privacy.core.conf import settings
from privacy.core.periods import NO_END, Period
from privacy.promises.queries import section


def kept_for() -> Period | None:
    """The promised highest age of a backup."""
    rules: BackupRules | None = section("backups")
    return rules.kept_for if rules else None


def ends_at(taken_at: datetime, period: Period | None) -> datetime | None:
    """When a backup taken then must be gone."""
    return period.end(taken_at, settings.calendar) if period else None


def last_backup_date(*, now: datetime) -> datetime | None:
    """The moment after which no backup holds the people erased at ``now``: never too early.

    The latest of the storages' and of the registered copies' ends, each by its own rule.

    Returns:
        None when nothing holds them, ``NO_END`` when backups hold them and nobody promised to delete those.
        Source: HTC-10-4, T02, K09.
    """
    ends = [end for end in (_dumps_until(now), _copies_until(now)) if end]
    return max(ends, default=None)


def _dumps_until(now: datetime) -> datetime | None:
    """The same for what the storages hold.

    While the site has backups at all, one may be in the making at this very moment, with the people still
    in it, so the answer is the end of a backup taken now. A storage that was never listed may hold some; a
    file that vanished may lie elsewhere until its time is over.
    """
    period = kept_for()
    newest = Backup.objects.filter(status__in=("present", "failed", "vanished")).aggregate(
        here=Max("taken_at", filter=~Q(status="vanished")), elsewhere=Max("taken_at", filter=Q(status="vanished"))
    )
    never_listed = _never_listed()
    elsewhere_until = ends_at(newest["elsewhere"], period) if newest["elsewhere"] else None
    may_lie_elsewhere = bool(newest["elsewhere"]) and (elsewhere_until is None or elsewhere_until > now)
    if newest["here"] is None and not never_listed and not may_lie_elsewhere:
        return None
    if period is None:
        return NO_END
    return period.end(max(now, newest["here"] or now), settings.calendar)


def _copies_until(now: datetime) -> datetime | None:
    """The same for registered copies: a standing rule makes one at this very moment.

    A copy past its end that nobody confirmed as destroyed is still there, so it counts as if it were taken now,
    like a file that could not be deleted.
    """
    rules = RegisteredCopy.objects.held().order_by().values_list("kept_for", "ends_at").distinct()
    ends = (end if end and end > now else Period.parse(kept_for).end(now, settings.calendar) for kept_for, end in rules)
    return max(ends, default=None)


def oldest_backup(*, now: datetime) -> datetime | None:
    """When the oldest backup was taken that may still exist: a restore brings back who was there then.

    Returns:
        None when there is none, the earliest moment there is where nobody knows: a storage was never listed.
        Source: HTC-10-4, K09.
    """
    if _never_listed():
        return datetime.min.replace(tzinfo=UTC)
    period = kept_for()
    files = Backup.objects.filter(status__in=("present", "failed", "vanished")).aggregate(
        here=Min("taken_at", filter=~Q(status="vanished")),
        # What left without us may lie elsewhere until its time is over.
        elsewhere=Min("taken_at", filter=Q(status="vanished", taken_at__gt=_cutoff(period, now))),
    )
    copies = RegisteredCopy.objects.held()
    single = copies.filter(every="").aggregate(oldest=Min("taken_at"))["oldest"]
    rules = copies.standing().order_by().values_list("kept_for", flat=True).distinct()
    standing = (Period.parse(kept_for).cutoff(now, settings.calendar) for kept_for in rules)
    return min((moment for moment in (files["here"], files["elsewhere"], single, *standing) if moment), default=None)


def _cutoff(period: Period | None, now: datetime) -> datetime:
    return period.cutoff(now, settings.calendar) if period else datetime.min.replace(tzinfo=UTC)


def _never_listed() -> bool:
    expected = listing.aliases()
    return len(expected) > BackupStorage.objects.filter(alias__in=expected, scanned_at__isnull=False).count()


def copies_outliving(period: Period, *, now: datetime) -> int:
    """Held copies older than ``period`` or past their own end, and standing rules that keep copies for longer."""
    over = Q(ends_at__lte=now) | Q(taken_at__lte=period.cutoff(now, settings.calendar))
    rules = RegisteredCopy.objects.held().standing().values_list("kept_for", flat=True)
    longer = sum(Period.parse(kept_for).may_outlast(period) for kept_for in rules)
    return RegisteredCopy.objects.held().filter(over).count() + longer


def last_full_listing() -> datetime | None:
    """The oldest of the storages' last full listings; None when one was never listed."""
    expected = listing.aliases()
    times = dict(BackupStorage.objects.filter(alias__in=expected).values_list("alias", "scanned_at"))
    moments = [times.get(alias) for alias in expected]
    return min((moment for moment in moments if moment), default=None) if all(moments) else None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the admin's screen says above the list.

    Attributes:
        present: files that lie in the storages, with ``size`` bytes in all.
        over_age: of these, how many are older than promised.
        failed: of these, how many could not be deleted.
        gone: files that were deleted and verified absent.
        vanished: files that left without us.
        oldest: when the oldest present file was taken, and ``next_end`` when it must be gone.
        copies: copies elsewhere that are held, and rules that make such copies; ``copies_over`` of them are past
            their end without a confirmed destruction.
        listed_at: the last full listing; ``problems`` says why a storage could not be listed since.
    """

    period: Period | None
    present: int
    size: int
    over_age: int
    failed: int
    gone: int
    vanished: int
    oldest: datetime | None
    next_end: datetime | None
    copies: int
    copies_over: int
    listed_at: datetime | None
    problems: tuple[str, ...]
    alarms: tuple[Alarm, ...]


def overview(now: datetime) -> Overview:
    """The state of all backups, in a handful of queries."""
    period = kept_for()
    here = Q(status__in=("present", "failed"))
    over = here & Q(taken_at__lte=period.cutoff(now, settings.calendar)) if period else Q(pk__in=())
    figures = Backup.objects.aggregate(
        size=Sum("size", filter=here),
        oldest=Min("taken_at", filter=here),
    )
    return Overview(
        period=period,
        present=Backup.objects.here().count(),
        size=figures["size"] or 0,
        over_age=Backup.objects.filter(over).count(),
        failed=Backup.objects.filter(status="failed").count(),
        gone=Backup.objects.filter(status="gone").count(),
        vanished=Backup.objects.filter(status="vanished").count(),
        oldest=figures["oldest"],
        next_end=ends_at(figures["oldest"], period) if figures["oldest"] else None,
        copies=RegisteredCopy.objects.held().count(),
        copies_over=RegisteredCopy.objects.over(now).count(),
        listed_at=last_full_listing(),
        problems=tuple(BackupStorage.objects.exclude(error="").values_list("error", flat=True)),
        alarms=(*alarms.alarms(now), *copy_alarms.alarms(now)),
    )
