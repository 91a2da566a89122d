"""The page of a member's consents, and nobody else's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.signals import request_finished
from django.db import connection
from django.template import engines
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from privacy.consent.models import Choice, ConsentRecord, Flag
from privacy.consent.people import Person
from privacy.consent.permission import may_process
from privacy.consent.services import add_wording, object_to
from privacy.core.actors import Actor
from tests.consent.conftest import answer, wording

pytestmark = pytest.mark.django_db
PAGE = "/account/privacy/consents/"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(now: datetime) -> Any:
    with time_machine.travel(now + DAY, tick=False):
        yield


@pytest.fixture
def signed_in(user: Any, client: Client) -> Client:
    client.force_login(user)
    return client


def _say(client: Client, choice: str, purpose: str = "newsletter") -> Any:
    said = {"choice": choice, "wording": wording(purpose).pk}
    return client.post(f"{PAGE}{purpose}/answer/", said, REMOTE_ADDR="192.0.2.99")


def test_a_visitor_has_to_sign_in_first_and_the_page_is_never_cached(client: Client, user: Any) -> None:
    assert client.get(PAGE).url == f"/accounts/login/?next={PAGE}"
    client.force_login(user)
    assert "no-store" in client.get(PAGE)["Cache-Control"]


def test_the_page_shows_the_exact_words_and_no_answer_is_chosen(
    signed_in: Client, member: Person, now: datetime
) -> None:
    html = signed_in.get(PAGE).content.decode()
    assert "Send me  news,\r\nby mail…" in html
    assert "checked" not in html
    _say(signed_in, "given")
    assert may_process(member, "newsletter", now=now + DAY)
    record = ConsentRecord.objects.get()
    assert (record.surface, record.language, record.context.network) == ("account", "en", "192.0.2.0")


def test_withdrawal_takes_as_few_clicks_as_giving(signed_in: Client, member: Person, now: datetime) -> None:
    """Each is one button on the same page, and what it sends is done at once."""
    given = _say(signed_in, "given")
    assert (given.status_code, given.url, may_process(member, "newsletter", now=now + DAY)) == (302, PAGE, True)
    page = signed_in.get(PAGE).content.decode()
    assert page.count(f'action="{PAGE}newsletter/withdraw/"') == 1
    taken = signed_in.post(f"{PAGE}newsletter/withdraw/")
    assert (taken.status_code, taken.url, may_process(member, "newsletter", now=now + DAY)) == (302, PAGE, False)
    assert signed_in.post(f"{PAGE}newsletter/withdraw/").status_code == 302  # a second press harms nobody
    assert ConsentRecord.objects.count() == 2


def test_a_link_alone_changes_nothing(signed_in: Client, member: Person, now: datetime) -> None:
    _say(signed_in, "given")
    for address in ("newsletter/answer/", "newsletter/withdraw/", "object/", "restrict/", f"lift/{uuid4()}/"):
        assert signed_in.get(f"{PAGE}{address}").status_code == 405
    assert may_process(member, "newsletter", now=now + DAY)


def test_words_that_changed_while_the_page_stood_open_are_shown_anew(
    signed_in: Client, actor: Actor, now: datetime
) -> None:
    old = wording().pk
    add_wording(purpose="newsletter", version="2", language="en", text="Other words", now=now + DAY, actor=actor)
    answered = signed_in.post(f"{PAGE}newsletter/answer/", {"choice": "given", "wording": old})
    assert answered.status_code == 409
    assert b"Other words" in answered.content
    for wrong in ({"choice": "given"}, {"choice": "perhaps", "wording": wording().pk}, {"wording": "0" * 64}):
        assert signed_in.post(f"{PAGE}newsletter/answer/", wrong).status_code == 409
    assert not ConsentRecord.objects.exists()


def test_what_is_unknown_is_not_found(signed_in: Client) -> None:
    assert signed_in.post(f"{PAGE}nonsense/withdraw/").status_code == 404
    words = wording().pk
    assert signed_in.post(f"{PAGE}nonsense/answer/", {"choice": "given", "wording": words}).status_code == 404
    assert signed_in.post(f"{PAGE}statistics/answer/", {"choice": "given", "wording": words}).status_code == 409
    assert signed_in.post(f"{PAGE}object/", {"purpose": "nonsense"}).status_code == 404


def test_a_member_objects_restricts_and_lifts(signed_in: Client, member: Person, now: datetime) -> None:
    assert signed_in.post(f"{PAGE}object/", {"purpose": "statistics"}).status_code == 302
    assert not may_process(member, "statistics", now=now)
    assert signed_in.post(f"{PAGE}object/", {"purpose": "statistics"}).status_code == 302
    assert signed_in.post(f"{PAGE}restrict/", {"ground": "mood"}).status_code == 400
    signed_in.post(f"{PAGE}restrict/", {"ground": "accuracy"})
    assert not may_process(member, "offers", now=now)
    assert b"the data may be wrong" in signed_in.get(PAGE).content
    for flag in Flag.objects.all():
        assert signed_in.post(f"{PAGE}lift/{flag.pk}/").status_code == 302
        assert signed_in.post(f"{PAGE}lift/{flag.pk}/").status_code == 302
    assert may_process(member, "statistics", now=now)


def test_another_members_objects_answer_404(signed_in: Client, member: Person, now: datetime, actor: Actor) -> None:
    record = answer(member, now)
    flag = object_to(person=member, purpose="statistics", surface="account", now=now, actor=actor)
    other = Client()
    other.force_login(get_user_model().objects.create_user("guy"))
    for address in (
        reverse("privacy:consent_receipt_pdf", args=[record.reference]),
        reverse("privacy:consent_receipt", args=[record.reference, "kantara"]),
        reverse("privacy:consent_receipt", args=[record.reference, "iso27560"]),
    ):
        assert other.get(address).status_code == 404
        assert signed_in.get(address).status_code == 200
    assert other.post(f"{PAGE}lift/{flag.pk}/").status_code == 404
    assert str(record.reference) not in other.get(PAGE).content.decode()
    assert signed_in.get(reverse("privacy:consent_receipt", args=[record.reference, "gpg"])).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_decisions(
    signed_in: Client, member: Person, now: datetime
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert signed_in.get(PAGE).status_code == 200
        return len(seen)

    answer(member, now)
    few = queries()
    for number in range(10):
        answer(member, now + timedelta(minutes=number), Choice.GIVEN if number % 2 else Choice.REFUSED)
    assert queries() == few


def test_nothing_about_the_person_stands_in_an_address(signed_in: Client, member: Person, now: datetime) -> None:
    record = answer(member, now)
    page = signed_in.get(PAGE).content.decode()
    for word in (record.context.pseudonym, "robin@example.org", f"/{member.user_key}/"):
        assert f'href="{word}' not in page
        assert word not in [part for part in page.split('"') if part.startswith("/account")]


def test_the_privacy_page_leads_there_and_counts_what_is_open(signed_in: Client, member: Person, now: datetime) -> None:
    page = signed_in.get("/account/privacy/").content.decode()
    assert f'href="{PAGE}"' in page
    assert "2 questions wait for your answer" in page
    answer(member, now)
    page = signed_in.get("/account/privacy/").content.decode()
    assert "You agreed to 1 use of your data." in page


def test_a_sites_own_page_asks_whoever_has_not_answered(user: Any, member: Person, now: datetime) -> None:
    block = engines["django"].from_string("{% load privacy_consent %}{% consent_questions %}")
    request = RequestFactory().get("/")
    request.user = user
    assert "2 questions wait for your answer" in block.render({}, request)
    for purpose in ("newsletter", "interviews"):
        answer(member, now, Choice.REFUSED, purpose=purpose)
    assert block.render({}, request).strip() == ""
    assert block.render({}).strip() == ""
    request_finished.send(sender=None)


def test_the_page_speaks_german_where_the_member_does(signed_in: Client) -> None:
    with translation.override("de"):
        page = signed_in.get(PAGE).content.decode()
    assert "Schickt mir Neues per Post." in page
    assert "Ihre Einwilligungen" in page
    for english in ("Take it back", "Yes, I agree", "Object", "Nothing so far", "Because", "every use"):
        assert english not in page


def test_the_grounds_are_in_the_members_own_words(signed_in: Client, member: Person) -> None:
    html = signed_in.get(PAGE).content.decode()
    assert "I need the data for a claim" in html
    assert "the person needs the data" not in html


def test_where_no_pdf_can_be_made_none_is_offered(
    signed_in: Client, member: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = answer(member, now)
    address = reverse("privacy:consent_receipt_pdf", args=[record.reference])
    assert address in signed_in.get(PAGE).content.decode()
    monkeypatch.setattr("privacy.core.pdf.find_spec", lambda name: None)
    page = signed_in.get(PAGE).content.decode()
    assert address not in page
    assert reverse("privacy:consent_receipt", args=[record.reference, "iso27560"]) in page
