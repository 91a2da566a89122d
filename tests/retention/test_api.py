"""Nights and schedules by the API: read as on the screens, moved by the same services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from privacy.evidence.models import EvidenceEntry
from privacy.promises.models import Promise
from privacy.retention.models import NightRun, NightStepRun, Schedule


@pytest.fixture
def schedule(schedules: None) -> Schedule:
    return Schedule.objects.declared().expiries().filter(model="host.PageView", action="delete").get()


def change(client: Client, schedule: Schedule, period: Any) -> Any:
    url = f"/api/privacy/schedules/{schedule.pk}/"
    return client.patch(url, {"period": period}, content_type="application/json")


def bind(schedule: Schedule, figure: str) -> None:
    Promise.objects.create(
        position=1,
        code="EXA-1-1",
        clause="§1",
        kind="duty",
        says="Page views go in time.",
        checks=[],
        figure=figure,
        bound="ceiling",
        setting=f"retention.{schedule.category}",
    )


def test_a_schedule_is_moved_by_the_same_service_as_in_the_admin(chief: Client, schedule: Schedule) -> None:
    answer = change(chief, schedule, "P3M")
    assert answer.status_code == 200
    assert (answer.json()["period"], answer.json()["edited"], answer.json()["in_force"]) == ("P3M", True, "P3M")
    schedule.refresh_from_db()
    assert schedule.period == "P3M"
    assert EvidenceEntry.objects.filter(act="retention.period_changed").count() == 1


def test_a_period_weaker_than_the_text_is_refused_with_the_clause(chief: Client, schedule: Schedule) -> None:
    bind(schedule, "P1M")
    answer = change(chief, schedule, "P2Y")
    assert (answer.status_code, answer.json()["code"]) == (409, "weaker_than_promised")
    [error] = answer.json()["errors"]
    assert error["field"] == "period"
    assert "§1" in error["problem"] + error["mend"]
    schedule.refresh_from_db()
    assert not schedule.edited


def test_a_schedule_tells_which_promise_binds_it_and_what_the_night_goes_by(chief: Client, schedule: Schedule) -> None:
    bind(schedule, "P1D")
    one = chief.get(f"/api/privacy/schedules/{schedule.pk}/").json()
    promised = {"promise": "EXA-1-1", "clause": "§1", "figure": "P1D", "bound": "ceiling"}
    assert one["bounds"] == [{**promised, "version": "", "heading": "", "until": None}]
    assert one["in_force"] == "P1D"
    assert one["period"] == schedule.period


@pytest.mark.parametrize(
    "period", ["", "soon", "P", "PT", "P1", "p1m", " P1M", "P1M\n", "P9999Y", 5, None, True, ["P1M"]]
)
def test_what_is_no_period_is_refused_by_name(chief: Client, schedule: Schedule, period: Any) -> None:
    answer = change(chief, schedule, period)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["period"]


def test_the_end_of_an_exception_is_not_moved(chief: Client, schedules: None) -> None:
    keep = Schedule.objects.declared().keeps().first()
    assert keep is not None
    answer = change(chief, keep, "P1M")
    assert (answer.status_code, answer.json()["code"]) == (409, "keep_is_declared")


def test_a_schedule_is_paused_and_resumed(chief: Client, schedule: Schedule) -> None:
    url = f"/api/privacy/schedules/{schedule.pk}/"
    assert chief.post(f"{url}pause/").json()["paused"] is True
    assert [row["id"] for row in chief.get("/api/privacy/schedules/", {"paused": "true"}).json()["results"]] == [
        schedule.pk
    ]
    assert chief.post(f"{url}resume/").json()["paused"] is False
    acts = EvidenceEntry.objects.filter(act__startswith="retention.schedule_").values_list("act", flat=True)
    assert sorted(acts) == ["retention.schedule_paused", "retention.schedule_resumed"]


def test_a_night_shows_its_steps_in_order(chief: Client, now: datetime) -> None:
    night = NightRun.objects.create(status="failed", as_of=now, horizon=now, created_at=now, asked_by="system beat")
    for order, name, status, error in ((20, "b", "failed", "the disk is full"), (10, "a", "done", "")):
        NightStepRun.objects.create(
            run=night, name=name, order=order, title=name, status=status, error=error, counts={"rows": order}
        )
    one = chief.get(f"/api/privacy/nights/{night.pk}/").json()
    assert [(step["name"], step["status"], step["counts"]) for step in one["steps"]] == [
        ("a", "done", {"rows": 10}),
        ("b", "failed", {"rows": 20}),
    ]
    assert chief.get("/api/privacy/nights/", {"status": "done"}).json()["results"] == []
    assert len(chief.get("/api/privacy/nights/", {"status": "failed"}).json()["results"]) == 1


def test_a_night_is_asked_for_and_waits_for_a_worker(chief: Client) -> None:
    answer = chief.post("/api/privacy/nights/")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert NightRun.objects.get().asked_by == "staff"
    assert chief.post("/api/privacy/nights/").json()["id"] == answer.json()["id"]
