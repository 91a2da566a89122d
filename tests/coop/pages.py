"""Run by ``test_site`` under the demo site's settings: what a visitor, a member and staff see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.disposal.mandate import Mandate
from privacy.disposal.services import close_account
from project.coop import models
from project.coop.cards import CARD_KEY
from project.coop.generate import load, load_one

pytestmark = pytest.mark.django_db
Capture = Callable[..., AbstractContextManager[list[Any]]]


@pytest.fixture
def member() -> Any:
    load(count=4, seed=1, now=timezone.now())
    load_one(username="member", password="member", seed=1, now=timezone.now())
    return get_user_model().objects.get(username="member")


@pytest.fixture
def signed_in(client: Client, member: Any) -> Client:
    assert client.login(username="member", password="member")
    return client


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/contact/"])
def test_a_visitor_sees_the_public_pages(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert b'<a href="/privacy/" rel="privacy-policy">Privacy policy</a>' in response.content
    assert b'<a href="/account/privacy/">Your data</a>' in response.content


@pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/picture/", "/account/privacy/"])
def test_a_visitor_is_led_to_the_login(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("path", ["/", "/dashboard/", "/dashboard/picture/", "/account/privacy/"])
def test_a_member_sees_their_pages(signed_in: Client, path: str) -> None:
    response = signed_in.get(path)
    assert response.status_code == 200
    b"".join(response)  # read to its end, a file is closed


@pytest.mark.parametrize("path", ["/", "/dashboard/", "/account/privacy/", "/missing/"])
def test_every_answer_forbids_what_is_inline_or_from_elsewhere(signed_in: Client, path: str) -> None:
    policy = signed_in.get(path)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


def test_no_page_carries_a_script_or_a_style_of_its_own(signed_in: Client) -> None:
    for path in ("/", "/dashboard/", "/account/privacy/", "/contact/"):
        page = signed_in.get(path).content.decode()
        assert "<script" not in page
        assert "<style" not in page
        assert " style=" not in page


def test_the_privacy_page_stands_in_the_sites_own_frame(signed_in: Client) -> None:
    page = signed_in.get("/account/privacy/").content.decode()
    assert "Harvest Traffic Coop" in page
    assert "coop/site.css" in page


def test_the_member_card_is_cached_under_its_declared_key(signed_in: Client, member: Any) -> None:
    assert cache.get(CARD_KEY.format(key=member.pk)) is None
    signed_in.get("/dashboard/")
    assert cache.get(CARD_KEY.format(key=member.pk)).display_name == member.member.display_name


def test_a_picture_is_shown_to_its_member_only(signed_in: Client, member: Any) -> None:
    response = signed_in.get("/dashboard/picture/")
    assert b"".join(response).startswith(b"\x89PNG")
    assert signed_in.get(f"/media/{member.member.avatar.name}").status_code == 404


def test_staff_without_a_membership_is_told_so(client: Client, admin_user: Any) -> None:
    client.force_login(admin_user)
    assert "belongs to staff" in client.get("/dashboard/").content.decode()


def test_an_enquiry_needs_no_account(client: Client) -> None:
    response = client.post("/contact/", {"name": "Ada", "email": "ada@example.org", "text": "Hello"}, follow=True)
    assert "We answer by mail" in response.content.decode()
    assert models.Enquiry.objects.get().received_at is not None


def test_the_old_way_of_closing_keeps_every_row(client: Client, admin_user: Any, member: Any) -> None:
    client.force_login(admin_user)
    before = models.AdView.objects.count()
    words = {"action": "close_the_old_way", "_selected_action": [member.member.pk]}
    assert client.post("/admin/coop/member/", words).status_code == 302
    member.refresh_from_db()
    assert not member.is_active
    assert member.member.status == "closed"
    assert member.member.closed_at is not None
    assert models.AdView.objects.count() == before


def test_suspending_closes_nothing(client: Client, admin_user: Any, member: Any) -> None:
    client.force_login(admin_user)
    client.post("/admin/coop/member/", {"action": "suspend", "_selected_action": [member.member.pk]})
    member.refresh_from_db()
    assert (member.is_active, member.member.status, member.member.closed_at) == (False, "suspended", None)


def test_a_closed_member_leaves_the_vouchers_and_nothing_else(
    signed_in: Client, member: Any, django_capture_on_commit_callbacks: Capture
) -> None:
    signed_in.get("/dashboard/")
    profile = member.member
    vouchers = list(profile.earnings.values_list("number", flat=True))
    files = [profile.avatar.name, *profile.uploads.values_list("file", flat=True)]
    written = models.Message.objects.filter(sender=member).count()
    received = models.Message.objects.filter(recipient=member).count()
    key, name = member.pk, profile.pk
    with django_capture_on_commit_callbacks(execute=True):
        now: datetime = timezone.now()
        mandate = Mandate(requested_by="member", channel="page", verified_by="password")
        close_account(user=member, mandate=mandate, now=now, actor=Actor.member(member))
    assert not get_user_model().objects.filter(pk=key).exists()
    assert not models.Member.objects.filter(pk=name).exists()
    assert not models.AdView.objects.filter(viewer=name).exists()
    assert cache.get(CARD_KEY.format(key=key)) is None
    assert not any(default_storage.exists(file) for file in files)
    kept = models.Earning.objects.filter(number__in=vouchers)
    assert kept.count() == len(vouchers) > 0
    assert set(kept.values_list("member", "payment_email", "remark")) == {(None, "", "")}
    # Letters belong to two people: what the member wrote is gone, what was written to them is the writer's.
    assert models.Message.objects.filter(sender=None, subject="", body="").count() == written > 0
    assert models.Message.objects.filter(recipient=None).exclude(body="").count() == received > 0
