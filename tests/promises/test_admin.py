"""The promise ledger in the admin: what a stressed site admin sees, and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from privacy.core.actors import Actor
from privacy.core.registries import Finding
from privacy.promises.models import Promise, PromiseRun
from privacy.promises.services import LoadedProfile, check_promises

from .conftest import Kitchen

Load = Callable[..., LoadedProfile]
LEDGER = "admin:privacy_promise_changelist"
CHECK = "admin:privacy_promise_check"
FINDINGS = "admin:privacy_promise_findings"


@pytest.fixture
def staff(db: None, client: Client) -> Callable[..., Client]:
    """A member of staff with these permissions, signed in."""

    def sign_in(*permissions: str) -> Client:
        user = get_user_model().objects.create_user("staff", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return sign_in


def test_the_ledger_shows_broken_first_with_what_was_said_and_found(
    load: Load, kitchen: Kitchen, staff: Callable[..., Client], now: datetime, actor: Actor
) -> None:
    load()
    kitchen.says("kitchen.guests_asked", Finding.broken("One of them was not.", "1 of 12"))
    kitchen.register("kitchen.cellar_locked", "Is the cellar locked?", Finding.kept("It is."))
    check_promises(now=now, actor=actor)
    page = staff("view_promise").get(reverse(LEDGER)).content.decode()
    assert page.index("Guests are asked before they are fed.") < page.index("Leftovers are gone within a month.")
    assert "One of them was not (1 of 12)." in page
    assert "1 month" in page
    assert "§2" in page
    assert page.index("Leftovers") < page.index("Is the cellar locked?")
    assert "1 promise is broken" in page


def test_each_status_has_a_tile_with_its_count(
    load: Load, kitchen: Kitchen, staff: Callable[..., Client], now: datetime, actor: Actor
) -> None:
    load()
    kitchen.says("kitchen.fridge_empty", Finding.cannot_tell("No fridge."))
    check_promises(now=now, actor=actor)
    response = staff("view_promise").get(reverse(LEDGER))
    assert [(tile["label"], tile["value"]) for tile in response.context["tiles"]] == [
        ("Broken", 0),
        ("Cannot tell", 1),
        ("Kept", 1),
        ("Not promised", 0),
    ]


def test_without_a_profile_the_page_says_what_to_do(kitchen: Kitchen, staff: Callable[..., Client]) -> None:
    page = staff("view_promise").get(reverse(LEDGER)).content.decode()
    assert "No profile is loaded" in page
    assert "privacy_profile FILE" in page


def test_before_the_first_check_the_page_says_so(load: Load, staff: Callable[..., Client]) -> None:
    load()
    assert "Nobody checked the promises yet" in staff("view_promise").get(reverse(LEDGER)).content.decode()


def test_a_replaced_profile_is_pointed_out(
    load: Load, staff: Callable[..., Client], now: datetime, actor: Actor
) -> None:
    load()
    check_promises(now=now, actor=actor)
    load(("Guests are", "Visitors are"))
    page = staff("view_promise").get(reverse(LEDGER)).content.decode()
    assert "The profile was replaced after this check" in page


def test_the_chart_appears_with_the_second_day(
    load: Load, staff: Callable[..., Client], now: datetime, actor: Actor
) -> None:
    load()
    client = staff("view_promise")
    check_promises(now=now, actor=actor)
    assert '<svg class="pv-chart-svg"' not in client.get(reverse(LEDGER)).content.decode()
    check_promises(now=now + timedelta(days=1), actor=actor)
    assert '<svg class="pv-chart-svg"' in client.get(reverse(LEDGER)).content.decode()


@pytest.mark.parametrize("permissions", [(), ("check_promises",), ("view_promiserun",)])
def test_the_ledger_needs_its_permission(
    permissions: tuple[str, ...], load: Load, staff: Callable[..., Client]
) -> None:
    load()
    client = staff(*permissions)
    assert client.get(reverse(LEDGER)).status_code == 403
    assert client.get(reverse(FINDINGS, args=["EXA-1-1"])).status_code == 403
    assert client.post(reverse(CHECK)).status_code == 403


def test_a_visitor_is_sent_to_the_login(load: Load, client: Client) -> None:
    load()
    assert client.get(reverse(LEDGER)).status_code == 302
    assert client.post(reverse(CHECK)).status_code == 302
    assert not PromiseRun.objects.exists()


def test_check_now_needs_a_post_and_the_permission(load: Load, staff: Callable[..., Client]) -> None:
    load()
    client = staff("view_promise")
    assert "Check now" not in client.get(reverse(LEDGER)).content.decode()
    assert client.post(reverse(CHECK)).status_code == 403
    assert not PromiseRun.objects.exists()


def test_check_now_checks_now(load: Load, kitchen: Kitchen, staff: Callable[..., Client]) -> None:
    load()
    kitchen.says("kitchen.fridge_empty", Finding.broken("An old pot stands there."))
    client = staff("view_promise", "check_promises")
    assert "Check now" in client.get(reverse(LEDGER)).content.decode()
    assert client.get(reverse(CHECK)).status_code == 405
    page = client.post(reverse(CHECK), follow=True).content.decode()
    assert "All promises were checked just now." in page
    assert "An old pot stands there." in page
    assert PromiseRun.objects.get().asked_by == "staff"


def test_the_page_of_a_promise_tells_when_its_status_changed(
    load: Load, kitchen: Kitchen, staff: Callable[..., Client], now: datetime, actor: Actor
) -> None:
    load()
    for day, answer in enumerate([Finding.kept("Empty."), Finding.kept("Empty."), Finding.broken("An old pot.")]):
        kitchen.says("kitchen.fridge_empty", answer)
        check_promises(now=now + timedelta(days=day), actor=actor)
    response = staff("view_promise").get(reverse(FINDINGS, args=["EXA-1-1"]))
    assert [moment.status for moment in response.context["changes"]] == ["broken", "kept"]
    assert [moment.checked_at for moment in response.context["changes"]] == [now + timedelta(days=2), now]
    assert "kitchen.fridge_empty" in response.content.decode()


def test_an_unknown_promise_has_an_honest_page(load: Load, staff: Callable[..., Client]) -> None:
    load()
    page = staff("view_promise").get(reverse(FINDINGS, args=["EXA-9-9"])).content.decode()
    assert "The profile in force makes no such promise" in page


def test_the_address_of_a_single_row_leads_to_its_history(load: Load, staff: Callable[..., Client]) -> None:
    load()
    promise = Promise.objects.get(code="EXA-1-1")
    response = staff("view_promise").get(reverse("admin:privacy_promise_change", args=[promise.pk]))
    assert response["Location"] == reverse(FINDINGS, args=["EXA-1-1"])


def test_nothing_on_the_ledger_can_be_edited(load: Load, admin_client: Client) -> None:
    load()
    promise = Promise.objects.get(code="EXA-1-1")
    assert admin_client.get(reverse("admin:privacy_promise_add")).status_code == 403
    assert (
        admin_client.post(reverse("admin:privacy_promise_delete", args=[promise.pk]), {"post": "yes"}).status_code
        == 403
    )
    admin_client.post(reverse("admin:privacy_promise_change", args=[promise.pk]), {"says": "nothing"})
    promise.refresh_from_db()
    assert promise.says == "Leftovers are gone within a month."


def test_what_a_profile_says_is_escaped(load: Load, staff: Callable[..., Client], now: datetime, actor: Actor) -> None:
    load(("Guests are asked before they are fed.", "<script>alert(1)</script>"))
    check_promises(now=now, actor=actor)
    assert "<script>alert" not in staff("view_promise").get(reverse(LEDGER)).content.decode()


def test_the_facts_of_the_profile_stand_at_the_foot(load: Load, staff: Callable[..., Client]) -> None:
    load()
    response = staff("view_promise").get(reverse(LEDGER))
    assert ("Contact", "privacy@example.org") in response.context["facts"]
    assert "Postal address" not in dict(response.context["facts"])
    assert "example.toml" in response.content.decode()
