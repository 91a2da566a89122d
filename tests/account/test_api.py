"""What a member is shown by the API, and what belongs to somebody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from privacy.disposal.models import Closure
from tests.host.models import PageView
from tests.people import client_of


def closure_of(user: Any, now: datetime, **values: Any) -> Closure:
    moments = {"closed_at": now, "due_at": now + timedelta(days=90)}
    words = {"subject_key": str(user.pk), "pseudonym": "f" * 32, "status": "cancelled", "channel": "page"}
    return Closure.objects.create(**{**moments, **words, **values})


def test_another_members_closure_is_not_there(person: Callable[..., Any], now: datetime) -> None:
    ada, bob = person("ada"), person("bob")
    hers = closure_of(ada, now)
    assert client_of(ada).get(f"/api/privacy/account/closures/{hers.pk}/").json()["status"] == "cancelled"
    assert [row["id"] for row in client_of(ada).get("/api/privacy/account/closures/").json()["results"]] == [
        str(hers.pk)
    ]
    refused = client_of(bob).get(f"/api/privacy/account/closures/{hers.pk}/")
    assert refused.status_code == 404
    never = client_of(bob).get("/api/privacy/account/closures/00000000-0000-4000-8000-000000000000/")
    assert refused.json() == never.json(), "nobody can tell what exists from what does not"
    assert client_of(bob).get("/api/privacy/account/closures/").json()["results"] == []


def test_staff_with_every_permission_see_no_other_members_page(person: Callable[..., Any], now: datetime) -> None:
    ada, chief = person("ada"), person("chief", staff=True, may=["view_closure", "view_closure_subject"])
    hers = closure_of(ada, now)
    assert client_of(chief).get(f"/api/privacy/account/closures/{hers.pk}/").status_code == 404


def test_whoever_was_given_an_erased_members_key_sees_nothing_of_theirs(
    person: Callable[..., Any], now: datetime
) -> None:
    ada = person("ada")
    closure_of(ada, now, status="done", erased_at=now)
    assert client_of(ada).get("/api/privacy/account/closures/").json()["results"] == []


def test_a_member_reads_what_is_held_about_them_alone(person: Callable[..., Any], now: datetime) -> None:
    ada, bob = person("ada"), person("bob")
    for user, views in ((ada, 3), (bob, 1)):
        for _ in range(views):
            PageView.objects.create(user=user, ip="203.0.113.7", path="/", viewed_at=now)

    def views_of(user: Any) -> int:
        held = client_of(user).get("/api/privacy/account/holdings/").json()["held"]
        rows = {item["model"]: item["rows"] for one in held for item in one["items"]}
        return int(rows["host.PageView"])

    assert (views_of(ada), views_of(bob)) == (3, 1)
