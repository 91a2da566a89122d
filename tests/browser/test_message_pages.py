"""Messages, in a real browser: the link in a mail, the member's choices, staff's screens, and the mail itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from privacy.core.actors import Actor
from privacy.messages import services
from privacy.messages.models import Mailing, OutboxMessage, Suppression
from privacy.messages.tokens import token_for
from tests.browser.conftest import DESK, PHONE, Visitor, overflow
from tests.messages.conftest import rules  # noqa: F401 fixture

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/account/privacy/messages/"


@pytest.fixture
def promising(rules: Callable[..., None], settings: Any) -> None:  # noqa: F811
    """A site that promises everything about messages."""
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
    settings.DEFAULT_FROM_EMAIL = "Test Site <site@example.org>"
    rules(
        'label = "Advertisement"',
        'postal_address_on = "marketing"',
        'channels = ["email", "text", "phone", "post"]',
        'link_on = "every"',
    )


@pytest.fixture
def busy(promising: None, member: Any, staff: Any) -> datetime:
    """A mailing on its way, one in doubt, one draft, an opt-out."""
    now, actor = timezone.now(), Actor.staff(staff)
    for code in ("spring", "summer"):
        mailing = services.write(
            code=code, topic="offers", audience="members", language="en", sender="Test Site <site@example.org>",
            subject="What is new this spring", text="Hello\n\nWe have something new: https://example.org/new",
            per_minute=100, now=now, actor=actor,
        )  # fmt: skip
    services.test(mailing=mailing, address="staff@example.org", now=now)
    mailing = services.approve(mailing=Mailing.objects.get(code="summer"), promotional=True, now=now, actor=actor)
    services.start(mailing=mailing, now=now, actor=actor)
    services.opt_out(address="x@example.org", source="staff", now=now, actor=actor)
    services.prepare(mailing=Mailing.objects.get(code="summer"), now=now)
    OutboxMessage.objects.filter(mailing__code="summer", address=member.email).update(
        state="ambiguous", reason="lost_after_data", ended_at=now
    )
    return now


def screens() -> dict[str, str]:
    doubtful = OutboxMessage.objects.get(state="ambiguous").pk
    pages = {
        f"mailing-{code}": reverse("admin:privacy_mailing_change", args=[Mailing.objects.get(code=code).pk])
        for code in ("spring", "summer")
    }
    lists = ("mailing", "outboxmessage", "suppression", "preference", "mailevent")
    return pages | {
        **{f"{name}s": reverse(f"admin:privacy_{name}_changelist") for name in lists},
        "message": reverse("admin:privacy_outboxmessage_change", args=[doubtful]),
        "write": reverse("admin:privacy_mailing_add"),
        "change": reverse("admin:privacy_mailing_edit", args=[Mailing.objects.get(code="spring").pk]),
        "count": reverse("admin:privacy_mailing_count", args=[Mailing.objects.get(code="spring").pk]),
        "enter": reverse("admin:privacy_suppression_add"),
    }


def link(member: Any) -> str:
    return f"/privacy/unsubscribe/{token_for(member.email, 'offers')}/"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_the_pages_of_readers_and_members(
    visitor: Visitor, promising: None, member: Any, accessible: Callable[..., list[str]], scheme: Any, viewport: Any
) -> None:
    page = visitor.page(user=member, color_scheme=scheme, viewport=viewport)
    for url in (PAGE, link(member), "/privacy/unsubscribe/nothing/"):
        page.goto(url)
        assert accessible(page) == [], url
        assert overflow(page) <= 0, url
    page.goto(link(member))
    page.get_by_role("button", name="Stop it now").click()
    expect(page.get_by_role("heading", level=1, name="You are unsubscribed")).to_be_visible()
    assert accessible(page) == []


def test_a_reader_leaves_without_signing_in_and_without_javascript(
    visitor: Visitor, promising: None, member: Any
) -> None:
    page = visitor.page(java_script_enabled=False, viewport=PHONE)
    page.goto(link(member))
    page.get_by_label("Only this kind of mail").check()
    page.get_by_role("button", name="Stop it now").click()
    expect(page.get_by_role("heading", level=1, name="You are unsubscribed")).to_be_visible()
    assert Suppression.objects.get().level == "topic"


def test_a_member_chooses_with_the_keyboard_alone(visitor: Visitor, promising: None, member: Any) -> None:
    page = visitor.page(user=member)
    page.goto(PAGE)
    box = page.get_by_role("group", name="Our offers").get_by_label("telephone")
    box.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save my choices").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your choices are saved")).to_be_visible()
    expect(page.get_by_role("group", name="Our offers").get_by_label("telephone")).not_to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_staffs_screens(
    visitor: Visitor, busy: datetime, staff: Any, accessible: Callable[..., list[str]], scheme: Any
) -> None:
    page = visitor.page(user=staff, color_scheme=scheme)
    wrong: dict[str, list[str]] = {}
    for name, url in screens().items():
        response = page.goto(url)
        assert response is not None
        assert response.status == 200, name
        if page.locator(".pv").count():
            found = accessible(page, ".pv")
            wrong |= {name: found} if found else {}
        assert page.locator("#content [style]").count() == 0, name
    assert wrong == {}
    assert not [text for text in visitor.complaints if "Content Security Policy" in text]


def test_on_a_phone_no_screen_of_staff_scrolls_sideways(visitor: Visitor, busy: datetime, staff: Any) -> None:
    page = visitor.page(user=staff, viewport=PHONE)
    wide = {}
    for name, url in screens().items():
        page.goto(url)
        if (by := overflow(page)) > 0:
            wide[name] = by
    assert wide == {}


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_mail_itself_can_be_read_on_every_screen(
    visitor: Visitor,
    busy: datetime,
    member: Any,
    tmp_path: Path,
    accessible: Callable[..., list[str]],
    viewport: Any,
) -> None:
    page = visitor.page(viewport=viewport)
    show_mail(page, tmp_path)
    expect(page.get_by_text("Advertisement", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Unsubscribe")).to_be_visible()
    expect(page.get_by_text("1 Example Street")).to_be_visible()
    # The heading of a mail is its subject, which the mail program shows.
    assert [fault for fault in accessible(page) if not fault.startswith("page-has-heading-one")] == []
    assert overflow(page) <= 0


def show_mail(page: Page, folder: Path) -> None:
    """The HTML part of a message of the mailing, as a mail program shows it."""
    from privacy.messages.composing import compose
    from privacy.messages.rules import message_rules
    from privacy.promises.queries import facts

    row = OutboxMessage.objects.filter(mailing__code="summer", state="ambiguous").select_related("mailing").get()
    form = message_rules()
    mail = compose(row, topic=form.topic(row.topic), rules=form, facts=facts()).mail
    file = folder / "mail.html"
    file.write_text(str(mail.alternatives[0].content))  # type: ignore[attr-defined]
    page.goto(file.as_uri())
