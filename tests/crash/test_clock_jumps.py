"""The faulty night: the clock jumps while it runs, or was wrong when it began."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.crash import killing
from tests.crash.sites import DAY, NIGHT, Picture, Site, kill

HOUR = timedelta(hours=1)
#: Clocks are put forward at one in the morning, UTC.
SPRING = datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC)


def jumping(site: Site, at: datetime, jump: timedelta) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(
        site.run("-m", "tests.crash.jumping", at.isoformat(), str(jump.total_seconds()))
    )
    return report


@pytest.mark.parametrize("jump", [DAY, -DAY, HOUR, -HOUR], ids=["a day on", "a day back", "an hour on", "an hour back"])
def test_a_clock_that_jumps_in_mid_run_changes_nothing_that_the_night_does(
    jump: timedelta, faulty: Site, undisturbed: Picture
) -> None:
    report = jumping(faulty, NIGHT, jump)
    assert (report["status"], report["jumps"]) == ("done", 2)
    assert killing.faults_after(faulty, undisturbed) == []


def test_a_night_that_ran_while_the_clock_was_ahead_keeps_none_of_the_next_from_running(
    faulty: Site, undisturbed: Picture
) -> None:
    """The clock is put right afterwards: the true night and the next still run, and the evidence still verifies."""
    assert faulty.night(NIGHT + 30 * HOUR)["exit"] == 0
    assert faulty.night(NIGHT)["status"] == "done"
    assert killing.faults_after(faulty, undisturbed) == []


def test_a_night_that_died_while_the_clock_was_ahead_is_gone_on_with_when_it_is_right(
    faulty: Site, undisturbed: Picture
) -> None:
    """Its last sign of life lies in the future."""
    night = faulty.begin_night(NIGHT + DAY)
    killing.begun(faulty, night)
    killing.wait(faulty, night, lambda s, ask: ask(killing._ERASED) >= 20)
    kill(night)
    assert faulty.night(NIGHT)["exit"] == 0
    assert killing.faults_after(faulty, undisturbed) == []


@pytest.fixture
def twin(small: Site, tmp_path: Path) -> Iterator[Site]:
    site = small.copy(tmp_path / "twin")
    yield site
    site.drop()


def test_a_night_in_which_the_clocks_are_put_forward_does_what_it_would_have_done(faulty: Site, twin: Site) -> None:
    """It begins ten seconds before the hour that is missing, and is killed and gone on with behind it."""
    for at in (SPRING, SPRING + DAY):
        assert jumping(twin, at, timedelta())["status"] == "done"
    night = faulty.start("-m", "tests.crash.jumping", SPRING.isoformat())
    killing.begun(faulty, night)
    night.send_signal(signal.SIGKILL)
    night.communicate()
    assert jumping(faulty, SPRING + 2 * timedelta(minutes=1), HOUR)["status"] == "done"
    assert jumping(faulty, SPRING + DAY, timedelta())["status"] == "done"
    assert faulty.picture().differs_from(twin.picture()) == []
    assert faulty.verified()["intact"]
