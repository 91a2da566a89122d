"""Must show, Crash: a purge of 500 accounts that is killed, and what the next night makes of it.

A few kills, aimed by chance at each work of the purge; ``make crash`` does twenty a database.
"""

from __future__ import annotations

import random

import pytest

from tests.crash import killing
from tests.crash.sites import CLOSED, Picture, Site, kill


def test_the_undisturbed_night_destroys_every_closed_account(uninterrupted: Picture, full: Site) -> None:
    """What the others are compared with is no empty picture."""
    before = full.picture()
    assert len(before.rows["auth_user"]) - len(uninterrupted.rows["auth_user"]) == CLOSED
    assert set(uninterrupted.told["people"].values()) == {1}
    assert len(uninterrupted.told["people"]) == CLOSED
    assert uninterrupted.told["sums"]["disposal.finished privacy.Closure: accounts"] == CLOSED
    assert uninterrupted.told["journal"] == {"done": CLOSED, "ways": {("intended", "done"): CLOSED}}
    for place in ("media/uploads", "outside", "cache"):
        gone = {name for name in before.files if name.startswith(place)} - set(uninterrupted.files)
        assert len(gone) > CLOSED / 2, place
    assert uninterrupted.rows["privacy_sweep"] == uninterrupted.rows["privacy_captured"] == []


@pytest.mark.parametrize("doing", killing.WHILE_IT)
def test_a_purge_of_500_accounts_that_is_killed_ends_after_the_next_night_as_one_that_was_not(
    doing: str, site: Site, uninterrupted: Picture
) -> None:
    seed = random.randrange(10**6)
    found = killing.killed_while(site, doing, random.Random(seed))
    print(f"killed while it {doing}, seed {seed}: {found}")
    assert found.purging, "the purge was over before it was killed"
    assert killing.faults_after(site, uninterrupted) == [], (seed, found)


def test_a_celery_worker_that_is_killed_is_followed_by_one_that_ends_the_night(
    of_today: tuple[Site, Picture],
) -> None:
    """Nobody sends the second one anything: it finds the night in its rows."""
    site, uninterrupted = of_today
    site = site.with_env(CRASH_BROKER="filesystem://")
    first = site.worker()
    killing.begun(site, first)
    killing.wait(site, first, lambda s, ask: ask(killing._ERASED) >= 20)
    kill(first)
    found = killing.hit(site, 0)
    assert found.purging, found
    second = site.worker()
    try:
        killing.wait(site, second, lambda s, ask: ask("SELECT count(*) FROM privacy_nightrun WHERE status = 'done'"))
    finally:
        kill(second)
    assert site.picture().differs_from(uninterrupted) == []
    assert site.verified()["intact"]
