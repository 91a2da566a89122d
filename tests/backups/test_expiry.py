"""Backups go when their time is over; what does not go is told, and tried again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from privacy.backups import night, services
from privacy.backups.models import Backup
from privacy.core.actors import Actor
from privacy.core.registries import NightContext, night_steps
from privacy.evidence.models import EvidenceEntry
from tests.backups.conftest import Interrupting, Stubborn, Unlistable

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
Put = Callable[..., str]
Use = Callable[..., None]
DUMP = "default-server-2026-02-14-033000.dump"


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def context(now: datetime, actor: Actor, dry_run: bool = False) -> NightContext:
    return NightContext(now, now + timedelta(days=1), uuid4(), dry_run, actor, lambda counts, cursor=None: None)


@pytest.mark.parametrize(
    ("taken", "last_night_alive", "night_it_goes"),
    [
        ("2026-01-31", "2026-02-26", "2026-02-27"),  # the month of 31 January ends on 28 February
        ("2026-01-28", "2026-02-26", "2026-02-27"),
        ("2024-01-31", "2024-02-27", "2024-02-28"),  # 29 February in a leap year
        ("2024-01-30", "2024-02-27", "2024-02-28"),
        ("2026-02-28", "2026-03-26", "2026-03-27"),  # a month, not thirty days
        ("2026-03-31", "2026-04-28", "2026-04-29"),
        ("2025-12-31", "2026-01-29", "2026-01-30"),
    ],
)
def test_a_dump_goes_in_the_last_night_before_its_calendar_month_is_over(
    put: Put, dumps: Path, one_month: None, actor: Actor, taken: str, last_night_alive: str, night_it_goes: str
) -> None:
    # Made half an hour before the night begins, so that the next night would be too late.
    put(f"default-server-{taken}-030000.dump")
    for day, alive in ((last_night_alive, True), (night_it_goes, False)):
        moment = datetime.fromisoformat(f"{day}T03:30").replace(tzinfo=BERLIN).astimezone(UTC)
        night.scan(context(moment, actor))
        night.expire(context(moment, actor))
        assert bool(names(dumps)) is alive


def test_the_dump_its_metadata_folders_and_foreign_files_go(
    put: Put, dumps: Path, one_month: None, now: datetime, actor: Actor
) -> None:
    put(DUMP)
    put(f"{DUMP}.metadata")
    put("2026/server-2026-02-14-033000.tar.gz")
    put("copy of the live database.sql", datetime(2026, 2, 10, tzinfo=UTC))
    young = put("default-server-2026-03-14-033000.dump")
    services.reconcile(now=now, actor=actor)
    report = services.expire(now=now, horizon=now + timedelta(days=1), actor=actor)
    assert (report.period, report.due, report.expired, report.failed) == ("P1M", 3, 3, 0)
    assert names(dumps) == {young}
    entry = EvidenceEntry.objects.get(act="backups.expired")
    assert (entry.label, entry.counts) == ("privacy.Backup", {"files": 3, "bytes": 12})
    assert set(Backup.objects.filter(status="gone").values_list("destroyed_at", flat=True)) == {now}


def test_two_machines_that_delete_at_once_count_each_file_once(
    put: Put, dumps: Path, use_storage: Use, one_month: None, now: datetime, actor: Actor
) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    other: list[services.ExpiryReport] = []
    use_storage(Interrupting)
    Interrupting.before_listing = lambda: other.append(services.expire(now=now, horizon=now, actor=actor))
    mine = services.expire(now=now, horizon=now, actor=actor)
    assert (mine.expired + other[0].expired, mine.failed, other[0].failed) == (1, 0, 0)
    assert EvidenceEntry.objects.get(act="backups.expired").counts == {"files": 1, "bytes": 4}
    assert Backup.objects.get().status == "gone"


def test_expiry_goes_on_although_none_remains(
    put: Put, dumps: Path, one_month: None, now: datetime, actor: Actor
) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    services.expire(now=now, horizon=now, actor=actor)
    assert names(dumps) == set()


def test_without_a_promised_period_nothing_is_deleted_and_that_is_reported(
    put: Put, dumps: Path, now: datetime, actor: Actor
) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    report = services.expire(now=now, horizon=now, actor=actor)
    assert (report.period, report.without_period) == ("", 1)
    assert names(dumps) == {DUMP}
    assert night.expire(context(now, actor)).counts == {"without_period": 1}


def test_a_preview_counts_and_deletes_nothing(
    put: Put, dumps: Path, one_month: None, now: datetime, actor: Actor
) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    assert night.expire(context(now, actor, dry_run=True)).counts == {"due": 1, "expired": 0, "failed": 0}
    assert names(dumps) == {DUMP}
    assert Backup.objects.get().tried_at is None


@pytest.mark.parametrize("silently", [True, False])
def test_a_file_that_cannot_be_deleted_is_failed_with_its_reason_and_tried_again_each_night(
    put: Put, dumps: Path, use_storage: Use, one_month: None, now: datetime, actor: Actor, silently: bool
) -> None:
    put(DUMP)
    other = put("default-server-2026-02-13-033000.dump")
    use_storage(Stubborn, refuses=DUMP, silently=silently)
    night.scan(context(now, actor))
    report = night.expire(context(now, actor))
    assert report.counts == {"due": 2, "expired": 1, "failed": 1}
    row = Backup.objects.get(name=DUMP)
    assert row.status == "failed"
    assert row.error == (
        "The storage said it was deleted, and still lists it" if silently else "PermissionError: Permission denied"
    )
    assert report.error == row.error
    assert "secret" not in row.error
    assert Backup.objects.get(name=other).status == "gone"
    night.scan(context(now, actor))
    assert Backup.objects.get(name=DUMP).status == "failed"  # seen again, and still a failure
    use_storage(Stubborn)
    assert night.expire(context(now, actor)).counts == {"due": 1, "expired": 1, "failed": 0}
    assert names(dumps) == set()


def test_a_companion_that_stays_is_a_failure_and_goes_by_itself_later(
    put: Put, dumps: Path, use_storage: Use, one_month: None, now: datetime, actor: Actor
) -> None:
    put(DUMP)
    put(f"{DUMP}.metadata")
    use_storage(Stubborn, refuses=".metadata")
    night.scan(context(now, actor))
    assert night.expire(context(now, actor)).counts["failed"] == 1
    use_storage(Stubborn)
    night.scan(context(now, actor))
    assert night.expire(context(now, actor)).counts["failed"] == 0
    assert names(dumps) == set()
    assert not Backup.objects.here().exists()


def test_what_cannot_be_verified_is_not_gone(
    put: Put, use_storage: Use, one_month: None, now: datetime, actor: Actor
) -> None:
    put(DUMP)
    services.reconcile(now=now, actor=actor)
    use_storage(Unlistable)
    assert services.expire(now=now, horizon=now, actor=actor).failed == 1
    row = Backup.objects.get()
    assert row.status == "failed"
    assert "cannot be listed" in row.error
    use_storage(Stubborn)
    services.reconcile(now=now, actor=actor)  # the deletion had reached the file after all
    assert Backup.objects.get().status == "gone"


def test_a_longer_promise_leaves_nothing_to_retry(
    put: Put, use_storage: Use, promised: Use, now: datetime, actor: Actor
) -> None:
    promised(kept_for="P1M")
    put(DUMP)
    use_storage(Stubborn, refuses=DUMP)
    services.reconcile(now=now, actor=actor)
    services.expire(now=now, horizon=now, actor=actor)
    promised(kept_for="P3M")
    assert services.expire(now=now, horizon=now, actor=actor).due == 0
    assert Backup.objects.get().status == "present"


def test_the_night_lists_before_it_deletes_and_previews_only_the_deletion() -> None:
    scan, expire = night_steps.get("backups.scan"), night_steps.get("backups.expire")
    assert (scan.order, scan.destroys, expire.order, expire.destroys) == (500, False, 510, True)


def test_a_night_that_cannot_list_the_storage_reports_an_error(
    use_storage: Use, one_month: None, now: datetime, actor: Actor
) -> None:
    use_storage(Unlistable)
    assert "cannot be listed" in night.scan(context(now, actor)).error
