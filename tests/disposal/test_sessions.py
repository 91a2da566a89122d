"""Sessions: found by an index, whatever store keeps them, and ended with the account."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model, update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.core.registries import NightContext
from privacy.disposal import night, sessions
from privacy.disposal.models import SessionIndex
from privacy.disposal.services import Mandate, close_account, run_closures

pytestmark = pytest.mark.django_db(transaction=True)

BY_PASSWORD = Mandate("member", "page", "password")


def users() -> Any:
    return get_user_model().objects


def step(now: datetime) -> dict[str, int]:
    context = NightContext(now, now, None, False, Actor.system("night"), lambda *_: None)  # type: ignore[arg-type]
    return night.index_sessions(context).counts


def renew_key(client: Client, user: Any) -> None:
    """What a change of password does to the session that asked for it; no login, no signal."""
    request = HttpRequest()
    request.session = client.session
    request.user = user
    update_session_auth_hash(request, user)
    request.session.save()
    client.cookies["sessionid"] = request.session.session_key


def test_a_login_is_indexed_and_a_logout_leaves_the_index() -> None:
    user = users().create_user("signed", password="secret")
    client = Client()
    client.force_login(user)
    assert SessionIndex.objects.get().user_key == str(user.pk)
    client.logout()
    assert not SessionIndex.objects.exists()


def test_sessions_from_before_the_app_are_found_as_well(now: datetime, actor: Actor) -> None:
    user = users().create_user("old", password="secret")
    Client().force_login(user)
    SessionIndex.objects.all().delete()
    close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    assert not Session.objects.exists()


@pytest.mark.parametrize("engine", ["cached_db", "cache", "file"])
def test_other_session_stores_are_asked_session_by_session(
    engine: str, now: datetime, actor: Actor, settings: Any, tmp_path: Any
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    user = users().create_user("elsewhere", password="secret")
    client = Client()
    client.force_login(user)
    key = client.session.session_key
    assert sessions.left(user_keys=[str(user.pk)])
    close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    assert not import_module(settings.SESSION_ENGINE).SessionStore().exists(key)
    assert not sessions.left(user_keys=[str(user.pk)])


def test_index_rows_of_ended_sessions_are_pruned(now: datetime) -> None:
    user = users().create_user("ended", password="secret")
    Client().force_login(user)
    sessions.index_unknown(now=now)
    Session.objects.all().delete()
    assert sessions.prune(now=now) == 1
    assert sessions.index_unknown(now=now) == 0


def test_a_session_renewed_by_a_change_of_password_is_ended_as_well(now: datetime, actor: Actor) -> None:
    user, client = users().create_user("renewed", password="secret"), Client()
    sessions.index_unknown(now=now)
    client.force_login(user)
    renew_key(client, user)
    assert client.session["_auth_user_id"] == str(user.pk)
    close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    assert not Session.objects.exists()


def test_a_session_begun_behind_our_back_ends_in_the_night_after_its_person_is_gone(now: datetime) -> None:
    gone, stays = users().create_user("gone"), users().create_user("stays")
    for user in (gone, stays):
        Client().force_login(user)
    SessionIndex.objects.all().delete()
    users().filter(pk=gone.pk)._raw_delete("default")

    assert step(now) == {"read": 2, "ended": 1, "pruned": 0}

    assert Session.objects.get().get_decoded()["_auth_user_id"] == str(stays.pk)
    assert step(now) == {"read": 0, "ended": 0, "pruned": 0}


def test_an_anonymous_session_is_read_once_and_leaves_the_index_with_its_end(now: datetime) -> None:
    for _ in range(3):
        client = Client()
        session = client.session
        session["basket"] = "a spoon"
        session.save()
    assert step(now)["read"] == 3
    assert step(now)["read"] == 0
    Session.objects.all().delete()
    assert step(now) == {"read": 0, "ended": 0, "pruned": 3}


def test_indexing_costs_queries_by_500_sessions(now: datetime) -> None:
    def queries_for(count: int) -> int:
        Session.objects.bulk_create(
            Session(session_key=f"{count}k{n}", session_data=Session.objects.encode({}), expire_date=now)
            for n in range(count)
        )
        with CaptureQueriesContext(connection) as queries:
            assert sessions.index_unknown(now=now) == count
        return len(queries)

    queries_for(1)
    assert queries_for(300) == queries_for(2)


def test_signed_cookies_are_no_sessions_of_ours(now: datetime, actor: Actor, settings: Any) -> None:
    """The key of such a session is the session itself: longer than a column, and full of personal data."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    user, client = users().create_user("cookie", password="secret"), Client()
    assert client.login(username="cookie", password="secret")
    assert not SessionIndex.objects.exclude(user_key="").exists()
    assert close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor).status == "done"
    assert client.get("/account/privacy/").status_code == 302


@pytest.mark.parametrize("engine", ["cache", "file"])
def test_index_rows_of_other_stores_are_pruned_when_their_cookie_may_have_ended(
    engine: str, now: datetime, settings: Any, tmp_path: Any
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    ended, alive = Client(), Client()
    for client in (ended, alive):
        client.force_login(users().create_user(f"user{id(client)}"))
    ended_key, alive_key = ended.session.session_key, alive.session.session_key
    ended.session.delete(ended_key)
    SessionIndex.objects.update(seen_at=now)
    assert sessions.prune(now=now + timedelta(seconds=settings.SESSION_COOKIE_AGE - 1)) == 0
    assert sessions.prune(now=now + timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)) == 1
    assert SessionIndex.objects.get().session_key == alive_key


def test_a_table_left_by_the_store_of_before_is_emptied_too(now: datetime, actor: Actor, settings: Any) -> None:
    user = users().create_user("moved")
    Client().force_login(user)
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    assert not Session.objects.exists()


def test_a_session_store_that_fails_leaves_the_account_cut_off_and_partial(
    now: datetime, actor: Actor, settings: Any
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    user, client = users().create_user("unreachable", password="secret"), Client()
    client.force_login(user)
    key = client.session.session_key
    settings.SESSION_CACHE_ALIAS = "down"

    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)

    assert (report.status, report.errors) == ("partial", ("InvalidCacheBackendError",))
    assert not authenticate(username="unreachable", password="secret")
    settings.SESSION_CACHE_ALIAS = "default"
    assert import_module(settings.SESSION_ENGINE).SessionStore().exists(key)
    assert run_closures(now=now, horizon=now, actor=actor)["accounts"] == 1
    assert not import_module(settings.SESSION_ENGINE).SessionStore().exists(key)
