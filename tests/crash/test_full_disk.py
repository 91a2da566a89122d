"""The faulty night: a disk that is full, or locked, wherever the site writes."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash import killing
from tests.crash.cluster import cluster
from tests.crash.disks import Disk, disk
from tests.crash.sites import DAY, NIGHT, Picture, Site, database_server

ON_SQLITE = database_server() == "sqlite"


def failed(report: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["error"] for step in report["steps"] if step["status"] == "failed"}


def is_reported(report: dict[str, Any], site: Site) -> bool:
    """The command fails without a traceback, and the admins have mail that quotes nobody."""
    assert report["exit"] == 1, report
    assert "Traceback" not in report["said"]
    mails = site.mails()
    assert "@example.org" not in mails.replace("admin@example.org", "")
    return "The privacy night failed in part" in mails or "The privacy night broke off" in mails


@pytest.fixture
def on_a_disk(faulty: Site, tmp_path: Path) -> Iterator[tuple[Site, Disk]]:
    """The whole site, its SQLite database and log too, on a small disk; its mail goes elsewhere."""
    with disk(tmp_path / "disk", megabytes=48) as small:
        shutil.copytree(faulty.folder, small.place, dirs_exist_ok=True)
        url = f"sqlite:///{small.place / 'site.sqlite3'}"
        yield Site(small.place, url, {**faulty.env, "CRASH_MAIL": str(tmp_path / "mail")}), small


@pytest.mark.skipif(not ON_SQLITE, reason="SQLite's file and log")
@pytest.mark.parametrize("leave", [0, 100_000, 1_000_000])
def test_a_night_whose_sqlite_database_has_no_room_left_is_reported_and_made_up_for_by_the_next(
    leave: int, on_a_disk: tuple[Site, Disk], undisturbed: Picture
) -> None:
    site, small = on_a_disk
    small.fill_up(leave=leave + random.randrange(100_000))
    assert is_reported(site.night(), site)
    small.make_room()
    assert killing.faults_after(site, undisturbed) == []


@pytest.mark.skipif(ON_SQLITE, reason="PostgreSQL's tablespace")
def test_a_night_whose_postgresql_tablespace_has_no_room_left_is_reported_and_made_up_for_by_the_next(
    tmp_path: Path,
) -> None:
    with cluster() as own, disk(own.folder / "small", megabytes=96, owner="postgres") as small:
        own.sql(f"CREATE TABLESPACE small LOCATION '{small.place}'", "CREATE DATABASE site TABLESPACE small")
        (tmp_path / "site").mkdir()
        site = Site(tmp_path / "site", own.url("site"), {"CRASH_BATCH": "10"})
        site.run("-m", "tests.crash.filling", "80", "1", NIGHT.isoformat())
        own.sql("CREATE DATABASE other TEMPLATE site")
        shutil.copytree(site.folder, tmp_path / "other")
        other = Site(tmp_path / "other", own.url("other"), site.env)
        for at in (NIGHT, NIGHT + DAY):
            assert other.night(at)["exit"] == 0
        small.fill_up(leave=random.randrange(100_000, 400_000))
        assert is_reported(site.night(), site)
        small.make_room()
        assert killing.faults_after(site, other.picture()) == []


def test_files_on_a_disk_that_lets_nothing_be_removed_stay_listed_and_go_with_the_next_night(
    faulty: Site, undisturbed: Picture, tmp_path: Path
) -> None:
    """A full disk lets files go; one that an error made read-only does not."""
    media = faulty.folder / "media"
    shutil.move(media, tmp_path / "aside")
    with disk(media, megabytes=16) as small:
        shutil.copytree(tmp_path / "aside", media, dirs_exist_ok=True)
        small.lock()
        report = faulty.night()
        assert is_reported(report, faulty)
        assert set(failed(report)) == {"disposal.closures", "disposal.files"}
        assert {step["status"] for step in report["steps"]} == {"done", "failed"}
        assert killing.counted(faulty, "SELECT count(*) FROM privacy_sweep WHERE error = 'OSError'") > 20
        assert killing.counted(faulty, "SELECT count(*) FROM privacy_closure WHERE status = 'partial'") > 20
        small.unlock()
        assert killing.faults_after(faulty, undisturbed) == []


def test_a_journal_whose_disk_is_full_keeps_everybody_from_being_destroyed_until_there_is_room(
    faulty: Site, undisturbed: Picture
) -> None:
    """What a restore could bring back for good is not destroyed; whatever needs no journal still goes."""
    with disk(faulty.folder / "journal", megabytes=1) as small:
        small.fill_up(leave=0)
        report = faulty.night()
        assert is_reported(report, faulty)
        assert "disposal.closures" in failed(report)
        with faulty.asking() as ask:
            reasons = {str(found) for (found,) in ask("SELECT errors FROM privacy_closure")}
        assert all("the journal cannot be written" in reason for reason in reasons)
        assert killing.counted(faulty, "SELECT count(*) FROM privacy_closure WHERE erased_at IS NOT NULL") == 0
        assert {step["name"]: step["status"] for step in report["steps"]}["retention.schedules"] == "done"
        small.make_room()
        assert killing.faults_after(faulty, undisturbed) == []
