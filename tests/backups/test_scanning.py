"""The register follows the storage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from privacy.backups import acts, scanning, services
from privacy.backups.models import Backup, BackupStorage
from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry
from tests.backups.conftest import Interrupting, Unlistable

pytestmark = pytest.mark.django_db
Put = Callable[..., str]
DUMP = "default-server-2026-03-01-033000.dump"


def test_whatever_lies_in_the_storage_gets_a_row(put: Put, now: datetime, actor: Actor) -> None:
    week = timedelta(days=7)
    put(DUMP)
    put("old/server-2026-02-01-033000.tar.gz.gpg")
    put("copy.sql", now - week)
    report = services.reconcile(now=now, actor=actor)
    assert (report.storages, report.present, report.found, report.problems) == (1, 3, 3, [])
    media = Backup.objects.get(name="old/server-2026-02-01-033000.tar.gz.gpg")
    assert (media.kind, media.encrypted, media.compressed, media.source) == ("media", True, True, "scan")
    copy = Backup.objects.get(name="copy.sql")
    assert (copy.kind, copy.taken_at) == ("other", now - week)
    assert BackupStorage.objects.get().scanned_at == now


def test_a_second_scan_changes_nothing_but_the_time(put: Put, now: datetime, actor: Actor) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    before = Backup.objects.values("pk", "taken_at", "first_seen_at").get()
    report = services.reconcile(now=now + timedelta(days=1), actor=actor)
    assert (report.found, report.returned, report.vanished) == (0, 0, 0)
    assert Backup.objects.values("pk", "taken_at", "first_seen_at").get() == before
    assert Backup.objects.get().last_seen_at == now + timedelta(days=1)


def test_a_copied_dump_with_a_newer_modified_time_keeps_its_age(put: Put, now: datetime, actor: Actor) -> None:
    put(DUMP, now - timedelta(hours=1))
    services.reconcile(now=now, actor=actor)
    assert Backup.objects.get().taken_at.isoformat() == "2026-03-01T02:30:00+00:00"


def test_a_file_that_left_without_us_is_marked_and_told(put: Put, dumps: Path, now: datetime, actor: Actor) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    (dumps / DUMP).unlink()
    report = services.reconcile(now=now, actor=actor)
    assert report.vanished == 1
    assert Backup.objects.get().status == "vanished"
    assert EvidenceEntry.objects.get(act="backups.vanished").counts == {"files": 1}
    assert services.reconcile(now=now, actor=actor).vanished == 0  # told once


@pytest.mark.parametrize("left_as", ["vanished", "gone"])
def test_a_row_whose_file_is_back_is_present_again(
    put: Put, dumps: Path, now: datetime, actor: Actor, left_as: str
) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    Backup.objects.update(status=left_as, destroyed_at=now if left_as == "gone" else None)
    report = services.reconcile(now=now, actor=actor)
    row = Backup.objects.get()
    assert (report.returned, row.status, row.destroyed_at) == (1, "present", None)


def test_a_deletion_that_crashed_before_it_was_written_down_counts_as_ours(
    put: Put, dumps: Path, now: datetime, actor: Actor
) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    Backup.objects.update(tried_at=now)  # the night said what it was about to do, and died after doing it
    (dumps / DUMP).unlink()
    assert services.reconcile(now=now, actor=actor).gone == 1
    assert Backup.objects.get().status == "gone"
    assert EvidenceEntry.objects.get(act="backups.expired").counts == {"files": 1, "bytes": 4}


def test_a_dry_run_writes_nothing(put: Put, now: datetime, actor: Actor) -> None:
    put(DUMP)
    assert services.reconcile(now=now, actor=actor, dry_run=True).found == 1
    assert not Backup.objects.exists()
    assert not BackupStorage.objects.exists()


def test_a_storage_that_cannot_be_listed_is_a_problem_and_forgets_nothing(
    put: Put, use_storage: Callable[..., None], now: datetime, actor: Actor
) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    use_storage(Unlistable)
    report = services.reconcile(now=now + timedelta(days=1), actor=actor)
    assert report.storages == 0
    assert "cannot be listed" in report.problems[0]
    storage = BackupStorage.objects.get()
    assert (storage.scanned_at, storage.tried_at) == (now, now + timedelta(days=1))
    assert "cannot be listed" in storage.error
    assert Backup.objects.get().status == "present"


def test_an_unmounted_disk_does_not_make_every_dump_vanish(put: Put, dumps: Path, now: datetime, actor: Actor) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    dumps.rename(dumps.with_name("unmounted"))
    assert services.reconcile(now=now, actor=actor).problems
    assert Backup.objects.get().status == "present"


def test_many_files_take_few_queries(
    put: Put, now: datetime, actor: Actor, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for day in range(60):
        put(f"default-server-2026-01-01-0330{day:02}.dump")
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]
        services.reconcile(now=now, actor=actor)
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]
        services.reconcile(now=now, actor=actor)
    assert Backup.objects.count() == 60


def test_a_long_listing_gives_signs_of_life(put: Put, now: datetime, actor: Actor) -> None:
    for number in range(250):
        put(f"copies/{number}.sql")
    signs: list[object] = []
    services.reconcile(now=now, actor=actor, progress=lambda counts, cursor=None: signs.append(counts))
    assert len(signs) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "gone"},
        {"status": "lost"},
        {"kind": "cassette"},
        {"status": "failed", "error": ""},
        {"taken_at": datetime.fromisoformat("2030-01-01T00:00:00+00:00")},
    ],
)
def test_the_database_refuses_a_row_that_contradicts_itself(wrong: dict[str, object], now: datetime) -> None:
    right = {"storage": "dbbackup", "name": "x", "taken_at": now, "first_seen_at": now, "last_seen_at": now}
    with pytest.raises(IntegrityError), transaction.atomic():
        Backup.objects.create(**{**right, **wrong})
    Backup.objects.create(**right)
    with pytest.raises(IntegrityError), transaction.atomic():
        Backup.objects.create(**right)


class TestTwoMachines:
    """A scan that lists while another machine's night deletes."""

    def test_a_file_that_another_night_is_just_deleting_did_not_leave_without_us(
        self, put: Put, dumps: Path, use_storage: Callable[..., None], now: datetime, actor: Actor
    ) -> None:
        put(DUMP)
        services.reconcile(now=now, actor=actor)
        (row,) = Backup.objects.all()

        def the_other_night_deletes() -> None:
            scanning.mark([row], tried_at=now)
            (dumps / DUMP).unlink()

        use_storage(Interrupting)
        Interrupting.before_listing = the_other_night_deletes
        services.reconcile(now=now, actor=actor)
        row.refresh_from_db()
        assert row.status == "present"  # the other night, which lists next, says what became of it
        assert not EvidenceEntry.objects.filter(act=acts.VANISHED).exists()
        assert scanning.mark([row], status="gone", destroyed_at=now) == 1

    def test_a_file_that_another_night_deleted_after_it_was_listed_is_not_seen_again(
        self, put: Put, dumps: Path, use_storage: Callable[..., None], now: datetime, actor: Actor
    ) -> None:
        put(DUMP)
        services.reconcile(now=now, actor=actor)

        def the_other_night_deletes() -> None:
            (dumps / DUMP).unlink()
            Backup.objects.update(status="gone", tried_at=now, destroyed_at=now)

        use_storage(Interrupting)
        Interrupting.after_listing = the_other_night_deletes
        services.reconcile(now=now, actor=actor)
        assert Backup.objects.get().status == "gone"

    def test_a_dump_that_is_still_being_written_is_registered_and_measured_again_later(
        self, put: Put, dumps: Path, now: datetime, actor: Actor
    ) -> None:
        put(DUMP, content=b"half")
        services.reconcile(now=now, actor=actor)
        (dumps / DUMP).write_bytes(b"half and the rest")
        services.reconcile(now=now + timedelta(hours=1), actor=actor)
        row = Backup.objects.get()
        assert (row.size, row.status, row.taken_at.isoformat()) == (17, "present", "2026-03-01T02:30:00+00:00")

    def test_a_storage_that_fails_half_way_through_its_listing_makes_nothing_vanish(
        self, put: Put, use_storage: Callable[..., None], now: datetime, actor: Actor
    ) -> None:
        put(DUMP)
        put("older/default-server-2026-02-20-033000.dump")
        services.reconcile(now=now, actor=actor)

        def fails_below(path: str) -> None:
            if path:
                raise TimeoutError

        use_storage(Interrupting)
        Interrupting.in_folder = fails_below
        report = services.reconcile(now=now, actor=actor)
        assert "cannot be listed (TimeoutError)" in report.problems[0]
        assert set(Backup.objects.values_list("status", flat=True)) == {"present"}
