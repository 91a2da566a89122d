"""Closing an account from the privacy page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from privacy.account.forms import SIGNED_IN_AT
from privacy.disposal.models import Closure
from tests.account.conftest import PASSWORD
from tests.host import models as host

PAGE = "/account/privacy/"
CLOSE = "/account/privacy/close/"
CONFIRMED = {"password": PASSWORD, "understood": "on"}


def close(client: Client, **changed: str) -> Any:
    return client.post(CLOSE, {key: value for key, value in {**CONFIRMED, **changed}.items() if value})


@pytest.fixture
def without_password(member: Any, client: Client) -> Client:
    """Signed in by single sign-on, just now."""
    member.set_unusable_password()
    member.save()
    client.force_login(member)
    return client


@pytest.mark.django_db(transaction=True)
def test_a_confirmed_closure_removes_the_account_and_says_what_went(member: Any, signed_in: Client):
    response = close(signed_in)
    html = response.content.decode()
    assert response.status_code == 200
    assert not get_user_model().objects.filter(pk=member.pk).exists()
    assert not host.PageView.objects.exists()
    assert "Your account is closed" in html
    assert "3 page views deleted" in html
    assert "1 order made anonymous" in html
    assert "tax law, 10 years" in html
    assert "until " in html


@pytest.mark.django_db(transaction=True)
def test_the_farewell_holds_nothing_of_the_person_and_no_one_is_signed_in(member: Any, signed_in: Client):
    response = close(signed_in)
    html = response.content.decode()
    for value in ("robin", "Robin of the Hood", "Hidden Glade", "192.0.2.7", "portrait"):
        assert value not in html
    assert not Session.objects.exists()
    assert response.cookies["sessionid"].value == ""
    assert signed_in.get(PAGE).status_code == 302
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_the_farewell_names_the_date_after_which_no_backup_holds_anything(signed_in: Client, closure_rules):
    from privacy.core.registries import providers

    providers.remove("last_backup_date")
    end = timezone.now() + timedelta(days=31)
    providers.add("last_backup_date", lambda *, now: end)
    from django.utils.formats import date_format

    html = close(signed_in).content.decode()
    assert f"From {date_format(timezone.localtime(end), 'DATE_FORMAT')} on, no backup holds anything of yours" in html


@pytest.mark.django_db(transaction=True)
def test_backups_without_an_end_are_told_honestly(signed_in: Client):
    from privacy.core.periods import NO_END
    from privacy.core.registries import providers

    providers.remove("last_backup_date")
    providers.add("last_backup_date", lambda *, now: NO_END)
    html = close(signed_in).content.decode()
    assert "9999" not in html
    assert "no date by which they end" in html


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_removed_is_told_as_still_being_removed(member: Any, signed_in: Client, monkeypatch):
    from django.core.files.storage import FileSystemStorage

    def refuse(self: Any, name: str) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr(FileSystemStorage, "delete", refuse)
    html = close(signed_in).content.decode()
    assert Closure.objects.get().status == "partial"
    assert "Some of your data is still being removed" in html
    assert "every night" in html
    assert "Your data has been removed" not in html
    assert signed_in.get(PAGE).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_under_a_delay_the_account_ends_now_and_the_page_names_the_last_day(member, signed_in, closure_rules):
    closure_rules(after="P3M")
    html = close(signed_in).content.decode()
    closure = Closure.objects.get()
    assert closure.status == "scheduled"
    assert "at the latest" in html
    assert "has been removed" not in html
    assert host.PageView.objects.count() == 3
    assert signed_in.get(PAGE).status_code == 302
    assert not Client().login(username="robin", password=PASSWORD)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "guess"}, "This is not your password"),
        ({"password": ""}, "Enter your password"),
        ({"understood": ""}, "Tick this box"),
    ],
)
def test_without_confirmation_nothing_is_closed_and_the_field_says_why(member, signed_in, wrong, said):
    html = close(signed_in, **wrong).content.decode()
    assert said in html
    assert 'aria-invalid="true"' in html
    assert not Closure.objects.exists()
    assert get_user_model().objects.filter(pk=member.pk).exists()


def test_the_password_is_never_written_back_into_the_page(signed_in: Client):
    assert "guess-me" not in close(signed_in, password="guess-me").content.decode()


def test_after_five_wrong_passwords_the_session_ends(member: Any, signed_in: Client):
    for _ in range(4):
        assert close(signed_in, password="guess").status_code == 200
    response = close(signed_in, password="guess")
    assert response.status_code == 302
    assert signed_in.get(PAGE).status_code == 302
    assert not Closure.objects.exists()


def test_the_password_of_another_member_does_not_close_this_account(signed_in: Client):
    get_user_model().objects.create_user("other", "o@example.org", "another one")
    close(signed_in, password="another one")
    assert not Closure.objects.exists()


def test_a_mere_visit_to_the_close_address_closes_nothing(signed_in: Client):
    assert signed_in.get(CLOSE).status_code == 405
    assert not Closure.objects.exists()


def test_a_visitor_cannot_close_anything(client: Client, db: None):
    assert close(client).status_code == 302
    assert not Closure.objects.exists()


def test_a_forged_form_of_another_site_is_refused(member: Any):
    client = Client(enforce_csrf_checks=True)
    assert client.login(username="robin", password=PASSWORD)
    assert close(client).status_code == 403
    assert not Closure.objects.exists()


def test_where_closing_means_writing_in_the_door_is_shut_as_well(member, signed_in, closure_rules):
    closure_rules(route='["written"]', identity="must")
    response = close(signed_in)
    assert response.status_code == 409
    assert "Your account was not closed" in response.content.decode()
    assert get_user_model().objects.filter(pk=member.pk).exists()
    assert not Closure.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_member_without_a_password_confirms_by_a_recent_sign_in(member: Any, without_password: Client):
    html = without_password.get(PAGE).content.decode()
    assert "less than 10 minutes ago" in html
    assert 'type="password"' not in html
    without_password.post(CLOSE, {"understood": "on"})
    assert not get_user_model().objects.filter(pk=member.pk).exists()


def test_a_sign_in_of_an_hour_ago_is_not_enough(member: Any, without_password: Client):
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert "Sign in again" in without_password.get(PAGE).content.decode()
        without_password.post(CLOSE, {"understood": "on"})
    assert not Closure.objects.exists()


def test_a_session_older_than_the_app_has_to_sign_in_again(member: Any, without_password: Client):
    session = without_password.session
    del session[SIGNED_IN_AT]
    session.save()
    without_password.post(CLOSE, {"understood": "on"})
    assert not Closure.objects.exists()


def test_where_identity_must_be_confirmed_a_sign_in_alone_is_not_enough(member, without_password, closure_rules):
    closure_rules(route='["self", "written"]', identity="must")
    html = without_password.get(PAGE).content.decode()
    assert "Please write to us" in html
    assert "Close my account for good" not in html
    assert without_password.post(CLOSE, {"understood": "on"}).status_code == 409
    assert not Closure.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_other_members_are_untouched(member: Any, stand_in: Any, signed_in: Client, now):
    other = get_user_model().objects.create_user("other", "o@example.org", "x")
    host.PageView.objects.create(user=other, ip="192.0.2.9", path="/", viewed_at=now)
    close(signed_in)
    assert set(get_user_model().objects.all()) == {other, stand_in}
    assert host.PageView.objects.count() == 1
