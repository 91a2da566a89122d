"""What a name and a storage tell about the age of a file, and what a folder may not be."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection

from privacy.backups import listing
from privacy.backups.listing import CannotList, Listed, NoStorage, SharedFolder
from tests.backups.conftest import Timeless, Unlistable

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
Put = Callable[..., str]


def listed(named: datetime | None = None, modified: datetime | None = None) -> Listed:
    return Listed("x", "other", named, modified, 1)


@pytest.mark.parametrize(
    ("name", "kind", "moment"),
    [
        ("default-server-2026-02-01-033000.sqlite3", "database", datetime(2026, 2, 1, 2, 30, tzinfo=UTC)),
        ("default-srv-2026-02-01-033000_aB3dE5g.psql.gz.gpg", "database", datetime(2026, 2, 1, 2, 30, tzinfo=UTC)),
        ("server-2026-07-01-033000.tar.gz", "media", datetime(2026, 7, 1, 1, 30, tzinfo=UTC)),
        ("old/default-server-2026-02-01-033000.dump", "database", datetime(2026, 2, 1, 2, 30, tzinfo=UTC)),
        ("default-server-2026-02-01-033000.dump.metadata", "other", datetime(2026, 2, 1, 2, 30, tzinfo=UTC)),
        ("copy of the live database.sql", "other", None),
        ("default-server-2026-13-45-996199.dump", "other", None),
    ],
)
def test_a_name_tells_kind_and_time(name: str, kind: str, moment: datetime | None) -> None:
    assert listing.read_name(name) == (moment, kind)


def test_an_hour_that_exists_twice_counts_as_the_earlier_one() -> None:
    moment, _ = listing.read_name("default-server-2025-10-26-023000.dump")
    assert moment == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


def test_an_hour_that_never_was_counts_as_the_earlier_reading() -> None:
    moment, _ = listing.read_name("default-server-2026-03-29-023000.dump")
    assert moment == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


def test_a_format_without_a_year_tells_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbbackup.settings.DATE_FORMAT", "%m-%d-%H%M")
    assert listing.read_name("default-02-01-0330.dump") == (None, "other")


def test_the_earlier_of_name_and_modified_time_counts() -> None:
    early, late = NOW - timedelta(days=20), NOW - timedelta(days=2)
    assert listed(early, late).taken_at(NOW) == early  # a copied dump is written anew
    assert listed(late, early).taken_at(NOW) == early


def test_a_time_in_the_future_is_not_believed() -> None:
    late = NOW + timedelta(days=400)
    assert listed(late, None).taken_at(NOW) == NOW
    assert listed(None, late).taken_at(NOW) == NOW
    assert listed(late, late).taken_at(NOW, known=NOW - timedelta(days=3)) == NOW - timedelta(days=3)


def test_a_dump_never_grows_younger() -> None:
    early, late = NOW - timedelta(days=20), NOW - timedelta(days=2)
    assert listed(late, late).taken_at(NOW, known=early) == early


def test_a_file_that_is_written_anew_each_day_is_as_old_as_its_last_writing() -> None:
    early, late = NOW - timedelta(days=20), NOW - timedelta(days=1)
    assert listed(None, late).taken_at(NOW, known=early) == late


def test_folders_and_foreign_files_are_listed_and_companions_are_not(put: Put) -> None:
    names = {
        put("default-server-2026-02-01-033000.dump"),
        put("2025/december/default-server-2025-12-01-033000.dump"),
        put("copy.sql"),
    }
    put("default-server-2026-02-01-033000.dump.metadata")
    orphan = put("default-server-2026-02-02-033000.dump.metadata")
    assert set(listing.walk("dbbackup")) == {*names, orphan}


def test_a_storage_that_knows_nothing_still_counts(put: Put, use_storage: Callable[..., None]) -> None:
    name = put("default-server-2026-02-01-033000.dump")
    use_storage(Timeless)
    file = listing.walk("dbbackup")[name]
    assert (file.size, file.modified_at) == (None, None)
    assert file.taken_at(NOW) == datetime(2026, 2, 1, 2, 30, tzinfo=UTC)


def test_a_storage_that_cannot_be_listed_says_so_and_gives_no_secret_away(use_storage: Callable[..., None]) -> None:
    use_storage(Unlistable)
    with pytest.raises(CannotList) as caught:
        listing.walk("dbbackup")
    assert "ConnectionError" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_missing_folder_is_an_unmounted_disk_when_files_are_expected(dumps: Path) -> None:
    dumps.rmdir()
    assert listing.walk("dbbackup") == {}
    with pytest.raises(CannotList, match="mounted"):
        listing.walk("dbbackup", expected=True)


def test_a_linked_folder_is_refused_since_nothing_behind_it_is_ours(dumps: Path, tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    (dumps / "linked").symlink_to(tmp_path / "uploads")
    with pytest.raises(CannotList, match="link"):
        listing.walk("dbbackup")


def test_a_name_that_no_database_takes_is_a_problem_and_not_a_crash(dumps: Path) -> None:
    Path(os.fsdecode(os.fsencode(dumps) + b"/bad\xff.sql")).write_bytes(b"rows")
    with pytest.raises(CannotList, match="name"):
        listing.walk("dbbackup")


def test_a_missing_alias_is_refused_and_never_means_the_uploads(settings: Any) -> None:
    settings.STORAGES = {name: entry for name, entry in settings.STORAGES.items() if name != "dbbackup"}
    with pytest.raises(NoStorage, match="STORAGES"):
        listing.walk("dbbackup")


@pytest.mark.parametrize("name", ["MEDIA_ROOT", "STATIC_ROOT", "BASE_DIR"])
@pytest.mark.parametrize("below", ["", "inside"])
def test_a_folder_that_holds_the_sites_own_files_is_never_cleaned(
    dumps: Path, settings: Any, name: str, below: str
) -> None:
    setattr(settings, name, str(dumps / below))
    with pytest.raises(SharedFolder, match=name):
        listing.walk("dbbackup")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="other databases are no file of ours")
def test_a_folder_that_holds_the_database_is_never_cleaned(use_storage: Callable[..., None], settings: Any) -> None:
    use_storage(FileSystemStorage, location=str(Path(settings.DATABASES["default"]["NAME"]).parent))
    with pytest.raises(SharedFolder, match="DATABASES"):
        listing.walk("dbbackup")


def test_without_dbbackup_only_a_named_storage_counts(settings: Any) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "dbbackup"]
    assert listing.aliases() == ("dbbackup",)
    settings.PRIVACY = {**settings.PRIVACY, "BACKUP_STORAGE": "elsewhere"}
    assert listing.aliases() == ()


def test_a_second_storage_counts_beside_the_one_of_dbbackup(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "BACKUP_STORAGE": "copies"}
    assert listing.aliases() == ("copies", "dbbackup")
