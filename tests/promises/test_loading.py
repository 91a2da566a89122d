"""Putting a profile in force: all of it or nothing, and the history of findings stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import pytest

from privacy.core.actors import Actor
from privacy.core.periods import Period
from privacy.core.registries import providers
from privacy.evidence.models import EvidenceEntry
from privacy.promises import queries
from privacy.promises.models import ProfileTable, Promise, PromiseResult, SiteFacts
from privacy.promises.services import LoadedProfile, WrongProfile, check_promises

from .conftest import Kitchen, KitchenRules

Load = Callable[..., LoadedProfile]


def test_a_loaded_profile_is_in_force(load: Load) -> None:
    report = load()
    assert (report.site, report.promises, report.tables, report.replaced) == ("EXA", 2, ("kitchen",), "")
    assert queries.section("kitchen") == KitchenRules(Period(months=1))
    assert queries.facts().contacts == {"email": "privacy@example.org"}
    promise = Promise.objects.get(code="EXA-1-1")
    assert (promise.figure, promise.bound, promise.setting) == ("P1M", "ceiling", "kitchen.kept_for")


def test_without_a_profile_the_facts_are_empty(db: None) -> None:
    assert queries.facts().code == ""
    assert queries.ledger().rows == ()


def test_a_wrong_profile_changes_nothing(load: Load) -> None:
    load()
    with pytest.raises(WrongProfile):
        load(('"Example Coop"', '"Other Coop"'), ("P1M", "30"))
    assert queries.facts().name == "Example Coop"
    assert Promise.objects.count() == 2
    assert EvidenceEntry.objects.filter(act="promises.profile_loaded").count() == 1


def test_a_profile_replaces_the_former_and_keeps_the_findings(load: Load, now: datetime, actor: Actor) -> None:
    load()
    check_promises(now=now, actor=actor)
    report = load(("EXA", "EXB"), ('[kitchen]\nkept_for = "P1M"', '[kitchen]\nkept_for = "P7D"'))
    assert report.replaced == "EXA"
    assert set(Promise.objects.values_list("code", flat=True)) == {"EXB-1-1", "EXB-2-1"}
    assert ProfileTable.objects.get().table == {"kept_for": "P7D"}
    assert SiteFacts.objects.get().code == "EXB"
    assert PromiseResult.objects.filter(code="EXA-1-1").exists()
    assert queries.ledger().checked_at is None


def test_a_ledger_from_before_the_profile_changed_says_so(load: Load, now: datetime, actor: Actor) -> None:
    load()
    check_promises(now=now, actor=actor)
    assert not queries.ledger().stale
    load(("Guests are asked", "Visitors are asked"))
    assert queries.ledger().stale


def test_loading_is_recorded_in_the_evidence_with_the_site_and_counts(load: Load) -> None:
    load()
    entry = EvidenceEntry.objects.get(act="promises.profile_loaded")
    assert entry.label == "EXA"
    assert entry.counts == {"promises": 2, "tables": 1}


def test_a_profile_is_refused_when_a_setting_in_force_contradicts_it(load: Load) -> None:
    def in_force(*, setting: str) -> Iterable[Period]:
        return [Period(days=20), Period(months=2)] if setting == "kitchen.kept_for" else []

    load()
    providers.add("in_force.kitchen", in_force)
    with pytest.raises(WrongProfile) as refusal:
        load()
    assert "kitchen.kept_for as set outside the profile is P2M" in str(refusal.value)
    assert "EXA-1-1" in str(refusal.value)
    assert len(refusal.value.faults) == 1


def test_loading_twice_leaves_one_profile(load: Load) -> None:
    load()
    load()
    assert SiteFacts.objects.count() == 1
    assert Promise.objects.count() == 2


def test_a_table_that_a_room_no_longer_reads_has_no_rules(load: Load, kitchen: Kitchen) -> None:
    load()
    from privacy.core.registries import profile_sections

    profile_sections.remove("kitchen")
    assert queries.section("kitchen") is None
