"""Staff close an account in the admin, and are led there where an account cannot simply be deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.datamap.registry import registry
from privacy.disposal.models import Closure
from privacy.disposal.services import Mandate, close_account
from privacy.promises.models import ProfileTable
from tests.disposal.planting import plant
from tests.disposal.searching import tables_with
from tests.disposal.test_deleting import KeptUploads, plain
from tests.host import models as host
from tests.urls import urlpatterns as site_urls

pytestmark = pytest.mark.django_db(transaction=True)

SCREEN = "/admin/privacy/closure/close/"


def staff(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("clerk", password="clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("boss", password="boss"))
    return client


def confirm(user: Any, **values: str) -> dict[str, str]:
    return {"account": f"pk:{user.pk}", "verified_by": "document", "understood": "on", "close": "1", **values}


def test_staff_find_an_account_see_what_goes_and_close_it() -> None:
    user = plant("xqgone")
    client = staff("close_account", "view_closure")

    assert client.get(SCREEN).status_code == 200
    shown = client.post(SCREEN, {"account": "xqgone"})
    page = shown.content.decode()
    assert "host.Order" in page
    assert "tax law, 10 years" in page
    assert not Closure.objects.exists(), "looking changes nothing"
    answer = client.post(SCREEN, confirm(user))

    closure = Closure.objects.get()
    assert answer.headers["Location"] == reverse("admin:privacy_closure_change", args=[closure.pk])
    assert (closure.status, closure.channel) == ("done", "admin")
    assert (closure.requested_by, closure.verified_by) == ("staff", "document")
    assert tables_with("xqgone") == []


def test_closing_needs_its_own_permission() -> None:
    user = plant("stays")
    client = staff("view_closure", "run_closure")
    assert client.get(SCREEN).status_code == 403
    assert client.post(SCREEN, confirm(user)).status_code == 403
    assert "Close an account" not in client.get("/admin/privacy/closure/").content.decode()
    assert get_user_model().objects.filter(pk=user.pk).exists()


def test_the_list_of_closures_leads_to_the_screen(boss: Client) -> None:
    assert f'href="{SCREEN}"' in boss.get("/admin/privacy/closure/").content.decode()


def test_a_word_that_nobody_answers_to_is_told_and_not_repeated_in_an_address(boss: Client) -> None:
    answer = boss.post(SCREEN, {"account": "nobody@example.org"})
    assert answer.status_code == 200
    assert "No account answers to this" in answer.content.decode()


@pytest.mark.parametrize("missing", ["verified_by", "understood"])
def test_nothing_is_closed_before_everything_is_said(boss: Client, missing: str) -> None:
    user = plant("stays")
    values = confirm(user)
    del values[missing]
    answer = boss.post(SCREEN, values)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert not Closure.objects.exists()


def test_where_identity_must_be_confirmed_it_cannot_be_left_out(boss: Client) -> None:
    """CPT-8-3."""
    ProfileTable.objects.create(name="closure", table={"identity": "must"})
    user = plant("stays")
    assert boss.post(SCREEN, confirm(user, verified_by="none")).status_code == 200
    assert not Closure.objects.exists()
    assert boss.post(SCREEN, confirm(user, verified_by="staff")).status_code == 302
    assert Closure.objects.get().verified_by == "staff"


def test_under_a_delay_the_account_waits_for_its_date(boss: Client) -> None:
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    user = plant("waits")
    boss.post(SCREEN, confirm(user))
    assert Closure.objects.get().status == "scheduled"
    again = boss.get(SCREEN, {"account": f"pk:{user.pk}"}).content.decode()
    assert "being closed already" in again


def test_staff_do_not_close_their_own_account_by_mistake(boss: Client) -> None:
    own = get_user_model().objects.get(username="boss")
    assert "your own account" in boss.post(SCREEN, confirm(own)).content.decode()
    assert not Closure.objects.exists()


# --- deleting in the admin -----------------------------------------------------------------


def delete_by_action(client: Client, users: list[Any], **values: str) -> Any:
    chosen = {"action": "delete_selected", "_selected_action": [user.pk for user in users], **values}
    return client.post("/admin/auth/user/", chosen)


def test_deleting_a_user_in_the_admin_closes_the_account_and_leaves_no_name_in_its_log(boss: Client) -> None:
    first, second = plain("xqgone"), plain("xqalso")
    boss.post(f"/admin/auth/user/{first.pk}/delete/", {"post": "yes"})
    delete_by_action(boss, [second], post="yes")

    assert set(Closure.objects.values_list("status", "channel")) == {("done", "orm")}
    assert Closure.objects.count() == 2
    assert tables_with("xqgone") == tables_with("xqalso") == []
    log = LogEntry.objects.filter(action_flag=DELETION)
    assert set(log.values_list("object_id", "object_repr")) == {(None, "")}


def test_the_admins_own_page_says_why_and_leads_to_the_closing_screen(boss: Client) -> None:
    registry.withdraw(host.Upload)
    registry.declare(host.Upload, KeptUploads)
    user = plain("stays")
    leads = f'href="{SCREEN}?account=pk:{user.pk}"'

    shown = boss.get(f"/admin/auth/user/{user.pk}/delete/").content.decode()
    assert "host.Upload" in shown
    assert leads in shown
    for answer in (
        boss.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"}),
        delete_by_action(boss, [user]),
        delete_by_action(boss, [user], post="yes"),
    ):
        assert answer.status_code == 200
        assert leads in answer.content.decode()
    assert get_user_model().objects.filter(pk=user.pk, is_active=True).exists()
    assert not LogEntry.objects.filter(action_flag=DELETION).exists()
    assert boss.get(f"{SCREEN}?account=pk:{user.pk}").status_code == 200


def test_rows_that_protect_an_account_lead_to_the_closing_screen_as_well(boss: Client) -> None:
    user = plant("stays")
    shown = boss.get(f"/admin/auth/user/{user.pk}/delete/").content.decode()
    assert "Close the account instead" in shown
    assert boss.post(SCREEN, confirm(user)).status_code == 302
    assert Closure.objects.get().status == "done"


def test_other_deletions_of_the_admin_are_left_alone(boss: Client) -> None:
    group = Permission.objects.first()
    assert group is not None
    from django.contrib.auth.models import Group

    row = Group.objects.create(name="a group")
    assert boss.post(f"/admin/auth/group/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Group.objects.exists()


def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """A page of the site's own that deletes an account."""
    get_user_model().objects.get(pk=pk).delete()
    return HttpResponse("gone")


urlpatterns = [path("remove/<int:pk>/", remove), *site_urls]


@pytest.mark.urls("tests.disposal.test_closing_screen")
def test_a_page_of_the_sites_own_answers_without_a_server_error(boss: Client) -> None:
    registry.withdraw(host.Upload)
    registry.declare(host.Upload, KeptUploads)
    user = plain("stays")
    answer = boss.get(f"/remove/{user.pk}/")
    assert answer.status_code == 409
    assert f'href="{SCREEN}"' in answer.content.decode()
    assert Client().get(f"/remove/{user.pk}/").status_code == 403
    assert get_user_model().objects.filter(pk=user.pk, is_active=True).exists()
    registry.withdraw(host.Upload)
    registry.exclude("host.Upload", reason="for this test")
    host.Upload.objects.all().delete()
    assert boss.get(f"/remove/{user.pk}/").content == b"gone"


def test_a_closure_that_waits_is_finished_when_the_admin_deletes_its_account(boss: Client) -> None:
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    user = plain("xqgone")
    close_account(
        user=user,
        mandate=Mandate("member", "page", "password"),
        now=timezone.now() - timedelta(days=3),
        actor=Actor.system("tests"),
    )
    boss.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})
    closure = Closure.objects.get()
    assert (closure.status, closure.channel) == ("done", "page")
