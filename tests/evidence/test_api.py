"""The evidence by the API: the act for everybody who may look, the people for nobody without the permission."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry
from privacy.evidence.sealing import seal as make_seal
from privacy.evidence.services import forget, record
from tests.people import client_of

SECRETS = ("person-4711", "person-4712", "a word that was said")


@pytest.fixture
def entry(now: datetime) -> EvidenceEntry:
    return record(
        act="retention.period_changed",
        now=now,
        actor=Actor("staff", key="person-4711"),
        label="host.PageView",
        counts={"rows": 3},
        subject="person-4712",
        details={"said": "a word that was said"},
    )


@pytest.fixture
def clerk(person: Callable[..., Any]) -> Client:
    return client_of(person("clerk", staff=True, may=["view_evidenceentry"]))


def test_the_people_of_an_entry_are_nowhere_without_the_permission(clerk: Client, entry: EvidenceEntry) -> None:
    for url in ("/api/privacy/evidence/", f"/api/privacy/evidence/{entry.pk}/"):
        answer = clerk.get(url)
        assert answer.status_code == 200
        assert not [secret for secret in SECRETS if secret in answer.content.decode()]
    one = clerk.get(f"/api/privacy/evidence/{entry.pk}/").json()
    assert one["people"] is None
    assert (one["act"], one["counts"], one["intact"], one["seal"]) == (
        "retention.period_changed",
        {"rows": 3},
        True,
        None,
    )


def test_the_permission_shows_who_acted_and_about_whom(chief: Client, entry: EvidenceEntry) -> None:
    people = chief.get(f"/api/privacy/evidence/{entry.pk}/").json()["people"]
    assert people["actor_key"] == "person-4711"
    assert people["subject_key"] == "person-4712"
    assert people["details"] == {"said": "a word that was said"}
    assert not [secret for secret in SECRETS if secret in chief.get("/api/privacy/evidence/").content.decode()]


def test_an_entry_outlives_its_people(chief: Client, entry: EvidenceEntry) -> None:
    forget(subjects=["person-4712"])
    one = chief.get(f"/api/privacy/evidence/{entry.pk}/").json()
    assert (one["people"], one["intact"], one["details_left"]) == (None, None, False)


def test_an_entry_says_under_which_seal_it_is(chief: Client, entry: EvidenceEntry, now: datetime, actor: Actor) -> None:
    make_seal(now=now, actor=actor)
    [seal] = chief.get("/api/privacy/evidence/seals/").json()["results"]
    assert chief.get(f"/api/privacy/evidence/{entry.pk}/").json()["seal"] == seal["number"]


def test_entries_are_found_by_act_and_time(chief: Client, entry: EvidenceEntry, now: datetime, actor: Actor) -> None:
    record(act="retention.schedule_paused", now=now + timedelta(hours=2), actor=actor, label="host.PageView")

    def acts(**words: str) -> list[str]:
        return [row["act"] for row in chief.get("/api/privacy/evidence/", words).json()["results"]]

    assert acts(act="retention.period_changed") == ["retention.period_changed"]
    assert acts(since="2026-03-16T13:00:00Z") == ["retention.schedule_paused"]
    assert acts(until="2026-03-16T13:00:00Z") == ["retention.period_changed"]
    assert acts(act="nothing.of_the_kind") == []


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-16", "2026-03-16T12:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_is_none_is_refused_by_name(chief: Client, moment: str) -> None:
    answer = chief.get("/api/privacy/evidence/", {"since": moment})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "since"
