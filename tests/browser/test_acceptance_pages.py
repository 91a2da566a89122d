"""The gate's question and the ledger of acceptances in a real browser: two widths, two schemes, no script, keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.policies.acceptance.models import Acceptance
from privacy.policies.acceptance.services import accept
from privacy.policies.models import PolicyDraft
from privacy.policies.queries import draft_view
from privacy.policies.services import import_text, publish
from privacy.promises.services import load_profile
from tests.browser.conftest import DESK, PASSWORD, PHONE, Visitor, overflow
from tests.browser.policy_texts import FIRST, SECOND
from tests.browser.test_member_pages import tab_to
from tests.policies.acceptance.conftest import ASKS

ACTOR = Actor.system("tests")
QUESTION = "/account/privacy/policies/"
pytestmark = pytest.mark.django_db(transaction=True)


def published(text: str, days_ago: int, document: str = "privacy") -> str:
    now = timezone.now() - timedelta(days=days_ago)
    import_text(raw=text.encode(), document=document, language="en", form="markdown", now=now, actor=ACTOR)
    draft = PolicyDraft.objects.get(document_id=document)
    return publish(draft=draft, digest=draft_view(draft).digest, now=now, actor=ACTOR).pk


@pytest.fixture(autouse=True)
def _a_site_with_pages(settings: Any) -> None:
    """The server of the suite runs without the gate; tests of the gate itself lead here (tests/policies)."""
    settings.ROOT_URLCONF = "tests.policies.acceptance.gate_urls"


@pytest.fixture
def robin(visitor: Visitor, tmp_path: Path) -> Any:
    """Somebody who accepted version 1 of a site that has published version 2."""
    path = tmp_path / "profile.toml"
    path.write_text(ASKS, encoding="utf-8")
    load_profile(path=path, now=timezone.now(), actor=ACTOR)
    published("## Terms\n\nBe kind.", 90, document="terms")
    first = published(FIRST, 90)
    user = get_user_model().objects.create_user("robin", "robin@example.org", PASSWORD)
    get_user_model().objects.filter(pk=user.pk).update(date_joined=timezone.now() - timedelta(days=80))
    then = timezone.now() - timedelta(days=70)
    accept(person=Person.of_user(user), versions=[first], surface="page", language="en", now=then, actor=ACTOR)
    published(SECOND, 1)
    return user


def wrong_with(page: Page, accessible: Callable[..., list[str]], within: str | None = None) -> list[str]:
    return [*accessible(page, within), *([f"{overflow(page)} px too wide"] if overflow(page) > 0 else [])]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_the_question_and_the_history(
    visitor: Visitor, robin: Any, accessible: Callable[..., list[str]], scheme: Any, viewport: Any
) -> None:
    page = visitor.page(user=robin, color_scheme=scheme, viewport=viewport)
    page.goto(f"{QUESTION}?next=/page/")
    assert wrong_with(page, accessible) == []
    page.goto("/account/privacy/")
    assert wrong_with(page, accessible) == []
    page.goto(QUESTION)
    page.get_by_role("button", name="I have read and accept these documents").click()
    expect(page.get_by_text("Nothing waits for your answer")).to_be_visible()
    assert wrong_with(page, accessible) == []


def test_without_javascript_and_with_the_keyboard_alone_one_reads_compares_and_accepts(
    visitor: Visitor, robin: Any
) -> None:
    page = visitor.page(user=robin, java_script_enabled=False)
    page.goto(f"{QUESTION}?next=/named/")
    page.get_by_role("link", name="What changed since you accepted").first.press("Enter")
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="I have read and accept these documents").press("Enter")
    expect(page.get_by_text("Hello robin")).to_be_visible()
    assert page.url.endswith("/named/")
    assert Acceptance.objects.filter(surface="page", event="change").count() == 2


def test_whoever_does_not_accept_signs_out_or_closes_the_account(visitor: Visitor, robin: Any) -> None:
    page = visitor.page(user=robin, viewport=PHONE)
    page.goto(QUESTION)
    tab_to(page, "form[action='/accounts/logout/'] button")
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    page.get_by_role("link", name="Close your account").click()
    expect(page.locator("#pv-close")).to_be_visible()
    assert not visitor.complaints
    page.goto(QUESTION)
    page.get_by_role("button", name="Sign out").click()
    page.goto("/page/")
    expect(page.get_by_text("Hello AnonymousUser")).to_be_visible()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_the_ledger_of_staff(
    visitor: Visitor, robin: Any, staff: Any, accessible: Callable[..., list[str]], viewport: Any
) -> None:
    page = visitor.page(user=staff, viewport=viewport)
    page.goto(QUESTION)
    page.get_by_role("button", name="I have read and accept these documents").click()
    expect(page.get_by_text("Nothing waits for your answer")).to_be_visible()
    row = Acceptance.objects.order_by("pk")[0]
    for name, args in (("changelist", []), ("add", []), ("change", [row.pk])):
        response = page.goto(reverse(f"admin:privacy_acceptance_{name}", args=args))
        assert response is not None
        assert response.status == 200
        for summary in page.locator(".pv summary").all():
            summary.click()
        assert accessible(page, ".pv") == []
