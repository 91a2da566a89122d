"""Published texts and the screens that publish them, in a real browser: two widths, two schemes, no script, paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from privacy.core.actors import Actor
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import import_text, publish, withdraw
from privacy.promises.services import load_profile
from tests.browser.conftest import DESK, PHONE, Visitor, overflow
from tests.browser.policy_texts import FAULTY, FIRST, SECOND
from tests.policies.conftest import PROFILE

PUBLIC = (
    "/privacy/",
    "/privacy/documents/terms/",
    "/privacy/documents/privacy/versions/",
    "/privacy/documents/privacy/en/1/",
    "/privacy/documents/privacy/en/3/",
    "/privacy/documents/privacy/en/compare/?before=1&after=2",
    "/privacy/documents/privacy/en/compare/?before=2&after=2",
)
ACTOR = Actor.system("tests")
pytestmark = pytest.mark.django_db(transaction=True)


def draft(text: str, language: str = "en", document: str = "privacy") -> PolicyDraft:
    now = timezone.now()
    import_text(raw=text.encode(), document=document, language=language, form="markdown", now=now, actor=ACTOR)
    return PolicyDraft.objects.get(document_id=document, language=language)


def published(text: str, days_ago: int, **others: str) -> PolicyVersion:
    made = draft(text, **others)
    now = timezone.now() - timedelta(days=days_ago)
    return publish(draft=made, digest=draft_view(made).digest, now=now, actor=ACTOR)


@pytest.fixture
def library(visitor: Visitor, tmp_path: Path) -> dict[str, int]:
    """Two versions and one that was a mistake, terms, and two drafts: the keys of the drafts."""
    path = tmp_path / "profile.toml"
    path.write_text(PROFILE, encoding="utf-8")
    load_profile(path=path, now=timezone.now(), actor=ACTOR)
    published(FIRST, 90)
    published(SECOND, 30)
    mistake = published(FIRST, 2)
    withdraw(version=mistake, reason="The wrong file.", now=timezone.now(), actor=ACTOR)
    published("## Terms\n\nBe kind.", 90, document="terms")
    return {"faulty": draft(FAULTY).pk, "good": draft("## Imprint\n\nTest Site Ltd", document="imprint").pk}


def screens(library: dict[str, int]) -> list[str]:
    changed = [reverse("admin:privacy_policydraft_change", args=[pk]) for pk in library.values()]
    versions = PolicyVersion.objects.filter(document_id="privacy")
    return [
        *changed,
        reverse("admin:privacy_policydraft_edit", args=[library["faulty"]]),
        reverse("admin:privacy_policydraft_add"),
        *(reverse("admin:privacy_policyversion_change", args=[row.pk]) for row in versions),
        reverse("admin:privacy_policyversion_withdraw", args=["privacy.en.2"]),
    ]


def wrong_with(page: Page, accessible: Callable[..., list[str]], urls: list[str], within: str | None) -> dict[str, Any]:
    """What axe finds, and how far a page is too wide, by address."""
    wrong: dict[str, Any] = {}
    for url in urls:
        response = page.goto(url)
        assert response is not None
        assert response.status == 200, url
        for summary in page.locator(".pv summary, .pv-body summary").all():
            summary.click()
        if found := [*accessible(page, within), *([f"{overflow(page)} px too wide"] if overflow(page) > 0 else [])]:
            wrong[url] = found
    return wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_what_everybody_reads(
    visitor: Visitor, library: dict[str, int], accessible: Callable[..., list[str]], scheme: Any, viewport: Any
) -> None:
    page = visitor.page(viewport=viewport, color_scheme=scheme)
    assert wrong_with(page, accessible, list(PUBLIC), None) == {}
    assert not [text for text in visitor.complaints if "Content Security Policy" in text]


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_what_staff_publish_from(
    visitor: Visitor, library: dict[str, int], staff: Any, accessible: Callable[..., list[str]], viewport: Any
) -> None:
    page = visitor.page(user=staff, viewport=viewport)
    assert wrong_with(page, accessible, screens(library), ".pv") == {}
    assert not [text for text in visitor.complaints if "Content Security Policy" in text]


def test_a_wide_table_is_scrolled_with_the_keyboard_and_keeps_its_words_whole(
    visitor: Visitor, library: dict[str, int]
) -> None:
    page = visitor.page(viewport=PHONE)
    page.goto("/privacy/")
    box = page.get_by_role("group", name="What is kept")
    box.focus()
    page.keyboard.press("ArrowRight")
    moved = (
        "node => new Promise(tell => { if (node.scrollLeft) tell(true); setTimeout(() => tell(false), 5000);"
        " node.addEventListener('scroll', () => tell(true), {once: true}) })"
    )
    assert box.evaluate(moved)
    assert overflow(page) <= 0
    pieces = (
        "cell => { const words = document.createRange(); words.selectNodeContents(cell);"
        " return words.getClientRects().length }"
    )
    assert box.get_by_role("columnheader", name="ground").evaluate(pieces) == 1


def test_paper_shows_the_words_and_nothing_that_can_only_be_pressed(visitor: Visitor, library: dict[str, int]) -> None:
    page = visitor.page()
    page.goto("/privacy/")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Your rights")).to_be_visible()
    expect(page.get_by_role("link", name="What changed")).to_be_hidden()
    page.goto("/privacy/documents/privacy/en/compare/?before=1&after=2")
    expect(page.get_by_text("next to nothing")).to_be_visible()
    expect(page.get_by_role("button", name="Compare")).to_be_hidden()


def test_without_javascript_staff_publish_a_draft_and_everybody_compares(
    visitor: Visitor, library: dict[str, int], staff: Any
) -> None:
    page = visitor.page(user=staff, java_script_enabled=False)
    page.goto(reverse("admin:privacy_policydraft_edit", args=[library["faulty"]]))
    page.get_by_role("textbox", name="Text").fill(SECOND.replace("eight years", "six years"))
    page.get_by_role("button", name="Save and look at it").click()
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text("From now on nobody can change this version.")).to_be_visible()
    page.goto("/privacy/")
    page.get_by_role("link", name="What changed").click()
    page.get_by_label("Compare version").select_option("2")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("del")).to_contain_text("eight")
    expect(page.locator("ins")).to_contain_text("six")
