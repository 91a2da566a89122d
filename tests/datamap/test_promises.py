"""Live checks come in pairs: a planted breach is broken, its mending kept, no data cannot tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from privacy import Anonymise, Delete, PersonalData
from privacy.core.registries import CheckContext, Finding, Promised, Status, live_checks
from privacy.datamap.registry import registry
from privacy.promises.models import ProfileTable
from tests.datamap.coverage_cases import resolved
from tests.host import models as host

pytestmark = pytest.mark.django_db

POINTS = ["registration", "checkout", "posting", "messaging", "support", "newsletter", "use", "client"]
TABLE = {
    "legal_bases": ["contract", "consent", "legal_obligation", "legitimate_interests"],
    "purposes": [
        "membership",
        "orders",
        "support",
        "improvement",
        "newsletter",
        "service",
        "administration",
        "security",
    ],
    "collection_points": POINTS,
    "event_fields": ["ip", "user_agent", "page", "time"],
}


@pytest.fixture
def profile() -> ProfileTable:
    return ProfileTable.objects.create(name="datamap", table=TABLE)


@pytest.fixture
def ask(now: datetime) -> Any:
    def ask(name: str, **params: Any) -> Finding:
        promised = Promised("X-1", "§1", "a promise", params=params)
        return live_checks.get(f"datamap.{name}").run(CheckContext(now, promised))

    return ask


def _redeclare(model: Any, **words: Any) -> None:
    """The model's own declaration with some words changed."""
    data = registry.declarations()[model]
    registry.withdraw(model)
    registry.declare(model, type(data.__name__, (data,), words))


def _only(*models: Any) -> None:
    for model in registry.declarations():
        if model not in models:
            registry.withdraw(model)


def test_all_sixteen_checks_are_registered() -> None:
    assert sum(name.startswith("datamap.") for name in live_checks.names()) == 16


def test_an_undeclared_model_breaks_the_promise_of_an_inventory(ask: Any) -> None:
    assert ask("every_field_decided").status == Status.KEPT
    data = registry.declarations()[host.Upload]
    registry.withdraw(host.Upload)
    assert ask("every_field_decided").status == Status.BROKEN
    assert "host.Upload.owner" in ask("every_field_decided").why
    registry.declare(host.Upload, data)
    assert ask("every_field_decided").status == Status.KEPT


def test_an_undecided_field_breaks_the_promise_of_an_inventory(ask: Any) -> None:
    _redeclare(host.Upload, holds=("file",))
    assert "host.Upload.title" in ask("every_field_decided").why
    assert ask("every_field_decided").status == Status.BROKEN


def test_a_table_without_a_clause_breaks_it_where_clauses_were_promised(ask: Any) -> None:
    assert ask("every_field_decided", clauses=True).status == Status.KEPT
    _redeclare(host.Upload, clause="")
    assert ask("every_field_decided").status == Status.KEPT
    assert ask("every_field_decided", clauses=True).status == Status.BROKEN


WITHIN = [
    ("bases_within", "legal_bases", host.Upload, {"legal_basis": "vital_interests"}),
    ("purposes_within", "purposes", host.Upload, {"purpose": "resale"}),
    ("collection_points_within", "collection_points", host.Upload, {"collected_at": ("a fair",)}),
    ("collection_points_within", "collection_points", host.Upload, {"collected_at": ()}),
    ("event_fields_within", "event_fields", host.PageView, {"event_fields": {}}),
]


@pytest.mark.parametrize(("name", "key", "model", "breach"), WITHIN)
def test_what_the_text_does_not_list_breaks_it(
    ask: Any, profile: ProfileTable, name: str, key: str, model: Any, breach: dict[str, Any]
) -> None:
    assert ask(name).status == Status.KEPT
    sound = registry.declarations()[model]
    _redeclare(model, **breach)
    found = ask(name)
    assert found.status == Status.BROKEN
    assert model._meta.label in found.why
    registry.withdraw(model)
    registry.declare(model, sound)
    assert ask(name).status == Status.KEPT


@pytest.mark.parametrize("name", ["bases_within", "purposes_within", "collection_points_within", "event_fields_within"])
def test_without_a_list_nobody_can_tell(ask: Any, name: str) -> None:
    assert ask(name).status == Status.CANNOT_TELL
    ProfileTable.objects.create(name="datamap", table={})
    assert ask(name).status == Status.CANNOT_TELL


def test_one_purpose_may_be_held_to_bases_of_its_own(ask: Any) -> None:
    assert ask("bases_within", purpose="newsletter", bases=["consent"]).status == Status.KEPT
    assert ask("bases_within", purpose="newsletter", bases=["contract"]).status == Status.BROKEN
    assert ask("bases_within", purpose="gambling", bases=["contract"]).status == Status.CANNOT_TELL


def test_scopes_are_told_apart(ask: Any) -> None:
    assert ask("scopes_named").status == Status.KEPT
    _redeclare(host.ClientContact, scope="")
    assert ask("scopes_named").status == Status.BROKEN


def test_kinds_are_named(ask: Any) -> None:
    assert ask("kinds_named").status == Status.KEPT
    _redeclare(host.PageView, source="given")
    assert ask("kinds_named").status == Status.BROKEN


def test_without_declarations_nobody_can_tell_about_the_inventory(ask: Any) -> None:
    _only()
    for name in ("scopes_named", "kinds_named", "required_fields_reasoned"):
        assert ask(name).status == Status.CANNOT_TELL, name


def test_a_required_field_without_a_feature_breaks_it(ask: Any) -> None:
    _only(host.Customer)
    assert ask("required_fields_reasoned").status == Status.KEPT
    _redeclare(host.Customer, required={})
    assert ask("required_fields_reasoned").status == Status.BROKEN
    assert "host.Customer.display_name" in ask("required_fields_reasoned").why
    _redeclare(host.Customer, required={"display_name": " "})
    assert ask("required_fields_reasoned").status == Status.BROKEN


def test_metadata_of_a_person_is_exported_and_erased_with_them(ask: Any) -> None:
    assert ask("linked_metadata_covered").status == Status.KEPT
    _redeclare(host.PageView, export=())
    assert ask("linked_metadata_covered").status == Status.BROKEN
    _only(host.Order)
    assert ask("linked_metadata_covered").status == Status.CANNOT_TELL


ENDED = [
    ("joined_data_covered", {"source": "feed:partners"}),
    ("statistics_covered", {"category": "statistics"}),
    ("mail_events_ruled", {"category": "mail events"}),
]


@pytest.mark.parametrize(("name", "words"), ENDED)
def test_some_rows_need_an_end_an_export_and_an_erasure(ask: Any, name: str, words: dict[str, Any]) -> None:
    assert ask(name).status == Status.CANNOT_TELL
    _redeclare(host.PageView, **words)
    assert ask(name).status == Status.KEPT
    _redeclare(host.PageView, expires=())
    assert ask(name).status == Status.BROKEN
    _redeclare(host.PageView, expires="P13M from viewed_at", export=())
    assert ask(name).status == Status.BROKEN


def test_an_outside_source_has_a_name_that_the_text_knows(ask: Any, profile: ProfileTable) -> None:
    assert ask("sources_registered").status == Status.CANNOT_TELL
    _redeclare(host.Upload, source="feed:")
    assert ask("sources_registered").status == Status.BROKEN
    _redeclare(host.Upload, source="feed:partners")
    assert ask("sources_registered").status == Status.KEPT
    assert ask("sources_registered", source="provider").status == Status.CANNOT_TELL
    profile.table = {**TABLE, "sources": ["others"]}
    profile.save()
    assert ask("sources_registered").status == Status.BROKEN


def test_a_promise_about_what_is_measured_asks_only_that(ask: Any, profile: ProfileTable) -> None:
    """ADS-1-3: what people gave serves other ends."""
    _redeclare(host.Upload, purpose="resale")
    assert ask("purposes_within").status == Status.BROKEN
    assert ask("purposes_within", kind="usage").status == Status.KEPT
    sound = registry.declarations()[host.PageView]
    _redeclare(host.PageView, purpose="resale")
    assert "host.PageView (resale)" in ask("purposes_within", kind="usage").why
    registry.withdraw(host.PageView)
    registry.declare(host.PageView, sound)
    assert ask("purposes_within", kind="usage").status == Status.KEPT
    _only(host.Order)
    assert ask("purposes_within", kind="usage").status == Status.CANNOT_TELL


def test_client_data_that_serves_our_own_purposes_breaks_it(ask: Any) -> None:
    assert ask("client_data_guarded").status == Status.KEPT
    _redeclare(host.ClientContact, export=("name",))
    assert ask("client_data_guarded").status == Status.BROKEN
    _only(host.Order)
    assert ask("client_data_guarded").status == Status.CANNOT_TELL


def test_own_data_that_is_reached_through_a_clients_breaks_it(ask: Any) -> None:
    _redeclare(host.Order, scope="client", controller="customer", export=())
    assert ask("client_data_guarded").status == Status.BROKEN
    assert ask("client_content_scoped").status == Status.BROKEN
    _redeclare(host.OrderLine, scope="client", controller="order__customer", export=())
    assert ask("client_data_guarded").status == Status.KEPT
    assert ask("client_content_scoped").status == Status.KEPT
    _only(host.Upload)
    assert ask("client_content_scoped").status == Status.CANNOT_TELL


def test_whole_addresses_break_a_promise_of_short_ones(ask: Any, profile: ProfileTable, now: datetime) -> None:
    profile.table = {**TABLE, "ip": "shortened"}
    profile.save()
    view = host.PageView.objects.create(ip="192.0.2.77", path="/", viewed_at=now)
    assert ask("event_fields_within").status == Status.BROKEN
    view.ip = "192.0.2.0"
    view.save()
    assert ask("event_fields_within").status == Status.KEPT
    profile.table = {**TABLE, "ip": "off"}
    profile.save()
    assert ask("event_fields_within").status == Status.BROKEN


def test_roles_are_those_the_profile_names(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from privacy.promises.models import SiteFacts

    assert ask("roles_named").status == Status.CANNOT_TELL
    words = {"code": "TST", "name": "Test", "source": "t.toml", "fingerprint": "f", "loaded_at": "2026-01-01T00:00Z"}
    site = SiteFacts.objects.create(data={"roles": {"own": "controller", "client": "processor"}}, **words)
    assert ask("roles_named", own="controller").status == Status.KEPT
    assert ask("roles_named", own="processor").status == Status.BROKEN
    site.data = {"roles": {"own": "controller"}}
    site.save()
    assert ask("roles_named").status == Status.BROKEN


def test_no_finding_quotes_a_person(ask: Any, profile: ProfileTable) -> None:
    User.objects.create_user("canary-7431", "canary-7431@example.org")
    for check in live_checks:
        if check.name.startswith("datamap."):
            assert "canary" not in ask(check.name.partition(".")[2]).why


def test_a_two_sided_letter_is_no_breach_of_anything(ask: Any) -> None:
    declared = resolved(
        host.Message,
        subject=("sender", "recipient"),
        on_erasure={"sender": Anonymise(subject="", body=""), "recipient": Delete()},
        holds=("subject", "body"),
    )
    assert issubclass(declared.data, PersonalData)
    assert set(declared.decisions["body"].values) == {"sender"}
