"""Backups and copies by the API."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from privacy.backups.models import Backup, RegisteredCopy
from privacy.evidence.models import EvidenceEntry
from privacy.promises.models import ProfileTable


@pytest.fixture
def dump(db: None, now: datetime) -> Backup:
    moments = {"taken_at": now, "first_seen_at": now, "last_seen_at": now}
    return Backup.objects.create(storage="dbbackup", name="a.dump", kind="database", **moments)


@pytest.fixture
def copy(db: None, now: datetime) -> RegisteredCopy:
    facts = {"kind": "restic", "place": "the cellar", "region": "EU", "kept_for": "P1M", "confirmed_by": "the host"}
    moments = {"taken_at": now, "ends_at": now + timedelta(days=31), "registered_at": now, "changed_at": now}
    return RegisteredCopy.objects.create(name="cellar", **facts, **moments)


def test_a_file_says_when_it_must_be_gone(chief: Client, dump: Backup) -> None:
    url = f"/api/privacy/backups/{dump.pk}/"
    assert chief.get(url).json()["ends_at"] is None
    ProfileTable.objects.create(name="backups", table={"kept_for": "P1M"})
    # A calendar month by the site's own clock, which changed in between.
    assert chief.get(url).json()["ends_at"] == "2026-04-16T11:00:00Z"
    assert chief.get("/api/privacy/backups/", {"status": "present"}).json()["results"][0]["name"] == "a.dump"
    assert chief.get("/api/privacy/backups/", {"status": "gone"}).json()["results"] == []


def test_a_person_vouches_for_the_end_of_a_copy_once(chief: Client, copy: RegisteredCopy) -> None:
    url = f"/api/privacy/backups/copies/{copy.pk}/confirm/"
    assert chief.post(url).json()["destroyed_at"] is not None
    assert EvidenceEntry.objects.filter(act="backups.copy_destroyed").count() == 1
    again = chief.post(url)
    assert (again.status_code, again.json()["code"]) == (409, "already_confirmed")
    assert again.json()["errors"][0]["mend"]
    assert EvidenceEntry.objects.filter(act="backups.copy_destroyed").count() == 1


def test_copies_are_found_by_whether_they_are_held(chief: Client, copy: RegisteredCopy) -> None:
    def names(held: str) -> list[str]:
        return [row["name"] for row in chief.get("/api/privacy/backups/copies/", {"held": held}).json()["results"]]

    assert (names("true"), names("false")) == (["cellar"], [])
    assert chief.get("/api/privacy/backups/copies/", {"held": "perhaps"}).status_code == 400
    assert chief.get("/api/privacy/backups/copies/", {"held": ""}).status_code == 400
