"""Several processes on one database, as on several machines: they share the work, and each thing is done once."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.retention.site import CLOSED, OVER, PEOPLE, TO_SHORTEN, Site, finish

#: What a night leaves in tables and files, whoever did it.
LEFT = ("views", "people", "orders", "closures", "expired", "proofs", "accounts", "swept")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site.new(tmp_path_factory.mktemp("seeded") / "site")
    site.run("-m", "tests.retention.site", "seed")
    yield site
    site.drop()


@pytest.fixture
def site(seeded: Site, tmp_path: Path) -> Iterator[Site]:
    site = seeded.copy(tmp_path / "site")
    yield site
    site.drop()


@pytest.fixture(scope="module")
def alone(seeded: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What one night leaves that had the site for itself."""
    site = seeded.copy(tmp_path_factory.mktemp("alone") / "site")
    assert finish(site.begin_night())[0] == 0
    found = {what: site.picture()[what] for what in LEFT}
    assert found["proofs"] == [1] * CLOSED
    assert found["accounts"] == {"disposal.batch_erased": CLOSED, "disposal.finished": CLOSED}
    assert found["swept"][0] == 0
    assert len(found["swept"][1]) == PEOPLE - CLOSED
    assert len(site.asked()) == len(set(site.asked())) == CLOSED
    yield found
    site.drop()


def test_two_concurrent_nights_treat_each_account_once(site: Site, alone: dict[str, Any]) -> None:
    """Nothing claims them: as when a night was taken for dead, and goes on beside the one that follows it."""
    reports = site.at_once(2, "everything")
    assert [report[name] for report in reports for name in report if name.endswith("error")] == [""] * 8
    picture = site.picture()
    assert {what: picture[what] for what in LEFT} == alone
    assert len(site.asked()) == len(set(site.asked())) == CLOSED
    # A process that came too late for a schedule does not name it.
    counted = {
        name: sum(report.get(name, 0) for report in reports)
        for name in {name for report in reports for name in report}
        if not name.endswith("error")
    }
    assert counted["disposal.closures accounts"] == CLOSED
    assert (counted["retention.schedules deleted"], counted["retention.schedules anonymised"]) == (OVER, TO_SHORTEN)


def test_four_workers_that_take_the_tasks_of_the_same_closures_destroy_each_once(
    site: Site, alone: dict[str, Any]
) -> None:
    assert json.loads(finish(site.work("opened"))[1])["taken"] == CLOSED
    assert site.at_once(4, "tasks") == [{"asked": CLOSED}] * 4
    picture = site.picture()
    for what in ("people", "orders", "closures", "proofs", "accounts"):
        assert picture[what] == alone[what]
    assert len(site.asked()) == len(set(site.asked())) == CLOSED


def test_no_login_fails_beside_a_night(site: Site, alone: dict[str, Any]) -> None:
    """SQLite has one writer, and a login that waits for it fails in the end. How long it waits is a benchmark."""
    visitors = site.work("logins")
    while not list(site.folder.glob("ready-*")):
        assert visitors.poll() is None, visitors.communicate()
        time.sleep(0.01)
    assert finish(site.begin_night())[0] == 0
    (site.folder / "over").touch()
    found = _ended(visitors)
    assert found["failed"] == []
    assert found["logins"] > 10
    picture = site.picture()
    assert {what: picture[what] for what in ("closures", "proofs", "accounts")} == {
        what: alone[what] for what in ("closures", "proofs", "accounts")
    }


def _ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(finish(process)[1])
    return found


def _until_it_is_slow(site: Site, machine: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not (site.folder / f"slow-{machine}").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("later", [0.1, 5, -5])
def test_a_step_that_is_longer_than_the_patience_of_other_machines_is_not_taken_over(site: Site, later: float) -> None:
    """Also when the other machine's clock is hours ahead, or behind."""
    night = site.work("night", machine="one", slow=6)
    _until_it_is_slow(site, "one", night)
    time.sleep(2)
    other = _ended(site.work("night", machine="two", later=later))
    assert other == {"status": "NightAlreadyRunning"}
    assert _ended(night)["status"] == "done"
    assert site.picture()["nights"] == ["done"]


def test_a_night_whose_machine_died_is_gone_on_with_by_another(site: Site, alone: dict[str, Any]) -> None:
    night = site.work("night", machine="one", slow=60)
    _until_it_is_slow(site, "one", night)
    night.send_signal(signal.SIGKILL)
    night.communicate()
    time.sleep(1.5)
    assert _ended(site.work("night", machine="two", later=0.1))["status"] == "done"
    picture = site.picture()
    assert picture["nights"] == ["done"]
    assert {what: picture[what] for what in LEFT} == alone


def test_a_machine_that_stood_still_and_wakes_destroys_nothing_beside_the_night_that_took_over(
    site: Site, alone: dict[str, Any]
) -> None:
    night = site.work("night", machine="one", slow=1)
    _until_it_is_slow(site, "one", night)
    night.send_signal(signal.SIGSTOP)
    time.sleep(2)
    assert _ended(site.work("night", machine="two", later=0.1))["status"] == "done"
    night.send_signal(signal.SIGCONT)
    assert _ended(night) == {"status": "NightAlreadyRunning"}
    picture = site.picture()
    assert (picture["nights"], {what: picture[what] for what in LEFT}) == (["done"], alone)
    assert len(site.asked()) == len(set(site.asked())) == CLOSED
