"""Closures, holds and outside places by the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from privacy.disposal.models import Closure, Hold
from tests.people import client_of

DAY = timedelta(days=1)
ALL_BUT_SUBJECTS = ["view_closure", "view_hold"]


@pytest.fixture
def clerk(person: Callable[..., Any]) -> Client:
    return client_of(person("clerk", staff=True, may=ALL_BUT_SUBJECTS))


@pytest.fixture
def closure(db: None, now: datetime) -> Closure:
    return Closure.objects.create(
        subject_key="person-4711",
        pseudonym="f" * 32,
        status="partial",
        channel="page",
        closed_at=now,
        due_at=now,
        steps=[{"model": "host.Order", "action": "anonymise", "rows": 3, "files": 1}],
        kept=[{"model": "host.Order", "rows": 3, "ground": "tax law", "until": "2036-01-01T00:00:00+00:00"}],
        errors=["host.Review: 1 row is left"],
    )


@pytest.fixture
def hold(db: None, now: datetime) -> Hold:
    dates = {"placed_at": now - 9 * DAY, "review_at": now - DAY, "ends_at": now + DAY}
    return Hold.objects.create(scope="person", subject_key="person-4711", ground="law", case="17", **dates)


def test_a_closure_tells_what_went_what_stays_and_what_is_left(chief: Client, closure: Closure) -> None:
    one = chief.get(f"/api/privacy/closures/{closure.pk}/").json()
    assert one["steps"] == [{"model": "host.Order", "action": "anonymise", "rows": 3, "files": 1}]
    assert one["kept"] == [
        {"model": "host.Order", "rows": 3, "ground": "tax law", "until": "2036-01-01T00:00:00Z", "review_at": None}
    ]
    assert one["left"] == ["host.Review: 1 row is left"]
    assert one["subject"] == "person-4711"


def test_nobody_learns_whose_closure_or_hold_it_is_without_the_permission(
    clerk: Client, closure: Closure, hold: Hold
) -> None:
    for url in (
        "/api/privacy/closures/",
        f"/api/privacy/closures/{closure.pk}/",
        "/api/privacy/holds/",
        f"/api/privacy/holds/{hold.pk}/",
    ):
        answer = clerk.get(url)
        assert answer.status_code == 200
        assert "person-4711" not in answer.content.decode(), url
    assert clerk.get(f"/api/privacy/closures/{closure.pk}/").json()["subject"] is None


def test_closures_are_found_by_the_whole_reference(clerk: Client, closure: Closure) -> None:
    def found(reference: str) -> int:
        return len(clerk.get("/api/privacy/closures/", {"reference": reference}).json()["results"])

    assert (found("f" * 32), found("f" * 8)) == (1, 0)


def test_a_hold_tells_whether_somebody_must_look_again(clerk: Client, hold: Hold, now: datetime) -> None:
    url = f"/api/privacy/holds/{hold.pk}/"
    Hold.objects.update(review_at=now + 10_000 * DAY, ends_at=now + 10_000 * DAY)
    assert clerk.get(url).json()["state"] == "in_force"
    Hold.objects.update(review_at=now - DAY)
    assert clerk.get(url).json()["state"] == "review_due"
    Hold.objects.update(ends_at=now - DAY)
    assert clerk.get(url).json()["state"] == "expired_hold"
    Hold.objects.update(released_at=now)
    assert clerk.get(url).json()["state"] == "released"
    assert clerk.get("/api/privacy/holds/", {"in_force": "true"}).json()["results"] == []


def test_each_outside_place_says_what_it_owes(chief: Client, closure: Closure, now: datetime) -> None:
    closure.receipts.create(store="mail provider", opened_at=now)
    [store] = [one for one in chief.get("/api/privacy/stores/").json()["stores"] if one["name"] == "mail provider"]
    assert (store["open"], store["confirmed"], store["declared"]) == (1, 0, False)
    one = chief.get(f"/api/privacy/closures/{closure.pk}/").json()
    assert [(receipt["answer"], receipt["confirmed_at"]) for receipt in one["stores"]] == [("waiting", None)]
