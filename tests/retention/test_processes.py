"""Nights in real processes: killed in the middle, begun twice at once, brought by a real worker."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.retention.site import CLOSED, OVER, PEOPLE, TO_SHORTEN, YOUNG, Site, finish

VIEWS = "SELECT count(*) FROM host_pageview"
FULL = "SELECT count(*) FROM host_pageview WHERE CAST(ip AS text) NOT LIKE '%.0' AND CAST(ip AS text) NOT LIKE '%.0/32'"
PEOPLE_LEFT = "SELECT count(*) FROM auth_user"


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
def uninterrupted(seeded: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the site looks like after a night that nobody disturbed."""
    site = seeded.copy(tmp_path_factory.mktemp("uninterrupted") / "site")
    assert finish(site.begin_night())[0] == 0
    yield site.picture()
    site.drop()


def test_the_undisturbed_night_does_everything(uninterrupted: dict[str, Any]) -> None:
    assert (len(uninterrupted["views"]), len(uninterrupted["people"])) == (TO_SHORTEN + YOUNG, PEOPLE - CLOSED)
    assert sum(str(ip).endswith(".0") for _, ip in uninterrupted["views"]) == TO_SHORTEN
    assert uninterrupted["closures"] == {"done": CLOSED}
    assert uninterrupted["expired"] == {"host.PageView": OVER + TO_SHORTEN}
    assert (uninterrupted["counted"]["deleted"], uninterrupted["counted"]["anonymised"]) == (OVER, TO_SHORTEN)


@pytest.mark.parametrize("while_it", ["closes accounts", "deletes rows", "shortens addresses"])
def test_a_night_that_is_killed_and_run_again_ends_as_one_that_was_not(
    site: Site, uninterrupted: dict[str, Any], while_it: str
) -> None:
    question, begun, done = {
        "closes accounts": (PEOPLE_LEFT, PEOPLE, PEOPLE - CLOSED),
        "deletes rows": (VIEWS, OVER + TO_SHORTEN + YOUNG, TO_SHORTEN + YOUNG),
        "shortens addresses": (FULL, TO_SHORTEN + YOUNG, YOUNG),
    }[while_it]
    # The suite seeds it and prints the seed.
    left = begun - random.randint(1, round((begun - done) * 0.6))
    night = site.begin_night()
    site.wait_until(question, lambda rows: rows <= left, night)
    night.send_signal(signal.SIGKILL)
    night.communicate()
    assert site.picture()["nights"] == ["running"], "the night was over before it was killed"
    assert finish(site.begin_night())[0] == 0
    assert site.picture() == uninterrupted


def test_two_processes_that_begin_a_night_at_once_do_each_thing_once(site: Site, uninterrupted: dict[str, Any]) -> None:
    both = [site.begin_night() for _ in range(2)]
    ended = sorted(finish(process) for process in both)
    assert ended[0][0] == 0
    if ended[1][0]:
        assert json.loads(ended[1][1])["error"]["problem"] == "a night is running already"
    found = site.picture()
    assert set(found["nights"]) == {"done"}
    for what in ("views", "people", "orders", "closures", "expired"):
        assert found[what] == uninterrupted[what]
