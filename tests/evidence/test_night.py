"""The night drops details at the end of their time, and no entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings

from privacy.core.actors import Actor
from privacy.core.registries import NightContext, night_steps
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.services import Draft, drop_expired_details, record, record_many

pytestmark = pytest.mark.django_db
ACT = "evidence.details_expired"
STEP = night_steps.get("evidence.details")


@pytest.fixture
def saved() -> list[dict[str, int]]:
    return []


@pytest.fixture
def night(now: datetime, saved: list[dict[str, int]]) -> NightContext:
    def progress(counts: Mapping[str, int], cursor: Mapping[str, Any] | None = None) -> None:
        saved.append(dict(counts))

    return NightContext(
        now=now,
        horizon=now + timedelta(days=1),
        run=uuid4(),
        dry_run=False,
        actor=Actor.system("night"),
        progress=progress,
    )


def _written(now: datetime, until: datetime, subject: str) -> EvidenceEntry:
    return record(act=ACT, now=now - timedelta(days=40), actor=Actor.system("x"), subject=subject, until=until)


def test_it_is_a_careful_step_late_in_the_night() -> None:
    assert (STEP.order, STEP.destroys) == (800, True)
    assert str(STEP.title)


def test_details_go_when_their_end_is_before_the_next_night(night: NightContext, now: datetime) -> None:
    over = _written(now, now - timedelta(days=9), "1")
    ahead = _written(now, night.horizon, "2")
    later = _written(now, night.horizon + timedelta(microseconds=1), "3")
    assert STEP.run(night).counts == {"details": 2}
    assert set(EvidenceDetail.objects.filter(subject_key__in="123").values_list("entry", flat=True)) == {later.pk}
    assert EvidenceEntry.objects.filter(pk__in=[over.pk, ahead.pk, later.pk]).count() == 3


def test_a_preview_counts_and_destroys_nothing(night: NightContext, now: datetime) -> None:
    _written(now, now, "1")
    assert STEP.run(replace(night, dry_run=True)).counts == {"details": 1}
    assert EvidenceDetail.objects.count() == EvidenceEntry.objects.count() == 1


def test_the_night_writes_down_what_it_did_and_nothing_when_it_did_nothing(night: NightContext, now: datetime) -> None:
    STEP.run(night)
    assert not EvidenceEntry.objects.exists()
    _written(now, now, "1")
    STEP.run(night)
    entry = EvidenceEntry.objects.get(at=now)
    assert (entry.act, entry.label, entry.counts) == (ACT, "privacy.EvidenceDetail", {"details": 1})


def test_a_second_run_finds_nothing(night: NightContext, now: datetime) -> None:
    _written(now, now, "1")
    STEP.run(night)
    assert STEP.run(night).counts == {"details": 0}


def test_it_removes_by_windows_and_saves_its_progress(
    night: NightContext, now: datetime, saved: list[dict[str, int]], django_assert_max_num_queries: Any
) -> None:
    actor = Actor.system("x")
    for n in range(5):
        until = now - timedelta(hours=n)
        record_many(drafts=[Draft(ACT, until=until)] * 40, now=now - timedelta(days=40), actor=actor)
    with override_settings(PRIVACY={"WINDOW_ROWS": 40}), django_assert_max_num_queries(12):
        dropped = drop_expired_details(horizon=now, dry_run=False, progress=night.progress)
    assert dropped == 200
    assert saved == [{"details": n} for n in (40, 80, 120, 160, 200)]
    assert not EvidenceDetail.objects.exists()
