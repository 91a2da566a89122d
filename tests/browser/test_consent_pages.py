"""The page of a member's consents in a real browser: keyboard, no script, phone, screen reader, dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from privacy.consent.models import Choice
from privacy.consent.people import Person
from privacy.consent.permission import may_process
from privacy.consent.services import object_to
from privacy.core.actors import Actor
from privacy.promises.services import load_profile
from tests.browser.conftest import DESK, PASSWORD, PHONE, Visitor, overflow
from tests.browser.test_member_pages import tab_to
from tests.consent.conftest import PROFILE, answer

PAGE = "/account/privacy/consents/"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def robin(visitor: Visitor, tmp_path: Path) -> Any:
    """A member with a past: asked, agreed, refused, taken back, objected."""
    path, now = tmp_path / "profile.toml", timezone.now()
    path.write_text(PROFILE, encoding="utf-8")
    load_profile(path=path, now=now, actor=Actor.system("tests"))
    user = get_user_model().objects.create_user("robin", "robin@example.org", PASSWORD)
    person = Person.of_user(user)
    answer(person, now, Choice.REFUSED, purpose="interviews")
    answer(person, now)
    object_to(person=person, purpose="offers", surface="account", now=now, actor=Actor.system("tests"))
    return user


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_the_page_of_consents(
    visitor: Visitor, robin: Any, accessible: Callable[..., list[str]], scheme: Any, viewport: Any
) -> None:
    page = visitor.page(user=robin, color_scheme=scheme, viewport=viewport)
    page.goto(PAGE)
    assert accessible(page) == []
    assert overflow(page) <= 0
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("You took it back. From now on")).to_be_visible()
    assert accessible(page) == []


def test_without_javascript_and_with_the_keyboard_alone_a_consent_is_taken_back_and_given(
    visitor: Visitor, robin: Any
) -> None:
    page = visitor.page(user=robin, java_script_enabled=False)
    page.goto(PAGE)
    page.get_by_role("button", name="Take it back").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("You took it back on")).to_be_visible()
    assert not may_process(Person.of_user(robin), "newsletter", now=timezone.now())
    page.locator("form[action$='/newsletter/answer/'] button[value=given]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your answer was saved.")).to_be_visible()
    assert may_process(Person.of_user(robin), "newsletter", now=timezone.now())


def test_every_button_is_reached_by_tab_and_is_large_enough_on_a_phone(visitor: Visitor, robin: Any) -> None:
    page = visitor.page(user=robin, viewport=PHONE)
    page.goto(PAGE)
    tab_to(page, "form[action$='/newsletter/withdraw/'] button")
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    assert not visitor.complaints
