"""The privacy page and the way out, in a real browser: keyboard, no script, phone, screen reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from privacy.disposal.models import Closure
from tests.browser.conftest import DESK, PASSWORD, PHONE, Visitor, overflow

PAGE = "/account/privacy/"
pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page: Page) -> None:
    page.goto(f"/accounts/login/?next={PAGE}")
    page.get_by_label("Username").fill("robin")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Your privacy")).to_be_visible()


def tab_to(page: Page, what: str) -> None:
    """Press Tab until the element with this selector has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
    raise AssertionError(f"{what} cannot be reached with the keyboard")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_the_privacy_page(
    visitor: Visitor, member: Any, accessible: Callable[..., list[str]], scheme: Any, viewport: Any
) -> None:
    page = visitor.page(user=member, color_scheme=scheme, viewport=viewport)
    page.goto(PAGE)
    assert accessible(page) == []
    page.get_by_role("button", name="Close my account for good").click()
    expect(page.get_by_text("Tick this box")).to_be_visible()
    assert accessible(page) == []


def test_axe_finds_nothing_wrong_with_the_farewell(
    visitor: Visitor, member: Any, accessible: Callable[..., list[str]]
) -> None:
    page = visitor.page(user=member, viewport=PHONE)
    page.goto(PAGE)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("I understand").check()
    page.get_by_role("button", name="Close my account for good").click()
    expect(page.get_by_role("heading", level=1, name="Your account is closed")).to_be_visible()
    assert accessible(page) == []
    assert overflow(page) <= 0


def test_a_member_closes_the_account_with_the_keyboard_alone(visitor: Visitor, member: Any) -> None:
    page = visitor.page(user=member)
    page.goto(PAGE)
    tab_to(page, "input[type=password]")
    page.keyboard.type(PASSWORD)
    tab_to(page, "input[type=checkbox]")
    page.keyboard.press("Space")
    tab_to(page, "button.pv-button-danger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Your account is closed")).to_be_visible()
    assert not get_user_model().objects.filter(pk=member.pk).exists()


def test_the_skip_link_comes_first_and_is_seen(visitor: Visitor, member: Any) -> None:
    page = visitor.page(user=member)
    page.goto(PAGE)
    page.keyboard.press("Tab")
    expect(page.locator(".pv-skip")).to_be_focused()
    expect(page.locator(".pv-skip")).to_be_in_viewport()


def test_without_javascript_a_member_signs_in_reads_and_closes(visitor: Visitor, member: Any) -> None:
    page = visitor.page(java_script_enabled=False)
    sign_in(page)
    page.get_by_text("Details of Purchases").click()
    expect(page.get_by_text("1 order line").first).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("I understand").check()
    page.get_by_role("button", name="Close my account for good").click()
    expect(page.get_by_text("3 page views deleted")).to_be_visible()
    assert Closure.objects.get().status == "done"
    page.goto(PAGE)
    assert "/accounts/login/" in page.url


def test_going_back_after_closing_shows_nothing_of_the_account(visitor: Visitor, member: Any) -> None:
    page = visitor.page(user=member)
    page.goto(PAGE)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("I understand").check()
    page.get_by_role("button", name="Close my account for good").click()
    expect(page.get_by_role("heading", level=1, name="Your account is closed")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("What we hold about you")).to_have_count(0)


def test_the_strict_policy_blocks_nothing_and_the_pages_bring_no_script(visitor: Visitor, member: Any) -> None:
    page = visitor.page(user=member)
    response = page.goto(PAGE)
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert page.locator("script").count() == 0
    assert page.locator("[style]").count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.pv-card')).borderTopWidth") == "1px"
    assert not [text for text in visitor.complaints if "Content Security Policy" in text]


def test_on_a_phone_nothing_scrolls_sideways_and_targets_are_large_enough(visitor: Visitor, member: Any) -> None:
    page = visitor.page(user=member, viewport=PHONE)
    page.goto(PAGE)
    for summary in page.locator("summary").all():
        summary.click()
    assert overflow(page) <= 0
    for target in page.locator("button, input:not([type=hidden]):not([type=checkbox])").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44
