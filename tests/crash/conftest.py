"""One site, filled once and copied for each test; and what it holds after two nights that nobody disturbed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.crash.sites import DAY, NIGHT, Picture, Site, filled

#: Closed accounts of the small site.
SMALL = 80
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("PRIVACY_TEST_TRIGGERS"):
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="its sites have their triggers in every run"))


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with 500 accounts to be destroyed; never touched, only copied."""
    site = filled(tmp_path_factory.mktemp("full") / "site")
    yield site
    site.drop()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Fewer people, in smaller batches: faults need no crowd."""
    site = filled(tmp_path_factory.mktemp("small") / "site", closed=SMALL).with_env(CRASH_BATCH="10")
    yield site
    site.drop()


@pytest.fixture
def faulty(small: Site, tmp_path: Path) -> Iterator[Site]:
    """A small site whose night something will happen to."""
    site = small.copy(tmp_path / "site")
    yield site
    site.drop()


@pytest.fixture(scope="session")
def undisturbed(small: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Picture]:
    """What is left of the small site after two nights to which nothing happened."""
    site = small.copy(tmp_path_factory.mktemp("undisturbed") / "site")
    for at in (NIGHT, NIGHT + DAY):
        report = site.night(at)
        assert report["exit"] == 0, report
    yield site.picture()
    site.drop()


@pytest.fixture
def of_today(tmp_path: Path) -> Iterator[tuple[Site, Picture]]:
    """A site whose night is due now: a worker goes by the clock. With what an undisturbed night leaves of it."""
    now = datetime.now(UTC)
    site = filled(tmp_path / "site", closed=SMALL, night=now - DAY).with_env(CRASH_BATCH="10")
    other = site.copy(tmp_path / "other")
    try:
        assert other.night(now)["exit"] == 0
        yield site, other.picture()
    finally:
        site.drop()
        other.drop()


@pytest.fixture
def site(full: Site, tmp_path: Path) -> Iterator[Site]:
    site = full.copy(tmp_path / "site")
    yield site
    site.drop()


@pytest.fixture(scope="session")
def uninterrupted(full: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Picture]:
    """What is left after a night that nobody disturbed, and the next one."""
    site = full.copy(tmp_path_factory.mktemp("uninterrupted") / "site")
    for at in (NIGHT, NIGHT + DAY):
        report = site.night(at)
        assert report["exit"] == 0, report
    yield site.picture()
    site.drop()
