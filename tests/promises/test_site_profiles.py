"""The five sites: each profile loads, and together they make exactly the promises of the first four capabilities."""

from __future__ import annotations

import inspect
import os
import re
from collections import defaultdict
from datetime import datetime
from importlib import import_module
from pathlib import Path

import pytest

from privacy.core.actors import Actor
from privacy.core.registries import live_checks
from privacy.datamap.faults import SCOPES
from privacy.promises import queries
from privacy.promises.models import Promise
from privacy.promises.profiles import read_profile
from privacy.promises.services import WrongProfile, load_profile
from privacy.retention.models import Schedule

PROFILES = Path(__file__).resolve().parents[2] / "project" / "profiles"
SITES = {"harvest": "HTC", "harvestr": "HVR", "coopt": "CPT", "harmony": "HMY", "adsterra": "ADS"}

#: K01 (versions and notices), K02 (consent), K03 (inventory), K07 (closure), K08 (retention), K09 (backups), K16
#: (messages) and K19 (contacts and the link to the policy), as the five texts make them.
SERVED = """
HTC-0-2 HTC-0-4 HTC-2-1 HTC-2.1-1 HTC-2.1-2 HTC-2.2-1 HTC-2.2-2 HTC-2.3-2 HTC-2.5-1 HTC-2.5-2 HTC-3.1-1 HTC-3.2-1
HTC-3.5-4 HTC-5.1-3 HTC-5.1-4 HTC-5.1-7 HTC-5.1-8 HTC-5.3-7 HTC-9-3 HTC-10-1 HTC-10-2 HTC-10-3 HTC-10-4
HVR-0-3 HVR-2-1 HVR-2-2 HVR-2-4 HVR-3-1 HVR-3-2 HVR-3-5 HVR-10-1 HVR-11-1 HVR-11-2 HVR-11-3 HVR-11-4 HVR-11-5 HVR-12-1
CPT-1-1 CPT-1-3 CPT-1-4 CPT-1-6 CPT-2-1 CPT-2-5 CPT-2-6 CPT-8-1 CPT-8-3 CPT-9-1 CPT-9-2 CPT-9-3 CPT-9-4 CPT-9-5
HMY-1-1 HMY-1-2 HMY-2-1 HMY-3-1 HMY-4-1 HMY-9-6 HMY-10-2 HMY-10-5 HMY-10-6 HMY-15-1
ADS-1-2 ADS-1-3 ADS-5-1
HTC-2-2 HTC-2.3-1 HTC-4-2 HTC-5.1-9 HVR-3-3 HVR-6-1 HMY-10-8
HTC-3.3-1 HTC-3.3-2 HTC-3.3-3 HTC-5.3-1 HTC-5.3-2 HTC-5.3-3 HVR-3-4 HVR-4-1 HVR-4-2 HVR-5-1
HTC-0-1 HTC-0-3 HTC-14-2 HVR-0-2 CPT-0-2 CPT-0-3 CPT-4-3 CPT-14-5
HTC-14-1 HVR-0-1 HVR-0-4 HVR-14-1 CPT-0-1 CPT-14-1 CPT-14-2 CPT-14-3 CPT-14-4 CPT-14-6 HMY-9-4 HMY-16-2
CPT-2-2 CPT-2-3 CPT-6-1 CPT-6-2 CPT-6-3 HMY-4-2 HMY-15-2 HMY-15-3 HMY-15-4 HMY-15-5 HMY-15-7 HMY-15-8 HMY-15-9 ADS-6-1
HTC-5.1-10 HTC-5.1-11 HTC-15-1 HVR-1-1 HVR-15-1 CPT-13-1 HMY-9-1 HMY-9-2 HMY-9-3 HMY-10-10 HMY-14-2 HMY-16-1 ADS-7-1
""".split()


def path_of(site: str) -> Path:
    return PROFILES / f"{site}.toml"


@pytest.mark.parametrize(("site", "code"), SITES.items())
def test_each_of_the_five_profiles_loads(site: str, code: str, now: datetime, actor: Actor, db: None) -> None:
    report = load_profile(path=path_of(site), now=now, actor=actor)
    assert report.site == code
    assert report.promises == Promise.objects.count() == sum(name.startswith(f"{code}-") for name in SERVED)
    for table in report.tables:
        assert queries.section(table) is not None
    assert queries.facts().names


def test_there_is_no_sixth_profile() -> None:
    assert {path.stem for path in PROFILES.glob("*.toml")} == set(SITES)


def test_together_they_make_exactly_these_promises(db: None) -> None:
    made = [draft.code for site in SITES for draft in read_profile(path_of(site)).promises]
    assert len(SERVED) == len(set(SERVED)) == 128
    assert sorted(made) == sorted(SERVED)


def test_every_promise_of_harvest_but_two_about_requests_is_asked_of_checks_that_exist(db: None) -> None:
    for draft in read_profile(path_of("harvest")).promises:
        unknown = [name for name in draft.checks if name not in live_checks]
        assert bool(unknown) == (draft.code in ("HTC-5.1-10", "HTC-15-1")), draft.code
        assert all(name.startswith("requests.") for name in unknown), draft.code


@pytest.mark.parametrize("site", SITES)
def test_a_promise_names_a_missing_record_only_where_no_check_exists(site: str, db: None) -> None:
    for draft in read_profile(path_of(site)).promises:
        unknown = [name for name in draft.checks if name not in live_checks]
        assert bool(unknown) == bool(draft.needs), draft.code


def test_every_param_that_a_check_reads_is_declared_and_every_declared_one_is_read() -> None:
    """Otherwise the loader would refuse a param that works, or take one that is ignored."""
    by_module: dict[str, set[str]] = defaultdict(set)
    for check in live_checks:
        by_module[check.run.__module__] |= check.params.keys()
    assert len(by_module) >= 5
    for module, declared in by_module.items():
        read = set(re.findall(r"params\.get\(\"(\w+)\"", inspect.getsource(import_module(module))))
        assert declared - set(SCOPES) == read, module


def test_no_promise_says_kept_of_what_nothing_looks_at(db: None) -> None:
    """Servers, single items and receivers are recorded by no room yet: such a promise names the missing record."""
    drafts = {draft.code: draft for site in SITES for draft in read_profile(path_of(site)).promises}
    for code in ("HVR-0-3", "HVR-11-5", "HVR-12-1", "HMY-9-6"):
        assert drafts[code].needs, code
    for code in ("HTC-5.1-7", "HTC-10-2", "HVR-11-2", "CPT-9-5"):  # only reasons that the text names
        assert "retention.kept_rows_have_end" in drafts[code].checks, code


def test_no_promise_is_told_in_the_words_of_a_published_text(db: None) -> None:
    """Eight words in a row that stand in a policy are copied, not restated."""
    folder = os.environ.get("POLICY_TEXTS")
    if not folder:
        pytest.skip("POLICY_TEXTS names no folder with the published texts")
    published = {run for path in Path(folder).glob("*.txt") for run in runs_of_words(path.read_text(errors="replace"))}
    assert published
    for site in SITES:
        for draft in read_profile(path_of(site)).promises:
            copied = published & runs_of_words(draft.says)
            assert not copied, draft.code


def runs_of_words(text: str, length: int = 8) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.casefold())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def test_each_promise_is_one_plain_sentence(db: None) -> None:
    for site in SITES:
        for draft in read_profile(path_of(site)).promises:
            assert draft.says.endswith("."), draft.code
            assert not re.search(r"[.!?] ", draft.says), draft.code
            assert 20 < len(draft.says) < 160, draft.code


def test_the_figures_are_those_of_the_texts(now: datetime, actor: Actor, db: None) -> None:
    wanted = {
        "HTC-10-3": ("P0D", "closure.after"),
        "HTC-10-4": ("P1M", "backups.kept_for"),
        "HVR-11-2": ("P3M", "closure.after"),
        "HVR-11-4": ("P13M", "retention.events"),
        "HVR-14-1": ("P30D", "policies.lead"),
        "CPT-14-3": ("P2D", "policies.posting_lead"),
    }
    bound = {
        draft.code: (draft.figure, draft.setting)
        for site in SITES
        for draft in read_profile(path_of(site)).promises
        if draft.bound
    }
    assert bound == wanted


def test_a_schedule_that_an_admin_set_longer_than_a_new_promise_stops_its_profile(
    now: datetime, actor: Actor, db: None
) -> None:
    schedule = Schedule.objects.create(
        name="host.View:viewed_at:delete",
        kind="expiry",
        model="host.View",
        category="events",
        start="viewed_at",
        action="delete",
        declared="P12M",
        period="P14M",
        edited=True,
        synced_at=now,
    )
    with pytest.raises(
        WrongProfile, match=r"HVR-11-4: figure: P13M .* retention\.events as set outside the profile is P14M"
    ):
        load_profile(path=path_of("harvestr"), now=now, actor=actor)
    schedule.period = "P13M"
    schedule.save()
    assert load_profile(path=path_of("harvestr"), now=now, actor=actor).site == "HVR"
