"""The whole life of real dumps: made by django-dbbackup, registered, found by the scan, gone after their month."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import storages
from django.db import connection

from privacy.backups import services
from privacy.backups.models import Backup
from privacy.core.actors import Actor

BERLIN = ZoneInfo("Europe/Berlin")
Dump = Callable[..., None]
pytestmark = [
    pytest.mark.usefixtures("dumps"),
    # django-dbbackup leaves its temporary files to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def night(moment: datetime, actor: Actor) -> services.ExpiryReport:
    services.reconcile(now=moment, actor=actor)
    return services.expire(now=moment, horizon=moment + timedelta(days=1), actor=actor)


@pytest.mark.usefixtures("gpg")
def test_plain_gz_and_gpg_dumps_of_one_day_are_all_gone_when_one_calendar_month_is_over(
    dump_at: Dump, dumps: Path, one_month: None, actor: Actor
) -> None:
    noon = datetime(2024, 1, 31, 12, 0, tzinfo=BERLIN)
    dump_at(noon)
    dump_at(noon + timedelta(minutes=1), compress=True)
    dump_at(noon + timedelta(minutes=2), encrypt=True)
    dump_at(noon + timedelta(minutes=3), compress=True, encrypt=True)
    made = [name for name in files(dumps) if not name.endswith(".metadata")]
    assert len(made) == 4
    assert sum(name.endswith(".gz") for name in made) == 1
    assert sum(name.endswith(".gpg") for name in made) == 2
    # 31 January plus a month is 29 February 2024 at noon: the night before, they still live ...
    night(datetime(2024, 2, 28, 3, 30, tzinfo=BERLIN), actor)
    assert len(files(dumps)) == 8
    # ... and the night of the 29th may not wait for the next one.
    report = night(datetime(2024, 2, 29, 3, 30, tzinfo=BERLIN), actor)
    assert (report.expired, report.failed) == (4, 0)
    assert storages["dbbackup"].listdir("") == ([], [])
    assert set(Backup.objects.values_list("status", flat=True)) == {"gone"}


def test_two_dumps_made_in_the_same_second_both_get_rows_and_both_go(
    dump_at: Dump, dumps: Path, one_month: None, actor: Actor
) -> None:
    second = datetime(2024, 3, 10, 4, 0, tzinfo=BERLIN)
    dump_at(second)
    dump_at(second)
    assert Backup.objects.count() == 1  # the signal named the first one twice
    services.reconcile(now=second + timedelta(hours=1), actor=actor)
    dumped = Backup.objects.dumps()
    assert dumped.count() == 2
    assert {row.taken_at for row in dumped} == {second.astimezone(UTC)}
    report = night(datetime(2024, 4, 10, 3, 30, tzinfo=BERLIN), actor)
    assert report.failed == 0
    assert files(dumps) == []
    assert not Backup.objects.here().exists()


def test_a_dump_of_the_uploads_is_registered_as_such_and_goes_too(
    dump_at: Dump, dumps: Path, one_month: None, actor: Actor, settings: Any
) -> None:
    Path(settings.MEDIA_ROOT).mkdir()
    (Path(settings.MEDIA_ROOT) / "picture.txt").write_text("me")
    dump_at(datetime(2024, 3, 10, 4, 0, tzinfo=BERLIN), "mediabackup", compress=True)
    row = Backup.objects.get()
    assert (row.kind, row.source, row.compressed) == ("media", "signal", True)
    night(datetime(2024, 4, 10, 3, 30, tzinfo=BERLIN), actor)
    assert files(dumps) == []


def test_a_dump_is_registered_when_it_is_made_with_the_time_of_its_name(dump_at: Dump, one_month: None) -> None:
    moment = datetime(2024, 7, 1, 23, 30, tzinfo=BERLIN)
    dump_at(moment)
    row = Backup.objects.get()
    assert (row.kind, row.source, row.status) == ("database", "signal", "present")
    assert row.taken_at == moment.astimezone(UTC)
    assert row.size
    assert row.size > 1000


def test_a_dump_written_elsewhere_is_told_apart(dump_at: Dump, one_month: None, tmp_path: Path) -> None:
    dump_at(datetime(2024, 7, 1, 4, 0, tzinfo=BERLIN), output_path=str(tmp_path / "elsewhere.dump"))
    row = Backup.objects.get()
    assert row.status == "vanished"
    assert "outside the storage" in row.error


def test_a_register_that_fails_does_not_fail_the_dump(
    dump_at: Dump, dumps: Path, one_month: None, actor: Actor
) -> None:
    table = connection.ops.quote_name(Backup._meta.db_table)
    hidden = connection.ops.quote_name("hidden_backups")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {hidden}")
    try:
        dump_at(datetime(2024, 7, 1, 4, 0, tzinfo=BERLIN))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {hidden} RENAME TO {table}")
    assert len(files(dumps)) == 2
    assert not Backup.objects.exists()
    services.reconcile(now=datetime(2024, 7, 1, 5, 0, tzinfo=BERLIN), actor=actor)
    assert Backup.objects.get().source == "scan"


def test_a_date_format_of_ones_own_is_read(
    dump_at: Dump, one_month: None, monkeypatch: pytest.MonkeyPatch, actor: Actor
) -> None:
    monkeypatch.setattr("dbbackup.settings.DATE_FORMAT", "%d_%m_%Y")
    monkeypatch.setattr("dbbackup.settings.FILENAME_TEMPLATE", "site-{datetime}-{databasename}.{extension}")
    dump_at(datetime(2024, 7, 2, 4, 0, tzinfo=BERLIN))
    assert Backup.objects.get().taken_at == datetime(2024, 7, 2, 0, 0, tzinfo=BERLIN)


def test_a_compressed_dump_taken_by_us_is_a_real_dump(
    dumps: Path, transactional_db: None, actor: Actor, now: datetime
) -> None:
    report = services.take(now=now, actor=actor, compress=True)
    (file,) = report.files
    content = gzip.decompress((dumps / file.name).read_bytes())
    assert content.startswith(b"SQLite format 3" if connection.vendor == "sqlite" else b"PGDMP")
