"""The root, the schema, and what holds for every endpoint whatever it is about."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.validation import validate_schema

from privacy import api_urls
from privacy.core.api import schema as schemas
from privacy.core.api.doors import opened, views_of
from privacy.core.api.permissions import SignedIn, Staff
from tests.people import client_of

ROOT = "/api/privacy/"
VIEWS = [view for _pattern, view in views_of(api_urls.urlpatterns)]


@pytest.fixture(autouse=True)
def _made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "_made", {})


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation of the schema: its method, its path, and what is said of it."""
    made = schemas.schema_of(api_urls.urlpatterns)
    return [(method, path, said) for path, methods in made["paths"].items() for method, said in methods.items()]


# --- the root ---------------------------------------------------------------------------------


def test_the_root_shows_a_member_what_is_theirs_and_nothing_of_staff(member: Client) -> None:
    answer = member.get(ROOT)
    assert answer.status_code == 200
    body = answer.json()
    assert body["schema"] == "http://testserver/api/privacy/schema/"
    shown = {entry["name"] for entry in body["endpoints"]}
    assert shown == {
        view.operation for _n, view in opened(api_urls.urlpatterns) if SignedIn in view.permission_classes
    } - {"root"}
    for entry in body["endpoints"]:
        assert member.get(entry["href"]).status_code == 200, entry


def test_the_root_shows_staff_what_their_permissions_name(person: Callable[..., Any]) -> None:
    clerk = client_of(person("sam", staff=True, may=["view_promise"]))
    shown = {entry["name"] for entry in clerk.get(ROOT).json()["endpoints"]}
    assert {"promises", "promises_checks"} <= shown
    assert not shown & {"backups", "closures", "evidence"}


def test_everything_that_the_root_shows_the_chief_can_be_opened(chief: Client, planted: None) -> None:
    entries = chief.get(ROOT).json()["endpoints"]
    assert {entry["name"] for entry in entries} == {view.operation for _n, view in opened(api_urls.urlpatterns)} - {
        "root",
        "schema",
    }
    assert {entry["href"]: chief.get(entry["href"]).status_code for entry in entries} == {
        entry["href"]: 200 for entry in entries
    }


def test_nobody_gets_past_the_root_without_signing_in(db: None) -> None:
    answer = Client().get(ROOT)
    assert answer.status_code in (401, 403)
    assert answer.json()["code"] == "not_authenticated"


# --- every endpoint ---------------------------------------------------------------------------


def test_every_endpoint_says_who_may_use_it() -> None:
    assert len(VIEWS) > 4
    for view in VIEWS:
        if view.operation == "schema":
            continue
        assert tuple(view.permission_classes) in ((SignedIn,), (Staff,)), view
        if Staff in view.permission_classes:
            assert view.permission.startswith("privacy."), view
            changes = {"post", "put", "patch", "delete"} & {
                name for name in view.http_method_names if hasattr(view, name)
            }
            assert bool(changes) == bool(view.to_change), view


def test_every_answer_about_anybody_stays_out_of_caches(member: Client, chief: Client, planted: None) -> None:
    for client in (member, chief, Client()):
        for name, view in opened(api_urls.urlpatterns):
            answer = client.get(reverse(f"privacy_api:{name}"))
            assert (answer.get("Cache-Control") == "no-store") == view.personal or answer.status_code >= 400, name


def test_an_error_names_the_field_the_problem_and_the_mend(chief: Client) -> None:
    answer = chief.get("/api/privacy/promises/checks/", {"limit": "many", "statos": "kept"})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "invalid",
        "errors": [
            {
                "field": "statos",
                "problem": "This endpoint has no such parameter",
                "mend": "Leave it out, or look its name up in the schema",
            }
        ],
    }
    answer = chief.get("/api/privacy/promises/checks/", {"limit": "many"})
    assert [error["field"] for error in answer.json()["errors"]] == ["limit"]


def test_a_method_that_is_not_there_is_refused_in_the_same_shape(chief: Client) -> None:
    answer = chief.delete("/api/privacy/promises/")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert answer["Allow"] == "GET, HEAD, POST"
    assert chief.options("/api/privacy/promises/").status_code == 405


def test_a_browser_gets_json_as_well(chief: Client) -> None:
    answer = chief.get("/api/privacy/promises/", HTTP_ACCEPT="text/html")
    assert answer["Content-Type"] == "application/json"
    assert chief.get("/api/privacy/promises/", {"format": "xml"}).status_code == 400


def test_who_asks_too_often_is_told_how_long_to_wait(member: Client, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "API_RATE": "2/minute"}
    assert [member.get(ROOT).status_code for _ in range(3)] == [200, 200, 429]
    answer = member.get(ROOT)
    assert answer.json()["code"] == "throttled"
    assert 0 < int(answer["Retry-After"]) <= 60


@pytest.mark.parametrize("sent", [b"ada\0:x", b"ada:\0", b"nobody:x", b"", b"\xff", b"no colon"])
def test_credentials_that_are_none_are_refused_whatever_they_hold(db: None, sent: bytes) -> None:
    for header in (
        f"Basic {b64encode(sent).decode()}",
        f"basic {b64encode(sent).decode().rstrip('=')}",
        "Basic ä",
        "Basic",
    ):
        answer = Client().get(ROOT, headers={"authorization": header})
        assert answer.status_code in (401, 403), header
        assert answer.json()["code"] in ("authentication_failed", "not_authenticated")


def test_a_change_in_a_session_needs_the_sites_own_token(chief: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = chief.cookies
    assert strict.post("/api/privacy/promises/").status_code == 403


# --- the schema -------------------------------------------------------------------------------


def test_the_schema_is_openapi_3_1_and_valid(db: None) -> None:
    answer = Client().get("/api/privacy/schema/")
    assert answer["Content-Type"] == "application/vnd.oai.openapi+json"
    described = json.loads(answer.content)
    assert described["openapi"].startswith("3.1.")
    validate_schema(described)
    assert all(path.startswith("/api/privacy/") for path in described["paths"])


def test_the_schema_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    GENERATOR_STATS.reset()
    assert operations()
    assert not GENERATOR_STATS._warn_cache, dict(GENERATOR_STATS._warn_cache)
    assert not GENERATOR_STATS._error_cache, dict(GENERATOR_STATS._error_cache)


def test_every_operation_has_its_own_id_and_a_sentence() -> None:
    ids = [said["operationId"] for _method, _path, said in operations()]
    assert len(ids) == len(set(ids))
    assert not [said["operationId"] for _method, _path, said in operations() if not said["summary"]]


def test_a_list_in_pages_says_that_a_page_may_not_be_there() -> None:
    lists = [
        said
        for _m, _p, said in operations()
        if {"cursor", "limit"} <= {one["name"] for one in said.get("parameters", [])}
    ]
    assert lists
    assert all("404" in said["responses"] for said in lists)


def test_the_hosts_own_schema_keeps_its_settings(db: None) -> None:
    before = {name: getattr(spectacular_settings, name) for name in schemas.OURS}
    operations()
    assert {name: getattr(spectacular_settings, name) for name in schemas.OURS} == before
    whole = SchemaGenerator().get_schema(public=True)
    assert whole["openapi"] == "3.0.3"
    assert not whole["paths"], "our endpoints are described in our own schema alone"


def test_what_a_host_sets_for_its_schema_changes_nothing_in_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = schemas.schema_of(api_urls.urlpatterns)
    monkeypatch.setattr(schemas, "_made", {})
    monkeypatch.setattr(spectacular_settings, "CAMELIZE_NAMES", True)
    monkeypatch.setattr(spectacular_settings, "TITLE", "The shop")
    monkeypatch.setattr(spectacular_settings, "SCHEMA_PATH_PREFIX_INSERT", "/elsewhere")
    assert schemas.schema_of(api_urls.urlpatterns) == plain


def test_a_text_that_may_be_empty_is_one_in_the_schema_as_well() -> None:
    """Not "this pattern or an empty text, but not both", which no empty text would satisfy."""
    parts = schemas.schema_of(api_urls.urlpatterns)["components"]["schemas"]
    answer = parts["TextRequest"]["properties"]["text"]
    assert "oneOf" not in answer
    assert (answer["type"], answer["maxLength"], answer["pattern"]) == ("string", 1000, schemas.NO_NUL)
