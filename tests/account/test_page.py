"""What a member sees on the privacy page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from privacy.account.queries import holdings
from privacy.core.registries import PageBlock, page_blocks
from tests.host import models as host

PAGE = "/account/privacy/"


def test_the_page_stands_where_it_was_promised():
    assert reverse("privacy:account") == PAGE


def test_a_visitor_has_to_sign_in_first(client: Client):
    response = client.get(PAGE)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_the_page_is_never_cached(signed_in: Client):
    assert "no-store" in signed_in.get(PAGE)["Cache-Control"]


def test_each_category_says_how_much_why_and_how_long(signed_in: Client):
    html = signed_in.get(PAGE).content.decode()
    for text in ("Purchases", "Events", "3 records", "Uploads", "needed for our agreement with you", "13 months"):
        assert text in html
    assert "tax law, 10 years" in html


def test_only_the_members_own_rows_are_counted(member: Any, now: datetime):
    other = get_user_model().objects.create_user("other", "other@example.org", "x")
    host.PageView.objects.create(user=other, ip="192.0.2.9", path="/", viewed_at=now)
    held, _empty = holdings(member, now)
    assert next(one for one in held if one.category == "Events").rows == 3


def test_a_row_with_two_sides_of_the_same_member_counts_once(member: Any, now: datetime):
    host.Message.objects.create(sender=member, recipient=member, subject="to me", body="note", sent_at=now)
    held, _empty = holdings(member, now)
    assert next(one for one in held if one.category == "Messages").rows == 1


def test_what_is_empty_is_named_as_well(member: Any, now: datetime):
    _held, empty = holdings(member, now)
    assert "Messages" in empty


def test_client_data_is_told_apart_from_the_members_own(member: Any, signed_in: Client, now: datetime):
    host.ClientContact.objects.create(client=member, name="Will", email="will@example.org")
    held, _empty = holdings(member, now)
    assert [one.category for one in held if one.client_data] == ["Client contacts"]
    assert "you decide about it" in signed_in.get(PAGE).content.decode().lower()


def test_the_number_of_queries_does_not_grow_with_the_rows(member: Any, now: datetime):
    holdings(member, now)  # content types are looked up once a process
    with CaptureQueriesContext(connection) as few:
        holdings(member, now)
    host.PageView.objects.bulk_create(
        host.PageView(user=member, ip="192.0.2.7", path="/", viewed_at=now) for _ in range(300)
    )
    with CaptureQueriesContext(connection) as many:
        holdings(member, now)
    assert len(many) == len(few) <= 8


def test_no_value_of_the_member_stands_on_the_page(signed_in: Client):
    html = signed_in.get(PAGE).content.decode()
    for value in ("Robin of the Hood", "Hidden Glade 7", "192.0.2.7", "for Marian"):
        assert value not in html


def test_blocks_of_other_rooms_appear_in_their_order(signed_in: Client):
    template = "privacy/elements/empty.html"
    page_blocks.add("late", PageBlock("late", 95, template, lambda user, now: {"title": "Late one"}))
    page_blocks.add("early", PageBlock("early", 1, template, lambda user, now: {"title": "Early one"}))
    html = signed_in.get(PAGE).content.decode()
    assert html.index("Early one") < html.index('id="pv-holdings"') < html.index("Late one")


def test_the_preview_tells_what_goes_and_what_stays(signed_in: Client):
    html = signed_in.get(PAGE).content.decode()
    assert "What goes" in html
    assert "except for what stays" in html, "an order keeps its total under tax law"
    assert "3 page views" in html
    assert "with 1 file" in html
    assert "What stays, and why" in html


@pytest.mark.parametrize(("after", "said"), [("P0D", "ends at once"), ("P3M", "within 3 months at the latest")])
def test_the_page_says_what_closing_means_under_the_sites_rules(signed_in, closure_rules, after, said):
    closure_rules(after=after)
    assert said in signed_in.get(PAGE).content.decode()


def test_where_closing_means_writing_in_the_page_says_how_and_offers_no_button(signed_in, closure_rules):
    closure_rules(route='["written"]', identity="must")
    html = signed_in.get(PAGE).content.decode()
    assert "by writing to us" in html
    assert "privacy@example.org" in html
    assert "1 Example Street" in html
    assert "Close my account" not in html


def test_the_page_speaks_german_where_the_site_does(signed_in: Client):
    with translation.override("de"):
        html = signed_in.get(PAGE).content.decode()
    assert "Konto schließen" in html
    assert "Was wir über Sie gespeichert haben" in html
    assert "gelöscht nach: 13 Monate" in html
    for english in ("What goes", "How long", "Your password", "records"):
        assert english not in html
