"""The gate on a site with pages, forms and an API: whom it stops, whom it lets pass, and what that costs."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext
from privacy.policies.acceptance.services import accept_on_behalf
from privacy.policies.gate.models import GatePass
from privacy.policies.models import PolicyNotice, PolicyVersion
from privacy.policies.services import withdraw
from tests.people import client_of
from tests.policies.acceptance.conftest import ASKS, DAY, agree

Publishes = Callable[..., PolicyVersion]
QUESTION = "/account/privacy/policies/"


@pytest.fixture(autouse=True)
def _a_site_with_a_gate(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.policies.acceptance.gate_urls"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "privacy.policies.middleware.PolicyGate"]


@pytest.fixture
def now() -> datetime:
    """Doors read the clock: what these tests publish is of just now."""
    return timezone.now() - timedelta(minutes=5)


@pytest.fixture
def ada(joins: Callable[..., Any], now: datetime) -> Any:
    return joins("ada", at=now - 10 * DAY)


@pytest.fixture
def behind(asks: PolicyVersion, ada: Any, publishes: Publishes, now: datetime) -> Client:
    """Somebody who accepted version 1, signed in, on a site that has published version 2."""
    agree(ada, asks, at=now - DAY)
    client = client_of(ada)
    assert client.get("/page/").status_code == 200
    publishes("Second.", at=now)
    return client


def queries(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return [each["sql"] for each in seen]


# --- whom it stops --------------------------------------------------------------------------------


def test_version_2_stops_a_version_1_user_on_the_very_next_request(behind: Client) -> None:
    answer = behind.get("/page/?a=1&b=2")
    assert (answer.status_code, answer["Location"]) == (302, f"{QUESTION}?next=%2Fpage%2F%3Fa%3D1%26b%3D2")
    assert answer["Cache-Control"] == "no-store"


def test_a_form_that_is_sent_is_stopped_and_leads_back_to_its_page(behind: Client) -> None:
    answer = behind.post("/page/", {"x": 1}, HTTP_REFERER="http://testserver/named/?x=1")
    assert (answer.status_code, answer["Location"]) == (302, f"{QUESTION}?next=%2Fnamed%2F%3Fx%3D1&unsaved=1")
    for other in ("http://elsewhere.example/page/", "", "javascript:alert(1)"):
        assert behind.post("/page/", HTTP_REFERER=other)["Location"] == f"{QUESTION}?unsaved=1"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Requested-With": "XMLHttpRequest"},
        {"Accept": "application/json"},
        {"Accept": "application/vnd.api+json"},
        {"Content-Type": "application/json"},
        {"Content-Type": "application/vnd.api+json"},
        {"Sec-Fetch-Dest": "empty"},
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_script_gets_403_with_a_code(behind: Client, headers: dict[str, str], method: str) -> None:
    answer = getattr(behind, method)("/data/", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "policy_acceptance_required")


@pytest.mark.parametrize("path", ["/api/thing/", "/api/function/"])
def test_an_api_of_the_site_answers_403_with_a_machine_readable_code(behind: Client, path: str) -> None:
    for answer in (behind.get(path, headers={"Accept": "text/html"}), behind.post(path)):
        assert answer.status_code == 403
        body = answer.json()
        assert set(body) == {"code", "errors"}
        assert set(body["errors"][0]) == {"field", "problem", "mend"}
        assert QUESTION in body["errors"][0]["mend"]


def test_an_api_without_sessions_asks_by_its_permission_class(asks: PolicyVersion, ada: Any, now: datetime) -> None:
    client, ticket = Client(), b64encode(b"ada:x").decode()
    answer = client.get("/api/password/", headers={"Authorization": f"Basic {ticket}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "policy_acceptance_required")
    agree(ada, asks, at=now)
    assert client.get("/api/password/", headers={"Authorization": f"Basic {ticket}"}).status_code == 200
    assert client.get("/api/password/").status_code == 401


def test_staff_are_asked_too_and_our_api_says_so_in_its_own_shape(asks: PolicyVersion, chief: Client) -> None:
    refused = chief.get("/api/privacy/backups/")
    assert (refused.status_code, refused.json()["code"]) == (403, "policy_acceptance_required")
    assert chief.get("/admin/").status_code == 302


# --- what it leaves open ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        QUESTION,
        "/account/privacy/",
        "/account/privacy/consents/",
        "/account/privacy/messages/",
        "/privacy/",
        "/privacy/documents/privacy/versions/",
        "/privacy/documents/privacy/en/compare/",
        "/api/privacy/",
        "/api/privacy/schema/",
        "/api/privacy/account/holdings/",
        "/api/privacy/acceptances/",
        "/api/privacy/acceptances/open/",
        "/api/privacy/consents/",
        "/api/privacy/policies/",
        "/accounts/login/",
        "/admin/login/?next=/page/",
        "/opened/",
        "/opened/class/",
        "/static/x.css",
    ],
)
def test_who_has_not_accepted_can_read_use_their_rights_and_leave(behind: Client, path: str) -> None:
    answer = behind.get(path)
    assert not answer.get("Location", "").startswith(QUESTION)
    assert answer.status_code in ((200, 302) if "login" in path else (200,))


def test_who_has_not_accepted_can_sign_out_and_close_the_account(behind: Client, profile: Any, ada: Any) -> None:
    closed = behind.post("/account/privacy/close/", {"password": "x", "confirm": "on"})
    assert not closed.get("Location", "").startswith(QUESTION)
    other = client_of(get_user_model().objects.create_user("bob", password="x"))
    assert other.get("/page/").status_code == 302
    assert other.post("/accounts/logout/").status_code == 200
    assert other.get("/page/").content == b"Hello AnonymousUser"


def test_the_site_names_what_stays_open(behind: Client, settings: Any) -> None:
    for path in ("/basket/pay/", "/named/"):
        assert behind.get(path).status_code == 302
    settings.PRIVACY = {**settings.PRIVACY, "GATE_EXEMPT": ["/basket/", "by_name"]}
    for path in ("/basket/pay/", "/named/"):
        assert behind.get(path).status_code == 200
    assert behind.get("/page/").status_code == 302


def test_an_address_that_is_none_stays_none(behind: Client) -> None:
    assert behind.get("/nothing/").status_code == 404


def test_nobody_who_is_not_signed_in_is_stopped(asks: PolicyVersion) -> None:
    assert Client().get("/page/").status_code == 200


# --- the way through --------------------------------------------------------------------------------


def test_accepting_leads_back_and_there_is_no_loop(behind: Client) -> None:
    page = behind.get("/named/", follow=True)
    assert [code for _url, code in page.redirect_chain] == [302]
    shown = page.context
    answer = behind.post(QUESTION, {"versions": shown["versions"], "next": shown["next"]}, follow=True)
    assert answer.redirect_chain == [("/named/", 302)]
    assert AcceptanceContext.objects.latest("pk").network == "127.0.0.0"
    assert answer.status_code == 200
    assert behind.get("/page/").status_code == 200


@pytest.mark.parametrize("where", [QUESTION, f"{QUESTION}?next=/page/", "https://elsewhere.example/", "//x.example/"])
def test_nobody_is_led_elsewhere_or_in_a_circle(behind: Client, where: str) -> None:
    shown = behind.get(QUESTION, {"next": where}).context
    assert shown["next"] == ""
    answer = behind.post(QUESTION, {"versions": shown["versions"], "next": where})
    assert answer.status_code == 302
    assert "example" not in answer["Location"]


def test_a_version_that_is_published_while_somebody_reads_is_not_accepted_unseen(
    behind: Client, publishes: Publishes, now: datetime
) -> None:
    shown = behind.get(QUESTION).context["versions"]
    publishes("Third.", at=timezone.now())
    answer = behind.post(QUESTION, {"versions": shown, "next": "/page/"})
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.content.decode()
    assert "privacy.en.3" in answer.context["versions"]
    assert behind.get("/page/").status_code == 302


def test_withdrawing_a_mistake_opens_the_gate(behind: Client, now: datetime, actor: Actor) -> None:
    assert behind.get("/page/").status_code == 302
    withdraw(version=PolicyVersion.objects.get(pk="privacy.en.2"), reason="Wrong file.", now=now, actor=actor)
    assert behind.get("/page/").status_code == 200


def test_a_profile_that_is_loaded_counts_at_once(behind: Client, profile: Callable[..., None]) -> None:
    assert behind.get("/page/").status_code == 302
    profile(ASKS.replace('ask_again = "material"', 'ask_again = "never"'))
    assert behind.get("/page/").status_code == 200
    profile(ASKS)
    assert behind.get("/page/").status_code == 302


def test_staff_let_somebody_pass_who_agreed_on_paper(behind: Client, ada: Any) -> None:
    said = {"person": Person.of_user(ada), "reason": "Paper.", "surface": "paper", "now": timezone.now()}
    accept_on_behalf(**said, actor=Actor("staff", key="1"))
    assert behind.get("/page/").status_code == 200


def test_each_member_is_stopped_on_their_own_day(
    profile: Callable[..., None], publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    profile(ASKS.replace("[policies]\n", '[policies]\neffect = "earlier"\nemail_lead = "P2D"\nposting_lead = "P9D"\n'))
    first = publishes("First.", at=now - 60 * DAY)
    people = [joins(name, at=now - 20 * DAY) for name in ("mailed", "unmailed")]
    for user in people:
        agree(user, first, at=now - 10 * DAY)
    second = publishes("Second.", at=now - 5 * DAY)
    PolicyNotice.objects.create(version=second, user_key=str(people[0].pk), dispatched_at=now - 4 * DAY)
    assert [client_of(user).get("/page/").status_code for user in people] == [302, 200]
    # A day passes for whoever has a pass, without anything being published.
    key = GatePass.objects.get(user_key=str(people[1].pk))
    assert key.until is not None
    assert key.until <= now + 6 * DAY
    GatePass.objects.update(until=now)
    PolicyNotice.objects.create(version=second, user_key=str(people[1].pk), dispatched_at=now - 4 * DAY)
    assert client_of(people[1]).get("/page/").status_code == 302


# --- going on is agreement --------------------------------------------------------------------------


def test_where_going_on_is_agreement_nobody_is_stopped_and_it_is_written_once(
    by_use: PolicyVersion, ada: Any, publishes: Publishes, now: datetime
) -> None:
    client = client_of(ada)
    first = Acceptance.objects.get()
    assert (first.kind, first.event) == ("continued_use", "use")
    publishes("Second.", at=now, material=False)
    for _ in range(3):
        assert client.get("/page/").status_code == 200
    assert Acceptance.objects.count() == 2
    assert Acceptance.objects.latest("pk").versions.get(document="privacy").version_id == "privacy.en.2"


def test_reading_the_texts_and_leaving_is_no_use(
    by_use: PolicyVersion, ada: Any, publishes: Publishes, now: datetime
) -> None:
    client = client_of(ada)
    publishes("Second.", at=now)
    for path in ("/privacy/", "/account/privacy/", QUESTION, "/opened/"):
        assert client.get(path).status_code == 200
    assert Acceptance.objects.count() == 1, "only signing in was use so far"


# --- what it costs ----------------------------------------------------------------------------------


def test_warm_the_gate_adds_at_most_one_primary_key_query(
    asks: PolicyVersion, ada: Any, now: datetime, settings: Any
) -> None:
    agree(ada, asks, at=now)
    client = client_of(ada)
    client.get("/page/")
    with_gate = queries(client, "/page/")
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    without = queries(_same(client), "/page/")
    added = [sql for sql in with_gate if "gatepass" in sql]
    assert len(with_gate) == len(without) + 1
    assert len(added) == 1
    assert 'WHERE "privacy_gatepass"."user_key" = ' in added[0]
    assert not [sql for sql in with_gate if not sql.startswith("SELECT")]


def _same(client: Client) -> Client:
    """Another client of the same session: the handler of a client keeps the middleware it was made with."""
    other = Client()
    other.cookies = client.cookies
    return other


def test_the_gate_adds_nothing_to_exempt_paths(asks: PolicyVersion, ada: Any, settings: Any) -> None:
    client = client_of(ada)
    with_gate = queries(client, "/opened/")
    assert with_gate == []


def test_the_gate_adds_nothing_to_requests_without_a_session_cookie(asks: PolicyVersion) -> None:
    for path in ("/silent/", "/page/"):
        assert queries(Client(), path) == []


def test_a_cold_member_costs_the_same_whatever_the_number_of_members(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    counts = []
    for crowd in (1, 30):
        users = [joins(f"user{crowd}-{number}", at=now - 9 * DAY) for number in range(crowd)]
        for user in users:
            agree(user, asks, at=now)
        client = client_of(users[-1])
        GatePass.objects.all().delete()
        counts.append(len(queries(client, "/page/")))
    assert counts[0] == counts[1]


# --- with a cache -----------------------------------------------------------------------------------


@pytest.fixture
def shared(asks: PolicyVersion, settings: Any, tmp_path: Any) -> Any:
    """A cache that processes share, in files; it comes when the first version is out."""
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {**settings.CACHES, "shared": {"BACKEND": backend, "LOCATION": str(tmp_path / "cache")}}
    settings.PRIVACY = {**settings.PRIVACY, "GATE_CACHE": "shared"}
    return caches["shared"]


def test_warm_with_a_cache_that_all_workers_share_the_gate_adds_no_query(
    shared: Any, asks: PolicyVersion, ada: Any, now: datetime, settings: Any
) -> None:
    agree(ada, asks, at=now)
    client = client_of(ada)
    client.get("/page/")
    with_gate = queries(client, "/page/")
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    assert len(with_gate) == len(queries(_same(client), "/page/"))


def test_with_a_cache_too_version_2_stops_on_the_next_request(
    shared: Any,
    asks: PolicyVersion,
    ada: Any,
    publishes: Publishes,
    now: datetime,
    django_capture_on_commit_callbacks: Any,
) -> None:
    agree(ada, asks, at=now - DAY)
    client = client_of(ada)
    client.get("/page/")
    with django_capture_on_commit_callbacks(execute=False):
        publishes("Second.", at=now)
        # Before the commit is told: the cache knows already that it knows nothing.
        assert client.get("/page/").status_code == 302
    assert client.get("/page/").status_code == 302


def test_a_cache_that_fails_costs_the_query_and_nothing_else(
    shared: Any, asks: PolicyVersion, ada: Any, now: datetime, settings: Any
) -> None:
    agree(ada, asks, at=now)
    client = client_of(ada)
    client.get("/page/")
    broken = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "shared": broken}
    assert len([sql for sql in queries(client, "/page/") if "gatepass" in sql]) == 1


def test_no_key_of_a_person_stands_in_the_cache(
    shared: Any, asks: PolicyVersion, joins: Callable[..., Any], now: datetime, tmp_path: Any
) -> None:
    user = joins("grace", at=now - DAY)
    get_user_model().objects.filter(pk=user.pk).update(id=918273645)
    user = get_user_model().objects.get(username="grace")
    agree(user, asks, at=now)
    client_of(user).get("/page/")
    [key] = GatePass.objects.values_list("user_key", flat=True)
    assert key == "918273645"
    seen = []
    plain = shared.make_key
    shared.key_func = lambda name, prefix, version: seen.append(name) or plain(name)
    assert client_of(user).get("/page/").status_code == 200
    assert len(seen) > 1
    assert not [name for name in seen if "918273645" in name]


def test_a_cache_of_one_process_is_never_used(asks: PolicyVersion, ada: Any, now: datetime, settings: Any) -> None:
    settings.CACHES = {**settings.CACHES, "own": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.PRIVACY = {**settings.PRIVACY, "GATE_CACHE": "own"}
    agree(ada, asks, at=now)
    client = client_of(ada)
    client.get("/page/")
    assert len([sql for sql in queries(client, "/page/") if "gatepass" in sql]) == 1
