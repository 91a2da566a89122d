"""The admin's screens of purposes, the ledger and the flags: who may see and do what, and whom nobody sees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacy.consent.models import ConsentRecord, Flag, Purpose, Wording
from privacy.consent.people import Person
from privacy.consent.permission import may_process
from privacy.consent.services import object_to
from privacy.core.actors import Actor
from tests.consent.conftest import answer, wording
from tests.people import client_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(now: datetime) -> Any:
    with time_machine.travel(now + DAY, tick=False):
        yield


@pytest.fixture
def clerk(person: Callable[..., Any], profile: Any) -> Callable[..., Any]:
    """``clerk("view_flag", …)``: the client of a member of staff who may do just that."""

    def make(*may: str) -> Any:
        return client_of(person(f"clerk{len(may)}", staff=True, may=list(may)))

    return make


def screen(name: str, *args: Any) -> str:
    return reverse(f"admin:privacy_{name}", args=args)


def test_the_ledger_is_sorted_by_the_words_that_its_lines_wear(
    clerk: Any, member: Person, stranger: Person, now: datetime
) -> None:
    answer(member, now)
    client = clerk("view_consentrecord")
    page = client.get(screen("consentrecord_changelist")).content.decode()
    for words in ("agreed", "not agreed", "taken back", "run out"):
        assert f">{words}</a>" in page
    url = screen("consentrecord_changelist")
    assert "1 consent record" in client.get(url, {"decision": "given"}).content.decode()
    assert "0 consent" in client.get(url, {"decision": "withdrawn"}).content.decode()


def test_the_ledger_shows_lines_and_nobody(clerk: Any, member: Person, stranger: Person, now: datetime) -> None:
    record = answer(member, now)
    answer(stranger, now)
    client = clerk("view_consentrecord")
    for url in (screen("consentrecord_changelist"), screen("consentrecord_change", record.pk)):
        page = client.get(url).content.decode()
        assert "newsletter" in page
        assert record.context.pseudonym not in page
        assert "192.0.2.0" not in page
        assert stranger.digest not in page
    seen = clerk("view_consentrecord", "view_consent_people").get(screen("consentrecord_change", record.pk))
    assert record.context.pseudonym in seen.content.decode()
    assert "Send me  news,\r\nby mail…" in seen.content.decode()


def test_the_list_costs_as_much_with_many_lines_as_with_few(clerk: Any, member: Person, now: datetime) -> None:
    client = clerk("view_consentrecord")

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(screen("consentrecord_changelist")).status_code == 200
        return len(seen)

    answer(member, now)
    few = queries()
    for _ in range(8):
        answer(member, now)
    assert queries() == few


def test_a_person_is_looked_up_by_a_form_and_never_by_an_address(
    clerk: Any, user: Any, member: Person, stranger: Person, now: datetime
) -> None:
    answer(member, now)
    answer(stranger, now)
    url = screen("consentrecord_person")
    assert clerk("view_consentrecord").get(url).status_code == 403
    client = clerk("view_consentrecord", "view_consent_people")
    found = client.post(url, {"person": "robin"}).content.decode()
    assert found.count("page:signup") == 1
    assert "robin" not in found
    assert "Forget this address" not in client.post(url, {"address": "marian@example.org"}).content.decode()
    both = client.post(url, {"person": "robin", "address": "marian@example.org"}).content.decode()
    assert "just one of the two" in both
    assert "No single account" in client.post(url, {"person": "nobody"}).content.decode()


def test_an_address_is_forgotten(clerk: Any, stranger: Person, now: datetime) -> None:
    answer(stranger, now)
    client = clerk("view_consentrecord", "view_consent_people", "enter_consents")
    said = {"address": "marian@example.org"}
    assert "Forget this address" in client.post(screen("consentrecord_person"), said).content.decode()
    assert client.post(screen("consentrecord_person"), {**said, "forget": "yes"}).status_code == 302
    assert not may_process(stranger, "newsletter", now=now + DAY)


def test_staff_enter_what_somebody_sent_in(
    clerk: Any, user: Any, member: Person, stranger: Person, now: datetime
) -> None:
    url = screen("consentrecord_add")
    assert clerk("view_consentrecord").get(url).status_code == 403
    client = clerk("view_consentrecord", "enter_consents")
    assert client.get(url).status_code == 200
    letter = {"address": "marian@example.org", "surface": "mail", "purpose": "newsletter"}
    assert "which words" in client.post(url, {**letter, "act": "given"}).content.decode()
    assert client.post(url, {**letter, "act": "given", "wording": wording().pk}).status_code == 302
    assert may_process(stranger, "newsletter", now=now + DAY)
    assert ConsentRecord.objects.get().context.entered_by == "staff"
    assert client.post(url, {**letter, "act": "withdrawn"}).status_code == 302
    assert not may_process(stranger, "newsletter", now=now + DAY)
    assert "no consent to take back" in client.post(url, {**letter, "act": "withdrawn"}).content.decode()
    called = {"person": "robin", "surface": "phone"}
    assert client.post(url, {**called, "act": "objection", "purpose": "statistics"}).status_code == 302
    assert client.post(url, {**called, "act": "restriction", "ground": "claims"}).status_code == 302
    assert not may_process(member, "offers", now=now + DAY)
    spoken = {**called, "act": "given", "purpose": "newsletter", "wording": wording().pk}
    assert "express act" in client.post(url, spoken).content.decode()
    assert "about which purpose" in client.post(url, {**called, "act": "refused"}).content.decode()


def test_an_altered_record_is_shown_as_altered(clerk: Any, member: Person, now: datetime) -> None:
    record = answer(member, now)
    type(record.context).objects.filter(pk=record.pk).update(pseudonym="somebodyelse")
    page = clerk("view_consentrecord").get(screen("consentrecord_change", record.pk)).content.decode()
    assert "This record is not what was decided" in page


def test_objections_are_decided_and_lifted_with_the_permission_for_it(
    clerk: Any, member: Person, now: datetime, actor: Actor
) -> None:
    flag = object_to(person=member, purpose="statistics", surface="account", now=now, actor=actor)
    page, decide, lift = screen("flag_change", flag.pk), screen("flag_decide", flag.pk), screen("flag_lift", flag.pk)
    looker = clerk("view_flag")
    assert "Reject it" not in looker.get(page).content.decode()
    assert looker.post(decide, {"uphold": "yes"}).status_code == 403
    assert looker.post(lift, {"reason": "x"}).status_code == 403
    client = clerk("view_flag", "decide_flags")
    assert "Reject it" in client.get(page).content.decode()
    assert "must be told why" in client.post(decide, {"reject": "yes"}).content.decode()
    assert "uphold the objection or reject it" in client.post(decide, {"reason": "A reason."}).content.decode()
    assert Flag.objects.get().outcome == "pending"
    assert client.post(decide, {"reject": "yes", "reason": "The law asks for it."}).status_code == 302
    assert may_process(member, "statistics", now=now + DAY)
    other = object_to(person=member, purpose="statistics", surface="account", now=now, actor=actor)
    assert client.post(screen("flag_decide", other.pk), {"uphold": "yes"}).status_code == 302
    assert client.post(screen("flag_lift", other.pk), {"reason": "Asked for by letter."}).status_code == 302
    assert {one.outcome for one in Flag.objects.all()} == {"rejected", "upheld"}
    assert "Account</dt>" not in looker.get(page).content.decode()
    assert "Account</dt>" in clerk("view_flag", "view_consent_people", "decide_flags").get(page).content.decode()


def test_a_purpose_is_added_worded_announced_and_retired(clerk: Any, now: datetime) -> None:
    assert clerk("view_purpose").get(screen("purpose_add")).status_code == 403
    client = clerk("view_purpose", "manage_purposes")
    said = {"code": "film", "title": "Film", "legal_basis": "consent", "category": "contact", "express": "on"}
    assert "kept for ever" in client.post(screen("purpose_add"), said).content.decode()
    assert "not a period" in client.post(screen("purpose_add"), {**said, "period": "soon"}).content.decode()
    assert client.post(screen("purpose_add"), {**said, "period": "P1Y"}).status_code == 302
    words = {"version": "1", "language": "en", "text": " Film me?\r\n"}
    assert client.post(screen("purpose_wording", "film"), words).status_code == 302
    assert Wording.objects.of("film").get().text == words["text"]
    again = client.post(screen("purpose_wording", "film"), {**words, "text": "Other"}).content.decode()
    assert "has other words in en already" in again
    assert client.post(screen("purpose_announce", "film"), {"where": "on the start page"}).status_code == 302
    assert "on the start page" in client.get(screen("purpose_change", "film")).content.decode()
    assert client.post(screen("purpose_retire", "film")).status_code == 302
    assert Purpose.objects.get(pk="film").retired_at == now + DAY
    client.post(screen("purpose_retire", "offers"))
    assert Purpose.objects.get(pk="offers").retired_at is None


def test_a_purposes_page_counts_accounts_older_than_it_that_have_not_answered(
    clerk: Any, user: Any, member: Person, now: datetime
) -> None:
    client = clerk("view_purpose")
    get_user_model().objects.exclude(pk=user.pk).update(date_joined=now + DAY)
    get_user_model().objects.filter(pk=user.pk).update(date_joined=now - DAY)
    page = client.get(screen("purpose_change", "newsletter")).content.decode()
    assert "From before, not asked yet" in page
    assert "never filled in" in page
    answer(member, now)
    page = client.get(screen("purpose_change", "newsletter")).content.decode()
    assert "never filled in" not in page


def test_the_desk_shows_whoever_may_see_them_which_objections_wait(
    clerk: Any, member: Person, now: datetime, actor: Actor
) -> None:
    desk = reverse("admin:app_list", args=["privacy"])
    assert "No objection waits for you." in clerk("view_flag").get(desk).content.decode()
    flag = object_to(person=member, purpose="statistics", surface="account", now=now, actor=actor)
    page = clerk("view_flag", "view_purpose").get(desk).content.decode()
    assert screen("flag_change", flag.pk) in page
    assert "Objections to decide" not in clerk("view_purpose", "view_promise", "view_hold").get(desk).content.decode()
