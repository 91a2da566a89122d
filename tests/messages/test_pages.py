"""The member's page, the link in a mail, and staff's screens, as people use them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone, translation

from privacy.core.actors import Actor
from privacy.messages import services
from privacy.messages.models import Mailing, OutboxMessage, Preference, Suppression
from privacy.messages.tokens import token_for
from privacy.promises.services import load_profile
from tests.messages.conftest import PASSWORD, PROFILE, Mailbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
ADDRESS = "robin@example.org"
PAGE = "/account/privacy/messages/"
OUTBOX, MAILING, OPT_OUTS = "/admin/privacy/outboxmessage/", "/admin/privacy/mailing/", "/admin/privacy/suppression/"


@pytest.fixture
def visitor(member: Any, client: Client) -> Client:
    client.force_login(member)
    return client


@pytest.fixture
def office(staff: Any, client: Client) -> Client:
    client.force_login(staff)
    return client


def clerk(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("clerk", "clerk@example.org", PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


# --- members ------------------------------------------------------------------------------------


def test_a_member_reads_and_changes_what_they_get(visitor: Client, member: Any) -> None:
    text = visitor.get(PAGE).content.decode()
    for words in ("Our offers", "Offers of partners", "Our newsletter", "at most once a month"):
        assert words in text
    answer = visitor.post(
        PAGE, {"offers-email": "on", "offers-often": "weekly", "partners-often": "every"}, follow=True
    )
    assert "saved" in answer.content.decode()
    kept = {row.topic: (row.wanted, row.frequency) for row in Preference.objects.all()}
    assert kept["offers"] == (True, "weekly")
    assert kept["partners"] == (False, "every")


def test_one_press_stops_it_all_and_ticking_a_box_brings_just_that_back(visitor: Client) -> None:
    visitor.post(f"{PAGE}stop/")
    assert Suppression.objects.get().level == "marketing"
    assert "Stopped by you" in visitor.get(PAGE).content.decode()
    visitor.post(PAGE, {"offers-email": "on", "offers-often": "every"})
    assert {row.topic for row in Suppression.objects.in_force()} == {"partners", "newsletter"}
    assert set(Preference.objects.values_list("topic", flat=True)) == {"offers", "partners"}


def test_a_site_that_promises_it_stops_all_correspondence(rules: Any, visitor: Client) -> None:
    rules('opt_out = "all"')
    assert "we write to you no more" in visitor.get(PAGE).content.decode()
    visitor.post(f"{PAGE}stop/")
    assert Suppression.objects.get().level == "all"


def test_a_wrong_word_in_the_form_changes_nothing(visitor: Client) -> None:
    assert visitor.post(PAGE, {"offers-often": "hourly"}).status_code == 200
    assert not Preference.objects.exists()


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}stop/"])
def test_nobody_else_reaches_these_pages(path: str, client: Client) -> None:
    answer = client.post(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_the_privacy_page_shows_where_it_stands(visitor: Client) -> None:
    text = visitor.get("/account/privacy/").content.decode()
    assert "Messages from us" in text
    assert PAGE in text


@pytest.fixture
def german() -> Iterator[None]:
    with translation.override("de"):
        yield


def test_members_read_german(visitor: Client, german: None, settings: Any) -> None:
    settings.LANGUAGE_CODE = "de"
    assert "Nachrichten von uns" in visitor.get(PAGE).content.decode()
    link = f"/privacy/unsubscribe/{token_for(ADDRESS, 'offers')}/"
    assert "Abbestellen" in visitor.get(link).content.decode()


def test_a_mail_in_german_is_german_to_its_last_line(queue: Any, send: Any, member: Any) -> None:
    from django.core import mail

    queue(user=member, language="de")
    send()
    [sent] = mail.outbox
    assert "Abbestellen" in sent.alternatives[0].content  # type: ignore[attr-defined]
    assert "Um sie abzubestellen" in sent.body


def test_where_there_is_nothing_to_tick_there_is_nothing_to_save(
    visitor: Client, tmp_path: Path, now: datetime, actor: Actor
) -> None:
    """A site that sends nothing but a newsletter, to a member who has not agreed to it."""
    before, topics = PROFILE.split("[[messages.topics]]", 1)
    only = topics[topics.index('code = "newsletter"') :]
    (profile := tmp_path / "only.toml").write_text(
        f"{before}[[messages.topics]]\n{only}".format(rules=""), encoding="utf-8"
    )
    load_profile(path=profile, now=now, actor=actor)
    text = visitor.get(PAGE).content.decode()
    assert "You have not agreed to it." in text
    assert "/account/privacy/consents/" in text
    assert "Save my choices" not in text


# --- staff --------------------------------------------------------------------------------------


def test_staff_write_test_count_approve_start_and_pause_a_mailing(office: Client, member: Any, send: Any) -> None:
    form = {
        "code": "news-1", "topic": "offers", "audience": "members", "sender": "site@example.org", "language": "en",
        "subject": "News", "text": "Hello",
    }  # fmt: skip
    page = office.post(f"{MAILING}add/", form, follow=True).content.decode()
    mailing = Mailing.objects.get()
    here = f"{MAILING}{mailing.pk}/"
    assert "Send a test" in page
    assert "<dd>all members</dd>" in page
    assert 'value="staff@example.org"' in page  # to whoever looks, unless they write another
    assert "2 people would get it now." in office.get(f"{here}count/").content.decode()
    refused = office.post(f"{here}approve/", {"promotional": "yes"}, follow=True).content.decode()
    assert "obody has looked at it yet" in refused
    office.post(f"{here}test/", {"address": "staff@example.org"})
    assert OutboxMessage.objects.get().test
    office.post(f"{here}approve/", {"promotional": "yes"})
    office.post(f"{here}start/")
    services.prepare(mailing=Mailing.objects.get(), now=timezone.now())
    assert "Pause" in office.get(f"{here}change/").content.decode()
    office.post(f"{here}pause/")
    assert Mailing.objects.get().state == "paused"
    office.post(f"{here}resume/")
    send(timezone.now() + timedelta(minutes=1))
    assert OutboxMessage.objects.sent().count() == 2
    assert "2 / 2" in office.get(MAILING).content.decode()


def test_a_code_with_a_space_is_told_what_may_stand_in_it(office: Client) -> None:
    page = office.post(f"{MAILING}add/", {"code": "news 1"}).content.decode()
    assert "Use letters, digits, hyphens and underscores, and no space." in page


def test_a_draft_can_be_changed_and_a_wrong_sender_is_told_beside_its_box(rules: Any, office: Client) -> None:
    rules('sender_domains = ["example.org"]')
    form = {
        "code": "news-1", "topic": "offers", "audience": "members", "sender": "x@bank.example", "language": "en",
        "subject": "News", "text": "Hello",
    }  # fmt: skip
    assert "its domain is not one" in office.post(f"{MAILING}add/", form).content.decode()
    office.post(f"{MAILING}add/", {**form, "sender": "x@example.org"})
    mailing = Mailing.objects.get()
    office.post(f"{MAILING}{mailing.pk}/edit/", {**form, "sender": "x@example.org", "text": "Better"})
    assert Mailing.objects.get().text == "Better"


@pytest.mark.parametrize("act", ["test", "approve", "start", "pause", "resume", "stop", "edit"])
def test_who_may_only_look_can_do_nothing(act: str, now: Any, actor: Actor) -> None:
    mailing = services.write(
        code="x", topic="offers", audience="members", language="en", sender="a@example.org", subject="s", text="t",
        now=now, actor=actor,
    )  # fmt: skip
    client = clerk("view_mailing")
    assert client.get(f"{MAILING}{mailing.pk}/change/").status_code == 200
    assert client.post(f"{MAILING}{mailing.pk}/{act}/").status_code == 403
    assert client.get(f"{MAILING}add/").status_code == 403


def test_staff_enter_an_opt_out_that_came_by_plain_mail(office: Client) -> None:
    """CPT-6-2, HTC-5.3-1: by their own word, from the day it came, and nothing of the address stays."""
    page = office.get(f"{OPT_OUTS}add/").content.decode()
    assert "10 business days" in page
    day = (timezone.localdate() - timedelta(days=2)).isoformat()
    form = {"channel": "email", "address": ADDRESS, "level": "marketing", "received_on": day}
    page = office.post(f"{OPT_OUTS}add/", form, follow=True).content.decode()
    assert "in force" in page
    assert ADDRESS not in page
    row = Suppression.objects.get()
    assert (row.source, timezone.localtime(row.requested_at).date().isoformat()) == ("staff", day)
    wrong = office.post(f"{OPT_OUTS}add/", {**form, "address": "no address of anybody"}).content.decode()
    assert "it is no address of this channel" in wrong
    assert "no address of anybody" not in wrong


def test_staff_decide_about_a_message_in_doubt(office: Client, queue: Any) -> None:
    queue(address=ADDRESS)
    OutboxMessage.objects.update(state="ambiguous", reason="lost_after_data")
    row = OutboxMessage.objects.get()
    text = office.get(OUTBOX).content.decode()
    assert "Nobody knows whether 1 message arrived" in text
    assert ADDRESS not in text
    page = office.get(f"{OUTBOX}{row.pk}/change/").content.decode()
    assert "Send it again" in page
    assert ADDRESS in page
    office.post(f"{OUTBOX}{row.pk}/decide/", {"decision": "arrived"})
    assert OutboxMessage.objects.get().state == "sent"


def test_addresses_are_shown_to_those_alone_who_may_see_them(queue: Any) -> None:
    queue(address=ADDRESS)
    OutboxMessage.objects.update(state="ambiguous")
    row = OutboxMessage.objects.get()
    client = clerk("view_outboxmessage")
    page = client.get(f"{OUTBOX}{row.pk}/change/").content.decode()
    assert ADDRESS not in page
    assert "Send it again" not in page
    assert client.post(f"{OUTBOX}{row.pk}/decide/", {"decision": "again"}).status_code == 403


def test_the_desk_shows_what_waits(office: Client, queue: Any) -> None:
    queue(address=ADDRESS)
    text = office.get("/admin/privacy/").content.decode()
    assert "Sent in 24 hours" in text


@pytest.mark.parametrize("name", ["outboxmessage", "mailing", "suppression", "preference", "mailevent"])
def test_an_empty_list_says_what_it_is_for(name: str, office: Client) -> None:
    assert office.get(f"/admin/privacy/{name}/").status_code == 200


def test_the_list_of_the_outbox_costs_the_same_however_many_rows(
    office: Client, queue: Any, server: Mailbox, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        queue(address=f"m{number}@example.org")
    with django_assert_max_num_queries(25):
        office.get(OUTBOX)


def test_the_link_works_on_a_site_that_asks_everybody_to_sign_in(client: Client, settings: Any) -> None:
    """RFC 8058: a mail program has no session."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    address = f"/privacy/unsubscribe/{token_for(ADDRESS, 'offers')}/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Suppression.objects.in_force().count() == 1
    assert client.get(PAGE).status_code == 302
