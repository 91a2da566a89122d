"""Every admin screen of the app, with data on it: strict policy, phone width, screen reader, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import reverse
from playwright.sync_api import expect

from privacy.disposal.models import Closure, Hold
from tests.browser.conftest import DESK, PHONE, Visitor, overflow

DESK_URL = "/admin/privacy/"
pytestmark = pytest.mark.django_db(transaction=True)


def screens() -> Iterator[str]:
    """The desk, each list of ours, and one row of each; closures in every state."""
    yield DESK_URL
    yield (closing := reverse("admin:privacy_closure_close"))
    yield f"{closing}?account=pk:{get_user_model().objects.exclude(is_staff=True).values_list('pk', flat=True)[0]}"
    for model in admin.site._registry:
        if model._meta.app_label != "privacy":
            continue
        name = model._meta.model_name
        yield reverse(f"admin:privacy_{name}_changelist")
        for row in model._default_manager.all()[: 6 if model is Closure else 1]:
            yield reverse(f"admin:privacy_{name}_change", args=[row.pk])
    yield reverse("admin:privacy_hold_add")
    yield reverse("admin:privacy_purpose_add")
    yield reverse("admin:privacy_consentrecord_add")
    yield reverse("admin:privacy_consentrecord_person")
    yield reverse("admin:privacy_hold_release", args=[Hold.objects.filter(case="2026/K-17")[0].pk])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_what_we_put_on_the_screens(
    visitor: Visitor, furnished: datetime, staff: Any, accessible: Callable[..., list[str]], scheme: Any
) -> None:
    page = visitor.page(user=staff, color_scheme=scheme, viewport=DESK)
    wrong: dict[str, list[str]] = {}
    for url in screens():
        response = page.goto(url)
        assert response is not None
        assert response.status == 200, url
        if page.locator(".pv").count():
            found = accessible(page, ".pv")
            wrong |= {url: found} if found else {}
    assert wrong == {}


def test_on_a_phone_no_screen_scrolls_sideways(visitor: Visitor, furnished: datetime, staff: Any) -> None:
    page = visitor.page(user=staff, viewport=PHONE)
    wide = {}
    for url in screens():
        page.goto(url)
        if (by := overflow(page)) > 0:
            wide[url] = by
    assert wide == {}


def test_the_strict_policy_blocks_nothing_of_ours(visitor: Visitor, furnished: datetime, staff: Any) -> None:
    page = visitor.page(user=staff)
    for url in screens():
        page.goto(url)
        assert page.locator("#content [style]").count() == 0, url
    assert not [text for text in visitor.complaints if "Content Security Policy" in text]


def test_the_desk_is_reached_from_the_admins_home_and_leads_to_a_partial_closure(
    visitor: Visitor, furnished: datetime, staff: Any
) -> None:
    page = visitor.page(user=staff)
    page.goto("/admin/")
    page.get_by_role("link", name="Privacy", exact=True).click()
    expect(page.get_by_role("heading", name="Privacy desk")).to_be_visible()
    partial = Closure.objects.get(status="partial")
    page.get_by_role("link", name=f"{partial.pseudonym[:8]}…").click()
    expect(page.get_by_text("Something of this account is still there")).to_be_visible()
    expect(page.get_by_text("What to do next:")).to_be_visible()
    expect(page.get_by_text("PermissionError")).to_be_visible()


def test_the_desk_works_without_javascript(visitor: Visitor, furnished: datetime, staff: Any) -> None:
    page = visitor.page(user=staff, java_script_enabled=False)
    page.goto(DESK_URL)
    expect(page.get_by_role("heading", name="Privacy desk")).to_be_visible()
    page.get_by_text("The same as a table").first.click()
    expect(page.get_by_role("columnheader", name="Broken")).to_be_visible()
