"""Legal holds on the admin's screens, on a closure's page, and as a member reads them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from privacy.core.actors import Actor
from privacy.disposal.models import Closure, Hold
from privacy.disposal.services import Mandate, close_account
from tests.disposal.holding import hold

pytestmark = pytest.mark.django_db(transaction=True)
LIST, ADD = "admin:privacy_hold_changelist", "admin:privacy_hold_add"


def staff(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("warden", "warden@example.org", "x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def person() -> Any:
    get_user_model().objects.get_or_create(username="former-member")
    return get_user_model().objects.create_user("robin", "robin@example.org", "secret")


@pytest.fixture
def today() -> datetime:
    return timezone.now()


def given(today: datetime, **words: Any) -> dict[str, Any]:
    dates = {"review_at": today.date() + timedelta(days=30), "ends_at": today.date() + timedelta(days=90)}
    return {"person": "robin", "ground": "litigation", "case": "2026/K-17", **dates, **words}


def text(response: Any) -> str:
    return str(response.content.decode())


def test_a_hold_is_placed_by_the_name_a_person_signs_in_with_or_by_key(person: Any, today: datetime) -> None:
    client = staff("view_hold", "place_hold")
    response = client.post(reverse(ADD), given(today), follow=True)
    placed = Hold.objects.get()
    assert (placed.subject_key, placed.case, placed.ground) == (str(person.pk), "2026/K-17", "litigation")
    assert "recorded in the evidence" in text(response)
    client.post(reverse(ADD), given(today, person=f"pk:{person.pk}", case="2/26", categories=["documents"]))
    assert Hold.objects.get(case="2/26").categories == ["documents"]


def test_an_unknown_person_is_refused_and_the_word_never_shown_again(person: Any, today: datetime) -> None:
    response = staff("view_hold", "place_hold").post(reverse(ADD), given(today, person="marian@example.org"))
    assert "No single account answers to this." in text(response)
    assert "marian" not in text(response)
    assert not Hold.objects.exists()


def test_a_refusal_of_the_service_stands_beside_its_box(person: Any, today: datetime) -> None:
    response = staff("view_hold", "place_hold").post(reverse(ADD), given(today, case="Sheriff/2026"))
    assert "no file number" in text(response)
    assert 'aria-invalid="true"' in text(response)


def test_an_empty_person_holds_categories_of_everybody_and_never_everything(today: datetime) -> None:
    client = staff("view_hold", "place_hold")
    assert "everything of everybody" in text(client.post(reverse(ADD), given(today, person="")))
    client.post(reverse(ADD), given(today, person="", categories=["uploads"]))
    assert Hold.objects.get().scope == "category"


def test_who_may_only_look_places_reviews_and_releases_nothing(person: Any, today: datetime) -> None:
    placed = hold(today, person)
    client = staff("view_hold")
    assert client.get(reverse(ADD)).status_code == 403
    assert client.post(reverse(ADD), given(today)).status_code == 403
    for name in ("review", "release"):
        assert client.post(reverse(f"admin:privacy_hold_{name}", args=[placed.pk]), {}).status_code == 403
    page = text(client.get(reverse("admin:privacy_hold_change", args=[placed.pk])))
    assert "Release…" not in page
    assert "Look again" not in page
    assert client.get(reverse(LIST)).status_code == 200
    assert staff_without_view().get(reverse(LIST)).status_code == 403


def staff_without_view() -> Client:
    get_user_model().objects.filter(username="warden").delete()
    return staff()


def test_who_is_held_is_hidden_without_the_permission_to_see_it(person: Any, today: datetime) -> None:
    placed = hold(today, person)
    url = reverse("admin:privacy_hold_change", args=[placed.pk])
    key = f"/auth/user/{person.pk}/"
    assert key not in text(staff("view_hold").get(url))
    get_user_model().objects.filter(username="warden").delete()
    assert key in text(staff("view_hold", "view_closure_subject").get(url))


def test_a_review_is_saved_and_a_wrong_date_is_refused_on_the_page(person: Any, today: datetime) -> None:
    placed = hold(today, person)
    client = staff("view_hold", "place_hold")
    url = reverse("admin:privacy_hold_review", args=[placed.pk])
    response = client.post(url, {"review_at": "2020-01-01", "ends_at": "2030-01-01"})
    assert "not in the future" in text(response)
    day = (today + timedelta(days=40)).date()
    client.post(url, {"review_at": day, "ends_at": day})
    placed.refresh_from_db()
    assert timezone.localtime(placed.review_at).date() == day
    assert placed.reviewed_at is not None


def test_a_release_is_confirmed_first_and_says_what_waits(person: Any, today: datetime, actor: Actor) -> None:
    placed = hold(today, person, case="5/26")
    hold(today, None, "uploads", case="5/26")
    close_account(user=person, mandate=Mandate("member", "page", "password"), now=today, actor=actor)
    client = staff("view_hold", "release_hold")
    url = reverse("admin:privacy_hold_release", args=[placed.pk])
    asked = text(client.get(url))
    assert "1 closure waits for this release." in asked
    assert "this and 1 other hold" in asked
    assert Hold.objects.in_force().count() == 2, "looking changes nothing"
    assert "2 holds were released." in text(client.post(url, {"whole_case": "yes"}, follow=True))
    assert not Hold.objects.in_force().exists()
    assert "released already" in text(client.post(url, {}, follow=True))


def test_the_list_alarms_about_an_overdue_review_and_tells_states_apart(person: Any, today: datetime) -> None:
    hold(today - timedelta(days=100), person, case="1/26")
    hold(today - timedelta(days=200), None, "uploads", case="2/26")
    page = text(staff("view_hold").get(reverse(LIST)))
    assert "review overdue" in page
    assert "past its end" in page
    assert "Open this hold" in page


def test_the_page_of_a_held_closure_leads_to_the_hold_and_runs_once_it_is_released(
    person: Any, today: datetime, actor: Actor
) -> None:
    placed = hold(today, person, case="3/26")
    close_account(user=person, mandate=Mandate("member", "page", "password"), now=today, actor=actor)
    closure = Closure.objects.get()
    client = staff("view_closure", "run_closure", "view_hold", "release_hold")
    url = reverse("admin:privacy_closure_change", args=[closure.pk])
    page = text(client.get(url))
    assert reverse("admin:privacy_hold_change", args=[placed.pk]) in page
    assert "legal hold: a court case" in page
    run = reverse("admin:privacy_closure_run", args=[closure.pk])
    assert "A legal hold still keeps it" in text(client.post(run, follow=True))
    client.post(reverse("admin:privacy_hold_release", args=[placed.pk]))
    assert "is released" in text(client.get(url))
    assert "Everything is removed" in text(client.post(run, follow=True))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["under a legal hold (a court case)", "What we have to keep for now", "We look again by"]),
        ("de", ["unter rechtlicher Sperre (ein Gerichtsverfahren)", "Was wir vorerst aufbewahren müssen"]),
    ],
)
def test_a_member_reads_what_is_held_why_and_until_when_and_never_the_case(
    person: Any, today: datetime, language: str, words: list[str]
) -> None:
    hold(today, person, case="2026/K-17")
    client = Client()
    client.force_login(person)
    with translation.override(language):
        page = text(client.get("/account/privacy/"))
        farewell = text(client.post("/account/privacy/close/", {"password": "secret", "understood": "on"}))
    for word in words:
        assert word in page
    assert words[0] in farewell
    assert "K-17" not in page + farewell
    assert Closure.objects.get().status == "held"


def test_a_member_of_whom_nothing_is_held_reads_nothing_about_holds(person: Any) -> None:
    client = Client()
    client.force_login(person)
    assert "legal hold" not in text(client.get("/account/privacy/"))
