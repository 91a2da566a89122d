"""The desk: what needs somebody, for whoever may see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from privacy.core.actors import Actor
from privacy.core.registries import DeskCard, desk_cards
from privacy.desk.queries import cards_for
from privacy.disposal.models import Closure
from privacy.promises.models import PromiseRun
from privacy.retention.models import Approval, NightRun

DESK = "/admin/privacy/"


@pytest.fixture
def warden(db: None, client: Client) -> Any:
    user = get_user_model().objects.create_superuser("warden", "warden@example.org", "x")
    client.force_login(user)
    return user


@pytest.fixture
def clerk(db: None, client: Client) -> Any:
    """Staff who may see closures, and nothing else."""
    user = get_user_model().objects.create_user("clerk", "clerk@example.org", "x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_closure"))
    client.force_login(user)
    return user


def partial(now: datetime) -> Closure:
    return Closure.objects.create(
        subject_key="77",
        pseudonym="abcdefghijklmnop",
        status="partial",
        channel="page",
        requested_by="member",
        closed_at=now,
        due_at=now,
        cut_off_at=now,
        errors=["host.Upload.file: a file could not be removed (PermissionError)"],
    )


def html(client: Client) -> str:
    return client.get(DESK).content.decode()


def test_the_desk_stands_on_the_admins_page_of_the_app(warden: Any, client: Client):
    assert "Privacy desk" in html(client)
    assert DESK in client.get("/admin/").content.decode()


def test_an_empty_site_is_told_how_to_begin(warden: Any, client: Client):
    page = html(client)
    assert "No profile is loaded" in page
    assert "privacy_profile" in page
    assert "none yet" in page


def test_a_partial_closure_is_on_the_desk_with_its_reason(warden: Any, client: Client, now: datetime):
    closure = partial(now)
    page = html(client)
    assert f"/admin/privacy/closure/{closure.pk}/change/" in page
    assert "a file could not be removed (PermissionError)" in page


def test_a_night_that_waits_for_approval_is_asked_for_first(warden: Any, client: Client, now: datetime):
    night = NightRun.objects.create(
        status="awaiting_approval", as_of=now, horizon=now, created_at=now, asked_by="night"
    )
    Approval.objects.create(reasons=["large"], run=night, accounts=240, total_accounts=2000, asked_at=now)
    page = html(client)
    assert "A night waits for your approval" in page
    assert "240 of 2,000 accounts (12 %)" in page
    assert page.index("A night waits for your approval") < page.index("Promise ledger")


def test_a_missed_night_is_told_with_what_to_do(warden: Any, now: datetime):
    NightRun.objects.create(
        status="done",
        as_of=now - timedelta(days=3),
        horizon=now - timedelta(days=2),
        created_at=now - timedelta(days=3),
        finished_at=now - timedelta(days=3),
        asked_by="night",
    )
    night = next(card for card in cards_for(warden, now) if card.name == "nights")
    assert night.context["missed"] >= 2


def test_the_ledger_chart_has_one_bar_a_day_and_the_last_check_of_a_day_counts(warden: Any, now: datetime):
    for hours, kept in ((72, 1), (48, 2), (2, 3), (1, 4)):
        PromiseRun.objects.create(site="", checked_at=now - timedelta(hours=hours), asked_by="night", kept=kept)
    ledger = next(card for card in cards_for(warden, now) if card.name == "ledger")
    assert [row[1] for row in ledger.context["chart"].rows] == ["1", "2", "4"]


def test_cards_are_shown_by_permission_only(clerk: Any, client: Client, now: datetime):
    partial(now)
    assert [card.name for card in cards_for(clerk, now)] == ["closures"]
    page = html(client)
    assert "Closures" in page
    assert "Promise ledger" not in page


def test_cards_of_other_rooms_stand_in_their_order(warden: Any, now: datetime):
    template = "privacy/elements/empty.html"
    desk_cards.add("first", DeskCard("first", 1, template, "privacy.view_closure", lambda now: {"title": "x"}))
    desk_cards.add("silent", DeskCard("silent", 2, template, "privacy.view_closure", lambda now: {}))
    names = [card.name for card in cards_for(warden, now)]
    assert names[0] == "first"
    assert "silent" not in names


def test_visitors_and_members_see_no_desk(client: Client, db: None):
    assert client.get(DESK).status_code == 302
    client.force_login(get_user_model().objects.create_user("member", "m@example.org", "x"))
    assert client.get(DESK).status_code == 302


# --- closures -------------------------------------------------------------------------------


def test_the_reason_of_a_partial_closure_is_on_its_screen_with_what_to_do(warden: Any, client: Client, now: datetime):
    closure = partial(now)
    page = client.get(f"/admin/privacy/closure/{closure.pk}/change/").content.decode()
    assert "a file could not be removed (PermissionError)" in page
    assert "What to do next:" in page
    assert "Run it again now" in page


def test_whose_account_it_is_needs_a_permission_of_its_own(clerk: Any, client: Client, now: datetime):
    url = f"/admin/privacy/closure/{partial(now).pk}/change/"
    page = client.get(url).content.decode()
    assert "Hidden" in page
    assert ">77<" not in page
    clerk.user_permissions.add(Permission.objects.get(codename="view_closure_subject"))
    assert ">77<" in client.get(url).content.decode()


def test_running_again_needs_a_permission_of_its_own(clerk: Any, client: Client, now: datetime):
    closure = partial(now)
    url = f"/admin/privacy/closure/{closure.pk}/run/"
    assert client.post(url).status_code == 403
    assert "Run it again" not in client.get(f"/admin/privacy/closure/{closure.pk}/change/").content.decode()
    assert client.get(url).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_run_again_finishes_a_closure_once_the_reason_is_mended(client: Client, now: datetime, monkeypatch: Any):
    from django.core.files.base import ContentFile
    from django.core.files.storage import FileSystemStorage

    from privacy.disposal.mandate import Mandate
    from privacy.disposal.services import close_account
    from tests.host.models import Upload

    users = get_user_model().objects
    users.create_user("former-member")
    client.force_login(users.create_superuser("warden", "warden@example.org", "x"))
    member = users.create_user("robin", "robin@example.org", "x")
    Upload(owner=member).file.save("face.txt", ContentFile(b"a face"))

    def refuse(self: Any, name: str) -> None:
        raise PermissionError

    with monkeypatch.context() as broken:
        broken.setattr(FileSystemStorage, "delete", refuse)
        mandate = Mandate("member", "page", "password")
        close_account(user=member, mandate=mandate, now=now, actor=Actor.member(member))
    closure = Closure.objects.get()
    assert closure.status == "partial"
    response = client.post(f"/admin/privacy/closure/{closure.pk}/run/", follow=True)
    closure.refresh_from_db()
    assert closure.status == "done"
    assert "Everything is removed" in response.content.decode()


def test_a_scheduled_closure_is_taken_back_by_staff(warden: Any, client: Client, now: datetime):
    member = get_user_model().objects.create_user("robin", "robin@example.org", "x", is_active=False)
    closure = Closure.objects.create(
        subject_key=str(member.pk),
        pseudonym="abcdefgh",
        status="scheduled",
        channel="page",
        requested_by="member",
        closed_at=now,
        due_at=now + timedelta(days=90),
    )
    client.post(f"/admin/privacy/closure/{closure.pk}/cancel/")
    closure.refresh_from_db()
    member.refresh_from_db()
    assert closure.status == "cancelled"
    assert member.is_active


def test_a_finished_closure_cannot_be_run_or_taken_back(warden: Any, client: Client, now: datetime):
    closure = partial(now)
    Closure.objects.update(status="done", subject_key="")
    for act in ("run", "cancel"):
        response = client.post(f"/admin/privacy/closure/{closure.pk}/{act}/", follow=True)
        assert 'class="error"' in response.content.decode()
    closure.refresh_from_db()
    assert closure.status == "done"


def test_the_list_finds_a_closure_by_the_whole_reference(warden: Any, client: Client, now: datetime):
    partial(now)
    url = "/admin/privacy/closure/"
    assert "abcdefgh…" in client.get(url, {"q": "abcdefghijklmnop"}).content.decode()
    assert "abcdefgh…" not in client.get(url, {"q": "abcdefghijkl"}).content.decode()


def test_the_number_of_queries_of_the_list_does_not_grow_with_its_rows(
    warden: Any, client: Client, now: datetime, django_assert_max_num_queries: Any
):
    Closure.objects.bulk_create(
        Closure(pseudonym=f"p{n}", status="done", channel="page", requested_by="member", closed_at=now, due_at=now)
        for n in range(60)
    )
    with django_assert_max_num_queries(12):
        client.get("/admin/privacy/closure/")
