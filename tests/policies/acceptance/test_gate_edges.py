"""The gate at its edges: broken headers, other people's eyes, nearly open addresses, two publications at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from time import sleep
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.test.utils import override_script_prefix
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.policies.acceptance import accepting
from privacy.policies.acceptance.models import Acceptance
from privacy.policies.acceptance.owing import owing
from privacy.policies.acceptance.services import accept_by_use
from privacy.policies.gate import looking, passes, shared
from privacy.policies.gate.api import PoliciesAccepted
from privacy.policies.gate.models import GatePass
from privacy.policies.models import PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.rules import policy_rules
from privacy.policies.services import publish, withdraw
from privacy.promises.models import ProfileTable
from tests.people import client_of
from tests.policies.acceptance.conftest import ASKS, DAY, agree
from tests.policies.conftest import GOOD

Publishes = Callable[..., PolicyVersion]
QUESTION = "/account/privacy/policies/"


@pytest.fixture(autouse=True)
def _a_site_with_a_gate(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.policies.acceptance.gate_urls"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "privacy.policies.middleware.PolicyGate"]


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=5)


@pytest.fixture
def ada(joins: Callable[..., Any], now: datetime) -> Any:
    return joins("ada", at=now - 10 * DAY)


def test_a_broken_referer_is_no_fault_of_the_site(asks: PolicyVersion, ada: Any) -> None:
    client = client_of(ada)
    for broken in ("http://[", "http://[::1", "http://testserver//elsewhere.example/"):
        answer = client.post("/page/", HTTP_REFERER=broken)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, QUESTION), broken
        assert "elsewhere" not in answer["Location"]


def test_whoever_sent_a_form_is_told_that_it_was_not_taken(asks: PolicyVersion, ada: Any) -> None:
    client = client_of(ada)
    assert "was not saved" not in client.get("/page/", follow=True).content.decode()
    sent = client.post("/page/", {"x": "1"}, HTTP_REFERER="http://testserver/named/", follow=True)
    assert "was not saved" in sent.content.decode()
    assert sent.context["next"] == "/named/"


def test_signing_out_is_open_whatever_its_namespace(asks: PolicyVersion, ada: Any) -> None:
    client = client_of(ada)
    assert client.get("/page/").status_code == 302
    assert client.post("/members/logout/").status_code == 200
    assert client.get("/page/").content == b"Hello AnonymousUser"


def test_an_address_without_a_slash_at_its_end_opens_itself_alone(asks: PolicyVersion, ada: Any, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "GATE_EXEMPT": ["/nam", "/page/"]}
    client = client_of(ada)
    assert client.get("/page/").status_code == 200
    assert client.get("/named/").status_code == 302


def test_signing_in_and_files_are_open_below_a_prefix(asks: PolicyVersion, ada: Any, settings: Any) -> None:
    settings.FORCE_SCRIPT_NAME = "/app"
    settings.STATIC_URL = "/app/static/"
    settings.LOGIN_URL = "by_name"
    client = client_of(ada)
    with override_script_prefix("/app/"):
        assert client.get("/page/").status_code == 302
        assert client.get("/static/x.css").status_code == 200
        assert client.get("/named/").status_code == 200


def test_nobody_is_led_from_a_safe_address_to_an_unsafe_one(asks: PolicyVersion, ada: Any) -> None:
    client = client_of(ada)
    for address, kept in (("http://testserver/named/", ""), ("https://testserver/named/", "https://testserver/named/")):
        assert client.get(QUESTION, {"next": address}, secure=True).context["next"] == kept


class Impersonating:
    """What an app does that lets staff look at the site as a member: the session stays theirs."""

    as_whom: Any = None

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.as_whom:
            request.user = self.as_whom
        return self.get_response(request)


def test_nobody_accepts_in_the_name_of_whom_they_look_like(
    by_use: PolicyVersion, ada: Any, joins: Callable[..., Any], settings: Any, monkeypatch: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.Impersonating", settings.MIDDLEWARE[-1]]
    clerk = joins("clerk")
    client = client_of(clerk)
    GatePass.objects.all().delete()
    before = Acceptance.objects.count()
    monkeypatch.setattr(Impersonating, "as_whom", ada)
    assert client.get("/page/").content == b"Hello ada"
    assert not Acceptance.objects.filter(context__user_key=str(ada.pk)).exists()
    assert Acceptance.objects.count() == before


def test_a_yes_to_a_mistake_answers_nothing_once_it_is_withdrawn(
    asks: PolicyVersion, publishes: Publishes, ada: Any, now: datetime, actor: Any
) -> None:
    second = publishes("A mistake.", at=now - 2 * DAY)
    agree(ada, second, at=now - DAY)
    withdraw(version=second, reason="Wrong file.", now=now, actor=actor)
    assert owing(str(ada.pk), policy_rules(), now=now).documents == ("privacy",)


def test_a_withdrawal_voids_the_pass_of_whoever_accepted_only_the_mistake(
    asks: PolicyVersion, publishes: Publishes, ada: Any, now: datetime, actor: Any
) -> None:
    second = publishes("A mistake.", at=now - 2 * DAY)
    agree(ada, second, at=now - DAY)
    client = client_of(ada)
    assert client.get("/page/").status_code == 200
    withdraw(version=second, reason="Wrong file.", now=now, actor=actor)
    assert client.get("/page/").status_code == 302


@pytest.fixture
def cache(settings: Any, tmp_path: Any) -> Any:
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {**settings.CACHES, "shared": {"BACKEND": backend, "LOCATION": str(tmp_path / "cache")}}
    settings.PRIVACY = {**settings.PRIVACY, "GATE_CACHE": "shared"}
    return caches["shared"]


def test_the_end_of_one_publication_does_not_hide_that_another_is_under_way(cache: Any, now: datetime) -> None:
    shared.about_to_change("first")
    shared.about_to_change("second")
    shared.changed("first")
    shared.keep("7", "first", None)
    assert not shared.holds("7", now=now)
    shared.changed("second")
    shared.keep("7", "second", None)
    assert shared.holds("7", now=now)


def test_a_pass_in_the_cache_ends_at_its_moment(cache: Any, now: datetime) -> None:
    shared.keep("7", "epoch", now)
    assert shared.holds("7", now=now - DAY)
    assert not shared.holds("7", now=now)


def test_a_slow_reader_never_brings_an_old_epoch_back(cache: Any, now: datetime) -> None:
    shared.keep("7", "old", None)
    shared.about_to_change("new")
    shared.keep("7", "old", None)
    assert not shared.holds("7", now=now)
    shared.changed("new")
    shared.keep("7", "old", None)
    assert not shared.holds("7", now=now)


def test_rubbish_in_the_search_of_the_ledger_finds_nothing(
    asks: PolicyVersion, ada: Any, chief: Client, now: datetime
) -> None:
    agree(ada, asks, at=now)
    agree(get_user_model().objects.get(is_superuser=True), asks, at=now)
    for words in ("abc", "%00", str(Acceptance.objects.first().reference)):
        assert chief.get("/admin/privacy/acceptance/", {"q": words}).status_code == 200, words
    for key in ("abc", "999999999999999999999999"):
        assert chief.get(f"/admin/privacy/acceptance/{key}/change/").status_code in (302, 404), key


class _KeyOfAProgram:
    """What some APIs sign a program in as."""

    is_authenticated, pk = True, None


def test_a_key_of_a_program_is_no_member(by_use: PolicyVersion) -> None:
    request: Any = HttpRequest()
    request.user = _KeyOfAProgram()
    assert PoliciesAccepted().has_permission(request, None)
    assert not Acceptance.objects.exists()


def _get(session: str, path: str) -> Any:
    client = AsyncClient()
    client.cookies["sessionid"] = session
    try:
        return async_to_sync(client.get)(path)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_under_asgi_it_is_the_same(asks: PolicyVersion, ada: Any) -> None:
    session = client_of(ada).cookies["sessionid"].value
    # In a thread of its own: a browser that ran before leaves an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(_get, session, "/page/").result()
        assert (answer.status_code, answer["Location"]) == (302, f"{QUESTION}?next=%2Fpage%2F")
        assert thread.submit(_get, session, "/opened/").result().status_code == 200


def test_the_yes_needs_the_token_of_its_own_page(asks: PolicyVersion, ada: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(QUESTION, {"versions": "privacy.en.1,terms.en.1"}).status_code == 403
    assert not Acceptance.objects.exists()


def test_other_methods_are_stopped_too(asks: PolicyVersion, ada: Any) -> None:
    client = client_of(ada)
    for method in ("head", "options", "put", "patch", "delete"):
        assert getattr(client, method)("/page/").status_code == 302, method


def test_a_pass_of_the_database_ends_at_its_moment(asks: PolicyVersion, ada: Any, now: datetime) -> None:
    agree(ada, asks, at=now)
    client_of(ada).get("/page/")
    GatePass.objects.update(until=now)
    assert not passes.holds(str(ada.pk), now=now)
    assert passes.holds(str(ada.pk), now=now - DAY)


def test_a_version_posted_late_is_not_asked_about_after_a_later_one_was_accepted(
    asks: PolicyVersion,
    publishes: Publishes,
    draft: Any,
    profile: Any,
    ada: Any,
    now: datetime,
    actor: Any,
    settings: Any,
) -> None:
    """Version 2 is mailed first and posted in ten days; version 3 is out meanwhile, and says all that 2 says."""
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://testserver"}
    profile(ASKS.replace("[policies]\n", '[policies]\nchannels = ["posting", "email"]\n'))
    made = draft(f"{GOOD}\nA purpose.\n")
    made.material, made.post_at = True, now - DAY
    made.save()
    second = publish(draft=made, digest=draft_view(made).digest, now=now - 11 * DAY, actor=actor)
    third = publishes("A letter.", at=now - 5 * DAY, material=False)
    assert third.published_at < second.published_at
    client = client_of(ada)
    shown = client.get(QUESTION).context["versions"]
    assert client.post(QUESTION, {"versions": shown, "next": "/page/"}).status_code == 302
    assert client.get("/page/").status_code == 200


def test_rules_that_are_no_longer_understood_stop_nobody(asks: PolicyVersion, ada: Any) -> None:
    """After an upgrade: ``check`` names them, and people sign in and go on."""
    ProfileTable.objects.filter(name="policies").update(table={"unknown": 1})
    client = Client()
    assert client.login(username="ada", password="x")
    assert client.get("/page/").status_code == 200


def test_what_is_published_while_the_gate_looks_voids_the_pass_it_writes(
    asks: PolicyVersion, publishes: Publishes, ada: Any, now: datetime, monkeypatch: Any
) -> None:
    agree(ada, asks, at=now - DAY)
    client = client_of(ada)
    GatePass.objects.all().delete()

    def slowly(*words: Any, **named: Any) -> Any:
        found = owing(*words, **named)
        monkeypatch.undo()
        publishes("Second.", at=now)
        return found

    monkeypatch.setattr(looking, "owing", slowly)
    assert client.get("/page/").status_code == 200
    assert client.get("/page/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_write_one_acceptance(by_use: PolicyVersion, ada: Any, monkeypatch: Any) -> None:
    both, rules = Barrier(2), policy_rules()
    snapshot = accepting._snapshot

    def slowly(*words: Any) -> Any:
        sleep(0.5)  # so long that the other has surely looked, if nothing keeps it
        return snapshot(*words)

    def use(_: int) -> None:
        try:
            both.wait(timeout=20)
            accept_by_use(user_key=str(ada.pk), rules=rules, now=timezone.now(), actor=Actor.member(ada))
        finally:
            connections.close_all()

    monkeypatch.setattr(accepting, "_snapshot", slowly)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(use, range(2)))
    assert Acceptance.objects.count() == 1
