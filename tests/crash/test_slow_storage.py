"""The faulty night: the storages of uploads and of backups answer slowly, or not at all.

External stores have their own tests; ``tests/disposal/test_stores.py``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.crash import killing
from tests.crash.remote import Server, serving
from tests.crash.sites import NIGHT, Picture, Site


def failed(report: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["error"] for step in report["steps"] if step["status"] == "failed"}


@pytest.fixture
def there(faulty: Site) -> Iterator[tuple[Site, Server]]:
    """A site whose uploads and backups lie behind a server."""
    with serving(faulty.folder) as server:
        yield faulty.with_env(CRASH_STORAGE=server.url, CRASH_TIMEOUT="2"), server


def test_storages_that_answer_slowly_only_take_their_time(there: tuple[Site, Server], undisturbed: Picture) -> None:
    site, server = there
    server.mood = "slow"
    assert site.night()["status"] == "done"
    assert server.asked > 200
    assert killing.faults_after(site, undisturbed) == []


@pytest.mark.parametrize(("mood", "word"), [("silent", "Late"), ("broken", "ConnectionError")])
def test_storages_that_do_not_answer_are_reported_and_made_up_for_by_the_next_night(
    mood: str, word: str, there: tuple[Site, Server], undisturbed: Picture
) -> None:
    site, server = there
    server.mood = mood
    began = time.monotonic()
    report = site.night(timeout=200)
    assert set(failed(report)) == {"disposal.closures", "disposal.files", "backups.scan"}
    assert {step["status"] for step in report["steps"]} == {"done", "failed"}
    assert killing.counted(site, f"SELECT count(*) FROM privacy_sweep WHERE error = '{word}'") > 50
    # The rows are gone, whoever keeps the files.
    assert killing.counted(site, "SELECT count(*) FROM privacy_closure WHERE erased_at IS NULL") == 0
    mails = site.mails()
    assert "disposal.files" in mails
    assert "backups.scan" in mails
    assert "uploads/" not in mails + report["said"]
    if mood == "silent":
        assert server.asked < 20, "every file was waited for"
        assert time.monotonic() - began < 180
    server.mood = "well"
    assert killing.faults_after(site, undisturbed) == []


def test_a_storage_of_backups_that_falls_silent_before_it_deletes_loses_no_dump_out_of_sight(
    there: tuple[Site, Server], undisturbed: Picture
) -> None:
    """What is over stays in the register until the storage itself says that it is gone."""
    site, server = there
    site.run("manage.py", "privacy_nightly", "--json", "--at", NIGHT.isoformat(), "--step", "backups.scan")
    server.mood = "silent"
    report = site.night(timeout=200)
    assert "did not answer in time" in failed(report)["backups.expire"]
    assert killing.counted(site, "SELECT count(*) FROM privacy_backup WHERE status = 'failed'") == 2
    server.mood = "well"
    assert killing.faults_after(site, undisturbed) == []
    assert len(list((site.folder / "backups").iterdir())) == 1
