"""A version that is announced, in a real browser: its page, the banner without a script, the member's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from privacy.core.actors import Actor
from privacy.messages.models import Mailing
from privacy.messages.services import prepare
from privacy.policies.models import PolicyNotice, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import publish, write_draft
from privacy.promises.services import load_profile
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.policy_texts import FIRST, SECOND
from tests.browser.test_policy_pages import wrong_with
from tests.policies.test_clocks import CPT, HVR, with_policies

ACTOR = Actor.system("tests")
pytestmark = pytest.mark.django_db(transaction=True)


def put_out(text: str, days_ago: int, note: str = "", **others: Any) -> PolicyVersion:
    now = timezone.now() - timedelta(days=days_ago)
    draft = write_draft(
        document="privacy", language="en", title="", form="markdown", text=text, revised_on=None, note=note, now=now,
        actor=ACTOR, **others,
    )  # fmt: skip
    return publish(draft=draft, digest=draft_view(draft).digest, now=now, actor=ACTOR)


@pytest.fixture
def rules(visitor: Visitor, tmp_path: Path, settings: Any) -> Callable[[str], None]:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}

    def load(table: str) -> None:
        path = tmp_path / "profile.toml"
        path.write_text(with_policies(table), encoding="utf-8")
        load_profile(path=path, now=timezone.now(), actor=ACTOR)

    return load


@pytest.fixture
def member(transactional_db: None) -> Any:
    user = get_user_model().objects.create_user("robin", "robin@example.org", "x")
    user.date_joined = timezone.now() - timedelta(days=365)
    user.save()
    return user


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_what_tells_of_a_change(
    visitor: Visitor,
    rules: Callable[[str], None],
    member: Any,
    accessible: Callable[..., list[str]],
    scheme: Any,
    viewport: Any,
) -> None:
    rules(HVR.replace('"email"', '"email", "banner"'))
    put_out(FIRST, 90)
    put_out(SECOND, 1, "What we keep, and for how long, stands in one table.")
    page = visitor.page(user=member, viewport=viewport, color_scheme=scheme)
    urls = [
        "/privacy/",
        "/privacy/documents/privacy/en/2/",
        "/privacy/documents/privacy/versions/",
        reverse("privacy:account"),
    ]
    assert wrong_with(page, accessible, urls, None) == {}
    assert not [text for text in visitor.complaints if "Content Security Policy" in text]


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_the_preview_and_the_progress(
    visitor: Visitor,
    rules: Callable[[str], None],
    member: Any,
    staff: Any,
    accessible: Callable[..., list[str]],
    viewport: Any,
) -> None:
    rules(CPT)
    put_out(FIRST, 90)
    version = put_out(SECOND, 0, "One table.")
    prepare(mailing=Mailing.objects.get(), now=timezone.now())
    PolicyNotice.objects.create(version=version, user_key=str(member.pk), dispatched_at=timezone.now())
    drafts = [
        write_draft(
            document="privacy", language="en", title="", form="markdown", text=FIRST, revised_on=None, note="",
            now=timezone.now(), actor=ACTOR,
        ),
        write_draft(
            document="privacy", language="de", title="", form="markdown", text=FIRST, revised_on=None, note="",
            effective_from=timezone.now() - timedelta(days=1), now=timezone.now(), actor=ACTOR,
        ),
    ]  # fmt: skip
    page = visitor.page(user=staff, viewport=viewport)
    urls = [
        *(reverse("admin:privacy_policydraft_change", args=[draft.pk]) for draft in drafts),
        reverse("admin:privacy_policydraft_edit", args=[drafts[0].pk]),
        reverse("admin:privacy_policyversion_change", args=[version.pk]),
    ]
    assert wrong_with(page, accessible, urls, ".pv") == {}
    expect(page.get_by_role("progressbar", name="Accounts whose mail left")).to_be_visible()


def test_without_javascript_a_member_puts_the_banner_away_with_the_keyboard(
    visitor: Visitor, rules: Callable[[str], None], member: Any
) -> None:
    rules(CPT)
    put_out(FIRST, 90)
    put_out(SECOND, 0, "One table.")
    page = visitor.page(user=member, java_script_enabled=False)
    page.goto("/privacy/documents/privacy/versions/")
    banner = page.get_by_role("region", name="Something we promise you changes")
    expect(banner).to_contain_text("One table.")
    banner.get_by_role("button", name="I have seen it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All versions")).to_be_visible()
    expect(banner).to_have_count(0)
