"""What a member sees and says, a site's own form, the API, and the screens of staff."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

import privacy
from privacy.core.actors import Actor
from privacy.policies.acceptance.forms import AgreementMixin
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, Event
from privacy.policies.acceptance.services import deem
from privacy.policies.models import PolicyVersion
from tests.people import client_of
from tests.policies.acceptance.conftest import ASKS, DAY, agree

Publishes = Callable[..., PolicyVersion]
PAGE = "/account/privacy/policies/"


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=5)


# --- pages ------------------------------------------------------------------------------------------


def test_the_page_offers_to_read_compare_accept_sign_out_and_leave(
    asks: PolicyVersion, publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    agree(user, asks, at=now - DAY)
    publishes("Second.", at=now)
    page = client_of(user).get(PAGE).content.decode()
    for words in (
        "Our documents have changed",
        "/privacy/documents/privacy/en/2/",
        "/privacy/documents/privacy/en/compare/?before=1&amp;after=2",
        "I have read and accept these documents",
        "/account/privacy/#pv-close",
        "It is no consent to any use of your data",
    ):
        assert words in page


def test_the_page_speaks_german(asks: PolicyVersion, joins: Callable[..., Any]) -> None:
    client = client_of(joins())
    with translation.override("de"):
        pages = [client.get(path).content.decode() for path in (PAGE, "/account/privacy/")]
    assert "Ich habe diese Dokumente gelesen und nehme sie an" in pages[0]
    assert "Richtlinien, die Sie angenommen haben" in pages[1]


def test_what_i_accepted_when_and_which_version(asks: PolicyVersion, joins: Callable[..., Any], now: datetime) -> None:
    user = joins()
    agree(user, asks, at=now)
    agree(joins("bob"), asks, at=now, about="secret of bob")
    client = client_of(user)
    page = client.get(PAGE).content.decode()
    assert "Nothing waits for your answer" in page
    assert 'href="/privacy/documents/terms/en/1/"' in page
    assert page.count("<time") == 1
    assert "Policies that you accepted" in client.get("/account/privacy/").content.decode()


def test_an_account_from_before_is_told_that_nothing_was_filled_in(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    client = client_of(joins(at=now - 900 * DAY))
    assert "older than our record of acceptances" in client.get(PAGE).content.decode()
    assert "Nothing was filled in for you" in client.get("/account/privacy/").content.decode()


def test_the_question_promises_only_what_a_member_can_do(asks: PolicyVersion, joins: Callable[..., Any]) -> None:
    client = client_of(joins())
    page = client.get(PAGE).content.decode()
    assert "take your data along" not in page
    assert "data to take along" not in page


def test_who_accepted_a_change_is_told_of_it_by_no_banner(
    profile: Callable[..., None], publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    profile(ASKS.replace("[policies]", '[policies]\nchannels = ["posting", "banner"]'))
    for text, at in (("First.", now - 30 * DAY), ("Second.", now - DAY)):
        publishes(text, at=at)
    client = client_of(joins())
    assert "Something we promise you changes" in client.get("/account/privacy/").content.decode()
    assert "Something we promise you changes" not in client.get(PAGE).content.decode()
    client.post(PAGE, {"versions": "privacy.en.2"})
    assert "Something we promise you changes" not in client.get("/account/privacy/").content.decode()


def test_what_ends_on_a_day_of_its_own_is_not_said_to_go_at_once(
    asks: PolicyVersion, joins: Callable[..., Any]
) -> None:
    client = client_of(joins())
    client.post(PAGE, {"versions": "privacy.en.1,terms.en.1"})
    page = client.get("/account/privacy/").content.decode()
    assert "each until a date of its own" in page
    assert "in part until a date of its own, also after you leave: law, to prove what was accepted" in page
    assert "after at once" not in page
    assert "for at once" not in page


def test_the_page_asks_for_a_login_and_refuses_nonsense(asks: PolicyVersion, joins: Callable[..., Any]) -> None:
    assert Client().get(PAGE).status_code == 302
    client = client_of(joins())
    assert client.post(PAGE, {}).status_code == 400
    assert client.post(PAGE, {"versions": "terms.en.1"}).status_code == 409
    assert not Acceptance.objects.exists()


# --- a site's own form --------------------------------------------------------------------------------


class Signup(AgreementMixin, forms.Form):
    name = forms.CharField()


def test_a_signup_form_needs_the_box_and_stores_what_was_shown(asks: PolicyVersion, now: datetime) -> None:
    shown = Signup(now=now)
    assert 'href="/privacy/documents/privacy/en/1/"' in str(shown["policies_accepted"].label_tag())
    key = shown["policies_shown"].value()
    assert "</a></label>" in str(shown["policies_accepted"].label_tag())  # no colon behind what is accepted
    unticked = Signup({"name": "ada", "policies_shown": key}, now=now)
    assert not unticked.is_valid()
    assert list(unticked.errors) == ["policies_accepted"]
    form = Signup({"name": "ada", "policies_shown": key, "policies_accepted": "on"}, now=now)
    assert form.is_valid()
    user = get_user_model().objects.create_user(form.cleaned_data["name"])
    row = form.agree(user=user, now=now)
    assert row is not None
    assert (row.kind, row.event) == ("express", Event.SIGNUP)


def test_a_form_that_showed_an_older_version_comes_back_with_the_new_one_and_an_empty_box(
    asks: PolicyVersion, publishes: Publishes, now: datetime
) -> None:
    key = Signup(now=now)["policies_shown"].value()
    publishes("Second.", at=now)
    form = Signup({"name": "ada", "policies_shown": key, "policies_accepted": "on"}, now=now)
    assert not form.is_valid()
    assert form["policies_shown"].value() == "privacy.en.2,terms.en.1"
    assert not form["policies_accepted"].value()


def test_a_form_has_no_box_where_nothing_is_published(profile: Any, now: datetime) -> None:
    form = Signup({"name": "ada"}, now=now)
    assert form.is_valid()
    assert form.agree(user=get_user_model().objects.create_user("ada"), now=now) is None


# --- the API ------------------------------------------------------------------------------------------


def test_a_program_reads_what_is_open_and_says_yes(
    asks: PolicyVersion, joins: Callable[..., Any], publishes: Publishes, now: datetime
) -> None:
    client = client_of(joins())
    found = client.get("/api/privacy/acceptances/open/").json()
    assert (found["open"], found["by_use"]) == (True, False)
    keys = [one["version"] for one in found["documents"]]
    assert keys == ["privacy.en.1", "terms.en.1"]
    said: dict[str, Any] = {"data": json.dumps({"versions": keys}), "content_type": "application/json"}
    assert client.post("/api/privacy/acceptances/open/", **said).json()["open"] is False
    [row] = client.get("/api/privacy/acceptances/").json()["results"]
    assert (row["kind"], row["surface"]) == ("express", "api")
    assert [one["version"] for one in row["versions"]] == keys
    publishes("Second.", at=now)
    refused = client.post("/api/privacy/acceptances/open/", **said)
    assert (refused.status_code, refused.json()["code"]) == (409, "versions_changed")


def test_nobody_sees_the_acceptances_of_another(asks: PolicyVersion, joins: Callable[..., Any], now: datetime) -> None:
    agree(joins("bob"), asks, at=now)
    assert client_of(joins()).get("/api/privacy/acceptances/").json()["results"] == []


# --- staff --------------------------------------------------------------------------------------------


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:privacy_acceptance_{name}", args=args)


def test_staff_enter_an_acceptance_on_behalf_and_see_who_accepted(
    asks: PolicyVersion, joins: Callable[..., Any], chief: Client
) -> None:
    user = joins()
    said = {"person": "ada", "surface": "paper", "reason": ""}
    assert "This field is required" in chief.post(at("add"), said).content.decode()
    listed = chief.post(at("add"), {**said, "reason": "Signed form 12."}, follow=True).content.decode()
    assert "Written down, as entered by staff." in listed
    assert "privacy.en.1, terms.en.1" in listed
    assert "accepted: 1" in listed
    row = Acceptance.objects.get()
    page = chief.get(at("change", row.pk)).content.decode()
    assert "Signed form 12." in page
    assert "intact" in page
    assert f"<dd>{user.pk}</dd>" in page


def test_each_act_needs_its_permission(
    asks: PolicyVersion, joins: Callable[..., Any], person: Callable[..., Any], now: datetime
) -> None:
    row = agree(joins(), asks, at=now, about="shop.Order 7")
    clerk = client_of(person("clerk", staff=True, may=["view_acceptance"]))
    assert clerk.get(at("changelist")).status_code == 200
    assert clerk.get(at("add")).status_code == 403
    page = clerk.get(at("change", row.pk)).content.decode()
    assert "shop.Order 7" not in page
    assert AcceptanceContext.objects.get().pseudonym not in page
    seeing = client_of(person("seeing", staff=True, may=["view_acceptance", "view_acceptance_people"]))
    assert "shop.Order 7" in seeing.get(at("change", row.pk)).content.decode()
    entering = client_of(person("entering", staff=True, may=["view_acceptance", "accept_on_behalf"]))
    assert entering.get(at("add")).status_code == 200
    blind = client_of(person("blind", staff=True, may=["accept_on_behalf"]))
    assert blind.get(at("changelist")).status_code == 403


def test_the_ledger_is_filtered_by_event_kind_and_version(
    asks: PolicyVersion, joins: Callable[..., Any], chief: Client, now: datetime
) -> None:
    from privacy.consent.people import Person

    agree(joins(), asks, at=now)
    deem(person=Person(address="a@example.org"), event=Event.CONTACT, surface="page", now=now, actor=Actor.system("t"))
    for query, rows in (("", 2), ("?event__exact=contact", 1), ("?kind__exact=express", 1), ("?version=terms.en.1", 2)):
        page = chief.get(f"{at('changelist')}{query}")
        assert page.status_code == 200
        assert page.context["cl"].result_count == rows, query


def test_a_list_is_empty_in_words(chief: Client) -> None:
    assert "Nobody has accepted anything yet" in chief.get(at("changelist")).content.decode()


def test_german_staff_read_the_ledger_in_german(
    asks: PolicyVersion, joins: Callable[..., Any], chief: Client, settings: Any, now: datetime
) -> None:
    settings.LANGUAGE_CODE = "de"
    empty = chief.get(at("changelist")).content.decode()
    assert "Noch hat niemand etwas angenommen." in empty
    user = joins()
    agree(user, asks, at=now, about="shop.Order 7")
    form = chief.get(at("add")).content.decode()
    for word in ("Eine Annahme für jemanden eintragen", "Mitglied", "Wie es uns erreicht hat", "auf Papier"):
        assert word in form
    said = {"person": "ada", "surface": "paper", "reason": "Formular 12."}
    assert "Dazu gibt es kein Konto" in chief.post(at("add"), {**said, "person": "nobody"}).content.decode()
    listed = chief.post(at("add"), said, follow=True).content.decode()
    for word in (
        "Festgehalten, als vom Team eingetragen.",
        "<h1>Verzeichnis der Annahmen</h1>",
        "Wer was angenommen hat",
        "angenommen: 1",
        "noch nicht: ",
        "Frage zu einer neuen Fassung",
        "auf Papier",
        "auf einer Seite",
    ):
        assert word in listed
    for row in Acceptance.objects.all():
        page = chief.get(at("change", row.pk)).content.decode()
        for word in ("Kennung", "Nachweis", "unverändert", "Wer angenommen hat", "Netz", "Aufbewahrt bis"):
            assert word in page
        assert ("das Team" if row.kind == "on_behalf" else "die Person selbst") in page
    AcceptanceContext.objects.update(pseudonym="x")
    assert "Dieser Eintrag ist nicht das, was angenommen wurde" in chief.get(at("change", row.pk)).content.decode()
    AcceptanceContext.objects.all().delete()
    assert "Die Hälfte mit der Person ist gelöscht" in chief.get(at("change", row.pk)).content.decode()


def test_no_text_of_the_ledger_s_screens_is_without_german() -> None:
    """Django's own German would stand in for a few, so the catalogue is asked, not a page."""
    app = Path(privacy.__file__).parent
    catalogue = (app / "locale/de/LC_MESSAGES/django.po").read_text(encoding="utf-8")
    known = set(re.findall(r'^msgid "(.*)"$', catalogue, re.MULTILINE))
    templates = list((app / "templates/admin/privacy/acceptance").glob("*.html"))
    code = [app / "policies/acceptance" / name for name in ("admin.py", "forms.py", "models.py")]
    texts = {text for path in templates for text in re.findall(r'{% translate "(.*?)"', path.read_text())}
    texts |= {text for path in code for text in re.findall(r'(?:_|gettext_lazy)\(\s*"(.*?)"', path.read_text())}
    assert len(texts) > 60
    assert texts <= known
