"""The register follows the storage: what a full listing shows is the truth, signals are only quick."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.core.files.storage import Storage
from django.db import transaction

from privacy.backups import acts, alarms, copy_alarms, listing
from privacy.backups.listing import Listed
from privacy.backups.models import Backup, BackupStorage
from privacy.core.actors import Actor
from privacy.core.batches import chunks
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.registries import Progress
from privacy.evidence.services import record

logger = logging.getLogger("privacy.backups")

CHUNK = 500
_TOLD_BY_FILE = ("kind", "status", "taken_at", "size", "encrypted", "compressed", "region", "last_seen_at", "error")


@dataclass(slots=True)
class ScanReport:
    """What a scan found.

    Attributes:
        storages: how many storages were listed in full.
        present: files that lie in them.
        found: files that the register did not know.
        returned: files that were thought gone and are back.
        vanished: files that left without us.
        gone: files whose deletion an earlier night began and that are gone now.
        problems: why a storage could not be listed, a sentence each.
    """

    storages: int = 0
    present: int = 0
    found: int = 0
    returned: int = 0
    vanished: int = 0
    gone: int = 0
    problems: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """The figures for a step of the night."""
        return {name: getattr(self, name) for name in ("present", "found", "returned", "vanished", "gone")}


def reconcile(*, now: datetime, actor: Actor, dry_run: bool = False, progress: Progress | None = None) -> ScanReport:
    """Make the register say what the storages say, then warn ADMINS: of a last dump about to go, of copies to destroy.

    A storage that cannot be listed is a problem in the report and in its row, and does not stop the others.
    Safe to run at any time and twice at once. Source: HTC-10-4.
    """
    report = ScanReport()
    for alias in listing.aliases():
        _scan(alias, report, now=now, actor=actor, dry_run=dry_run, progress=progress)
    if not dry_run:
        alarms.warn(now=now)
        copy_alarms.warn(now=now)
    return report


def _scan(
    alias: str, report: ScanReport, *, now: datetime, actor: Actor, dry_run: bool, progress: Progress | None
) -> None:
    # The rows are read before the files: a dump that is registered meanwhile cannot look vanished.
    known = {row.name: row for row in Backup.objects.filter(storage=alias)}
    try:
        expected = any(row.is_here for row in known.values())
        alive = partial(progress, report.counts()) if progress else None
        files = listing.walk(alias, expected=expected, alive=alive)
    except PrivacyError as error:
        report.problems.append(str(error))
        if not dry_run:
            BackupStorage.objects.update_or_create(alias=alias, defaults={"tried_at": now, "error": str(error)[:300]})
        return
    new = [_row(alias, file, now) for name, file in sorted(files.items()) if name not in known]
    seen = [row for name, row in known.items() if name in files]
    lost = [row for name, row in known.items() if name not in files and row.is_here]
    # An attempt to delete it that did not come to its end did reach the file.
    gone = [row for row in lost if row.tried_at]
    vanished = [row for row in lost if not row.tried_at]
    report.storages += 1
    report.present += len(files)
    report.found += len(new)
    report.returned += sum(not row.is_here for row in seen)
    report.gone += len(gone)
    report.vanished += len(vanished)
    if dry_run:
        return
    with transaction.atomic():
        seen, vanished, gone = _unchanged(alias, seen, vanished, gone)
        for row in seen:
            _see(row, files[row.name], now)
        Backup.objects.bulk_create(new, batch_size=CHUNK, ignore_conflicts=True)
        Backup.objects.bulk_update(seen, [*_TOLD_BY_FILE, "tried_at", "destroyed_at"], batch_size=CHUNK)
        expired = mark(gone, status=Backup.Status.GONE, destroyed_at=now, error="")
        missed = mark(vanished, status=Backup.Status.VANISHED, error="")
        left = {
            acts.EXPIRED: {"files": expired, "bytes": sum(row.size or 0 for row in gone)},
            acts.VANISHED: {"files": missed},
        }
        for act, counts in left.items():
            if counts["files"]:
                record(act=act, now=now, actor=actor, label="privacy.Backup", counts=counts)
        BackupStorage.objects.update_or_create(alias=alias, defaults={"tried_at": now, "scanned_at": now, "error": ""})


def _unchanged(alias: str, *lists: list[Backup]) -> Iterator[list[Backup]]:
    """Of each list the rows that nobody changed since they were read; an expiry that ran meanwhile knows better."""
    locked = Backup.objects.filter(storage=alias).in_turn()
    current = {pk: (status, tried_at) for pk, status, tried_at in locked.values_list("pk", "status", "tried_at")}
    for rows in lists:
        yield [row for row in rows if current.get(row.pk) == (row.status, row.tried_at)]


def mark(rows: Iterable[Backup], **values: Any) -> int:
    """Set values on those of the rows whose files were still thought to be here; returns how many."""
    changed = 0
    for some in chunks([row.pk for row in rows], CHUNK):
        with transaction.atomic():
            mine = list(Backup.objects.here().filter(pk__in=some).in_turn().values_list("pk", flat=True))
            changed += Backup.objects.filter(pk__in=mine).update(**values)
    return changed


def _row(alias: str, file: Listed, now: datetime) -> Backup:
    return Backup(
        storage=alias,
        name=file.name,
        kind=file.kind,
        taken_at=file.taken_at(now),
        size=file.size,
        encrypted=file.encrypted,
        compressed=file.compressed,
        region=settings.backup_region,
        first_seen_at=now,
        last_seen_at=now,
    )


def _see(row: Backup, file: Listed, now: datetime) -> None:
    row.taken_at = file.taken_at(now, known=row.taken_at)
    row.last_seen_at = max(row.last_seen_at, now)
    row.size = file.size
    row.region = settings.backup_region
    row.encrypted, row.compressed = file.encrypted, file.compressed
    if file.kind != "other":  # of a dump with a name of its own, the signal knows the kind
        row.kind = file.kind
    if row.status != Backup.Status.FAILED:
        row.status, row.destroyed_at, row.tried_at, row.error = Backup.Status.PRESENT, None, None, ""


def register_dump(*, storage: Storage, name: str, kind: str, now: datetime) -> Backup:
    """Register the dump that django-dbbackup just reported.

    Of two dumps in one second the signal names the first twice; the scan finds the other. A dump that is
    not in the storage was written elsewhere (``--output-path``): its row says that nothing here sees it.
    """
    file = listing.look(listing.DBBACKUP, storage, name) if storage.exists(name) else None
    row = _row(listing.DBBACKUP, file or listing.unseen(name), now)
    row.kind, row.source = kind, Backup.Source.SIGNAL
    if file is None:
        row.status = Backup.Status.VANISHED
        row.error = "Written outside the storage of backups, where nothing sees or deletes it"
        logger.warning("a dump was written outside the storage of backups, where nothing will delete it")
    values = {name: getattr(row, name) for name in (*_TOLD_BY_FILE, "source", "tried_at", "destroyed_at")}
    with transaction.atomic():
        kept, _ = Backup.objects.update_or_create(
            storage=row.storage,
            name=row.name,
            defaults=values,
            create_defaults={**values, "first_seen_at": now},
        )
    return kept
