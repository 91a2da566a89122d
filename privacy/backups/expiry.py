"""Backups go when their time is over, and the storage's own listing must say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby

from django.core.files.storage import Storage
from django.db import transaction

from privacy.backups import acts, listing
from privacy.backups.models import Backup
from privacy.backups.scanning import CHUNK, mark
from privacy.backups.sections import BackupRules
from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.registries import Progress
from privacy.evidence.services import record
from privacy.promises.queries import section

_STILL_LISTED = "The storage said it was deleted, and still lists it"


@dataclass(slots=True)
class ExpiryReport:
    """What an expiry did.

    Attributes:
        period: the promised maximum age, or empty when nothing is promised and nothing was deleted.
        due: files whose time is over, or will be before the next night.
        expired: of these, how many the storage no longer lists.
        failed: of these, how many are still there or cannot be verified.
        size: bytes that were freed, as far as the storage told.
        without_period: files that lie there while no period is promised.
        reasons: why files are still there, each reason once.
    """

    period: str = ""
    due: int = 0
    expired: int = 0
    failed: int = 0
    size: int = 0
    without_period: int = 0
    reasons: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """The figures for a step of the night."""
        if not self.period:
            return {"without_period": self.without_period}
        return {"due": self.due, "expired": self.expired, "failed": self.failed}


def expire(
    *, now: datetime, horizon: datetime, actor: Actor, dry_run: bool = False, progress: Progress | None = None
) -> ExpiryReport:
    """Delete every backup whose period is over at ``horizon``, although none may remain.

    The file and its ``.metadata`` are deleted, then the storage is listed again: only what it no longer
    lists is gone. What stays is *failed* with its reason and is tried again each night. Without a promised
    period nothing is deleted. Source: HTC-10-4, K09.
    """
    rules: BackupRules | None = section("backups")
    here = Backup.objects.here()
    if rules is None or rules.kept_for is None:
        return ExpiryReport(without_period=here.count())
    cutoff = rules.kept_for.cutoff(horizon, settings.calendar)
    due = list(here.taken_until(cutoff).order_by("storage", "taken_at", "pk"))
    report = ExpiryReport(period=str(rules.kept_for), due=len(due))
    if dry_run:
        return report
    # A period that was lengthened since leaves nothing to retry.
    here.filter(status=Backup.Status.FAILED, taken_at__gt=cutoff).update(
        status=Backup.Status.PRESENT, tried_at=None, error=""
    )
    for alias, rows in groupby(due, key=lambda row: row.storage):
        batch = list(rows)
        for start in range(0, len(batch), CHUNK):
            _expire(alias, batch[start : start + CHUNK], report, now=now, actor=actor)
            if progress:
                progress(report.counts())
    return report


def _expire(alias: str, rows: list[Backup], report: ExpiryReport, *, now: datetime, actor: Actor) -> None:
    mark(rows, tried_at=now)  # a crash after this line is told apart from a file that somebody took away
    try:
        storage = listing.open_storage(alias)
        refused = {row.name: reason for row in rows if (reason := _delete(alias, storage, row.name))}
        listed = set(listing.list_names(alias, storage, expected=True))
    except PrivacyError as error:
        _settle(rows, {row.name: error.problem for row in rows}, report, now=now, actor=actor)
        return
    left = {
        row.name: refused.get(row.name, _STILL_LISTED)
        for row in rows
        if not listed.isdisjoint((row.name, row.name + listing.METADATA))
    }
    _settle(rows, left, report, now=now, actor=actor)


def _delete(alias: str, storage: Storage, name: str) -> str:
    """Delete a file and its companion; returns why it could not be, or nothing."""
    reason = ""
    for each in (name, name + listing.METADATA):
        try:
            listing.ask(alias, storage, partial(storage.delete, each))
        except Exception as error:  # noqa: BLE001 a backend raises anything; the other files must go all the same
            reason = reason or listing.why(error)
    return reason


def _settle(rows: Iterable[Backup], left: dict[str, str], report: ExpiryReport, *, now: datetime, actor: Actor) -> None:
    with transaction.atomic():
        # Another run may have settled some of them meanwhile: each file is told once.
        here = Backup.objects.here().filter(pk__in=[row.pk for row in rows]).in_turn()
        mine = set(here.values_list("pk", flat=True))
        gone = [row for row in rows if row.name not in left and row.pk in mine]
        expired = mark(gone, status=Backup.Status.GONE, destroyed_at=now, error="")
        size = sum(row.size or 0 for row in gone)
        for reason in sorted(set(left.values())):
            stuck = [row for row in rows if left.get(row.name) == reason]
            mark(stuck, status=Backup.Status.FAILED, error=reason[:200])
        if expired:
            counts = {"files": expired, "bytes": size}
            record(act=acts.EXPIRED, now=now, actor=actor, label="privacy.Backup", counts=counts)
    report.expired += expired
    report.failed += len(left)
    report.size += size
    report.reasons = sorted({*report.reasons, *left.values()})
