"""Each of the five sites as ``make demo SITE=…`` plays it, with a night that nobody has to wait for."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from project.sites import SITES
from tests.journeys.test_demo import ROOT, _environment, pytestmark  # noqa: F401 - played in the run on SQLite alone

#: What no demonstration can tell: it asks no other host, and this site promotes nothing.
CANNOT_TELL = {"HMY-16-1", "ADS-6-1"}
BROKEN_BEFORE: dict[str, set[str]] = {
    "harvest": {"HTC-10-3", "HTC-10-4", "HTC-9-3"},
    "harvestr": {"HVR-11-2", "HVR-11-4"},
    "coopt": {"CPT-9-3", "CPT-9-4"},
    "harmony": {"HMY-16-2"},
    "adsterra": {"ADS-1-2"},
}

PLAY = """
import json
from pathlib import Path

import django

django.setup()
from django.conf import settings
from django.test import Client
from django.utils import timezone

from privacy.core.hourly import run_hour
from privacy.promises.services import check_promises
from privacy.retention.services import approve_night, run_night
from project.demo import stage, state

state.clear(Path(settings.VAR_DIR))
before = stage._before(settings.SITE.key, Path("project/profiles").resolve())
run_night(now=timezone.now(), actor=stage.ACTOR)
approve_night(now=timezone.now(), actor=stage.ACTOR)
night = run_night(now=timezone.now(), actor=stage.ACTOR)
run_hour(now=timezone.now(), actor=stage.ACTOR)
after = check_promises(now=timezone.now(), actor=stage.ACTOR)
settings.ALLOWED_HOSTS = ["testserver"]
visitor = Client()
pages = {path: visitor.get(path).status_code for path in (
    "/", "/accounts/login/", "/contact/", "/privacy/", "/privacy/documents/privacy/versions/",
    "/privacy/documents/privacy/en/1.pdf", "/privacy/documents/privacy/en/compare/",
)}
told = visitor.get("/privacy/").content.decode()
print("PLAYED " + json.dumps({
    "before": {row.code: row.status for row in before.rows},
    "after": {row.code: [row.status, row.why] for row in after.rows},
    "night": night.status,
    "pages": pages,
    "name": settings.SITE.name in told,
}))
"""


def played(site: str, folder: Path) -> dict[str, dict[str, str]]:
    env = _environment(folder, SITE=site, DJANGO_SETTINGS_MODULE="project.settings")
    done = subprocess.run([sys.executable, "-c", PLAY], cwd=ROOT, env=env, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, dict[str, str]] = json.loads(done.stdout.rpartition("PLAYED ")[2])
    return found


@pytest.mark.parametrize("site", SITES)
def test_make_demo_of_each_site(site: str, tmp_path: Path, subtests: pytest.Subtests) -> None:
    profile = tomllib.loads((ROOT / "project" / "profiles" / f"{site}.toml").read_text(encoding="utf-8"))
    waiting = {promise["id"] for promise in profile["promise"] if promise.get("needs")}
    promised = {promise["id"] for promise in profile["promise"]}
    played_once = played(site, tmp_path)
    before, after = played_once["before"], {code: row for code, row in played_once["after"].items() if code in promised}
    with subtests.test("what was broken before is kept after"):
        assert {code for code in promised if before[code] == "broken"} >= BROKEN_BEFORE[site]
        assert {after[code][0] for code in promised if before[code] == "broken"} <= {"kept"}
    with subtests.test("everything that this site can keep is kept"):
        left = {code: row for code, row in after.items() if row[0] != "kept"}
        assert set(left) == (waiting | CANNOT_TELL) & promised, left
        assert {row[0] for row in left.values()} <= {"cannot_tell"}
    with subtests.test("its pages answer everybody, under its own name"):
        assert set(played_once["pages"].values()) == {200}, played_once["pages"]
        assert played_once["name"]
    with subtests.test("the commands that come afterwards speak about the same site"):
        words = [sys.executable, "manage.py", "privacy_promises", "--json"]
        done = subprocess.run(words, cwd=ROOT, env=_environment(tmp_path), capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["site"] == profile["site"]["code"]
