"""The faulty night: its database drops it, is started anew in the middle, or stays away."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.crash import killing
from tests.crash.cluster import Cluster, cluster
from tests.crash.sites import DAY, NIGHT, Picture, Site, database_server

pytestmark = pytest.mark.skipif(database_server() == "sqlite", reason="SQLite has no server that could restart")

_CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
CLOSED = 80


def test_a_night_whose_connections_are_cut_again_and_again_loses_nothing(faulty: Site, undisturbed: Picture) -> None:
    """pg_terminate_backend at random moments of the purge; the next night repairs what was left."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    site = faulty
    night = site.begin_night()
    killing.begun(site, night)
    cuts = 0
    with psycopg.connect(site.url.rpartition("/")[0] + "/postgres", autocommit=True) as beside:
        for _ in range(3):
            time.sleep(chance.uniform(0.1, 0.6))
            if night.poll() is None:
                cuts += beside.execute(_CUT, [site.database]).fetchone()[0]  # type: ignore[index]
    out, said = night.communicate(timeout=500)
    assert cuts, "nothing was cut"
    print(f"seed {seed}: {cuts} connections cut, the night ended with {night.returncode}")
    assert "@example.org" not in out + said
    assert killing.faults_after(site, undisturbed) == [], seed


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cluster]:
    with cluster() as made:
        made.sql("CREATE DATABASE site")
        yield made


@pytest.fixture
def there(own: Cluster, tmp_path: Path) -> tuple[Site, Picture]:
    """A site on a server of the test's own, and what an undisturbed night and the next leave of it."""
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site", own.url("site"), {"CRASH_BATCH": "10"})
    site.run("-m", "tests.crash.filling", str(CLOSED), "1", NIGHT.isoformat())
    own.sql("CREATE DATABASE other TEMPLATE site")
    shutil.copytree(site.folder, tmp_path / "other")
    other = Site(tmp_path / "other", own.url("other"), site.env)
    for at in (NIGHT, NIGHT + DAY):
        assert other.night(at)["exit"] == 0
    return site, other.picture()


def failed(report: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["error"] for step in report["steps"] if step["status"] == "failed"}


def test_a_database_that_restarts_in_mid_run_is_waited_for_reported_and_made_up_for_by_the_next_night(
    there: tuple[Site, Picture], own: Cluster
) -> None:
    """A stop in which the server saves nothing and takes no leave of anybody; all steps behind it still run."""
    site, uninterrupted = there
    night = site.begin_night()
    killing.begun(site, night)
    killing.wait(site, night, lambda s, ask: ask(killing._ERASED) >= 20)
    own.stop("immediate")
    time.sleep(2)
    own.start()
    out, said = night.communicate(timeout=500)
    report = json.loads(out)
    assert report["status"] == "failed", (report, said)
    assert "disposal.closures" in failed(report)
    assert set(failed(report)) <= {"disposal.closures", "disposal.stores"}  # their receipts are open as well
    assert "OperationalError" in failed(report)["disposal.closures"] or "partial" in failed(report)["disposal.closures"]
    assert {step["status"] for step in report["steps"]} == {"done", "failed"}
    assert "disposal.closures" in site.mails()
    assert killing.faults_after(site, uninterrupted) == []


def test_a_database_that_stays_away_ends_the_night_which_tells_the_admins_by_mail(
    there: tuple[Site, Picture], own: Cluster
) -> None:
    site, uninterrupted = there
    site = site.with_env(CRASH_RECONNECT="2")
    night = site.begin_night()
    killing.begun(site, night)
    killing.wait(site, night, lambda s, ask: ask(killing._ERASED) >= 20)
    own.stop("immediate")
    out, said = night.communicate(timeout=500)
    own.start()
    assert night.returncode == 1
    assert '"the night broke off (' in out
    assert "Traceback" not in said
    assert "The privacy night broke off" in site.mails()
    assert killing.faults_after(site, uninterrupted) == []
