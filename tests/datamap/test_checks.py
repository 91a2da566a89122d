"""Every way in which a declaration can be wrong: its id, the field it names, and that a mend is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks

from privacy import (
    Anonymise,
    Delete,
    Expire,
    ExternalStore,
    Generic,
    Keep,
    PersonalData,
    Sentinel,
    Shorten,
    exclude,
    register,
    register_store,
)
from privacy.datamap import checks
from privacy.datamap.registry import DeclaredTwice, NoReason, NotDeclarable, registry
from tests.datamap.coverage_cases import errors, resolved
from tests.host import models as host

ORDER = {
    "subject": "customer",
    "on_erasure": Anonymise(address="", phone=None),
    "fields": {"total": Keep("tax law", until="P10Y from placed_at")},
    "plain": {"number": "our own"},
}
JOINED = "P1Y from joined_at"
BROKEN: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("E101", "host.Order.buyer", host.Order, {**ORDER, "subject": "buyer"}),
    ("E101", "host.Order.number", host.Order, {**ORDER, "subject": "number"}),
    ("E101", "host.OrderLine.order", host.OrderLine, {"subject": "order", "holds": ("article", "engraving")}),
    ("E101", "host.Order.post:address", host.Order, {**ORDER, "subject": "post:address"}),
    ("E101", "host.Order.email:customer", host.Order, {**ORDER, "subject": "email:customer"}),
    ("E101", "host.Note.key", host.Note, {"subject": Generic("content_type", "key"), "holds": ("text",)}),
    ("E102", "host.Order.phone", host.Order, {**ORDER, "on_erasure": Anonymise(address="")}),
    ("E102", "host.Order.total", host.Order, {**ORDER, "fields": {}}),
    ("E103", "host.Comment.author", host.Comment, {"subject": "author", "on_erasure": Anonymise(text="")}),
    ("E103", "host.Comment.author", host.Comment, {"subject": "author", "on_erasure": Anonymise(author=None, text="")}),
    (
        "E103",
        "host.NewsletterContact.address",
        host.NewsletterContact,
        {"subject": "email:address", "on_erasure": Anonymise(name="")},
    ),
    (
        "E103",
        "host.Upload.owner",
        host.Upload,
        {
            "subject": "owner",
            "holds": ("title", "file"),
            "on_erasure": Keep("law", until="P1Y from owner__date_joined"),
        },
    ),
    (
        "E103",
        "host.NewsletterContact.address",
        host.NewsletterContact,
        {"subject": "email:address", "holds": ("address", "name"), "on_erasure": Keep("law", until=JOINED)},
    ),
    (
        "E103",
        "host.Comment.email:author__email",
        host.Comment,
        {
            "subject": "email:author__email",
            "holds": ("text",),
            "on_erasure": Keep("law", until="P1Y from author__date_joined"),
        },
    ),
    ("E103", "auth.User.self", User, {"subject": "self", "on_erasure": Keep("law", until="P3Y from date_joined")}),
    (
        "E101",
        "host.OrderLine.order__number",
        host.OrderLine,
        {"subject": Generic("order", "order__number"), "holds": ("article", "engraving")},
    ),
    ("E104", "host.Review.author", host.Review, {"subject": "email:author__email", "holds": ("signed_as",)}),
    ("E104", "host.OrderLine.order", host.Order, {"subject": "customer", "holds": ("number", "address", "phone")}),
    ("E105", "host.Order.expires", host.Order, {**ORDER, "expires": "P13M"}),
    ("E105", "host.Order.expires", host.Order, {**ORDER, "expires": "13 months from placed_at"}),
    ("E105", "host.Order.expires", host.Order, {**ORDER, "expires": Expire("P13M from number")}),
    ("E105", "host.Order.expires", host.Order, {**ORDER, "expires": "P13M from sold_at"}),
    ("E105", "host.Order.total", host.Order, {**ORDER, "fields": {"total": Keep("tax law", until="")}}),
    ("E106", "host.Order.category", host.Order, {**ORDER, "category": ""}),
    ("E106", "host.Order.purpose", host.Order, {**ORDER, "purpose": ""}),
    ("E106", "host.Order.legal_basis", host.Order, {**ORDER, "legal_basis": ""}),
    ("E106", "host.Order.legal_basis", host.Order, {**ORDER, "legal_basis": "habit"}),
    ("E106", "host.Order.scope", host.Order, {**ORDER, "scope": "ours"}),
    ("E106", "host.Order.kind", host.Order, {**ORDER, "kind": "secret"}),
    ("E106", "host.Order.source", host.Order, {**ORDER, "source": "somewhere"}),
    ("E106", "host.Order.on_ereasure", host.Order, {**ORDER, "on_ereasure": Delete()}),
    ("E106", "host.Order.controller", host.Order, {**ORDER, "scope": "client"}),
    ("E106", "host.Order.subject", host.Order, {**ORDER, "subject": ()}),
    (
        "E106",
        "host.Order.number",
        host.Order,
        {**ORDER, "plain": {}, "on_erasure": Anonymise(address="", phone=None, number="gone")},
    ),
    ("E106", "host.Order.phone", host.Order, {**ORDER, "on_erasure": Anonymise(address="", phone=Shorten())}),
    (
        "E106",
        "host.Order.customer",
        host.Order,
        {**ORDER, "on_erasure": Anonymise(address="", phone=None, customer=Sentinel(nick="x"))},
    ),
    (
        "E106",
        "host.Upload.title",
        host.Upload,
        {"subject": "owner", "holds": ("file",), "fields": {"title": Keep("law", until="P1Y from owner__date_joined")}},
    ),
    (
        "E106",
        "host.Message.on_erasure",
        host.Message,
        {"subject": ("sender", "recipient"), "on_erasure": {"sender": Anonymise(subject="", body="")}},
    ),
    ("E106", "host.Order.holds", host.Order, {**ORDER, "holds": "address"}),
    ("E106", "host.Order.export", host.Order, {**ORDER, "export": (1,)}),
    ("E106", "host.Order.category", host.Order, {**ORDER, "category": None}),
    ("E106", "host.Order.subject", host.Order, {**ORDER, "subject": 7}),
    ("E106", "host.Order.plain", host.Order, {**ORDER, "plain": ("number",)}),
    ("E106", "host.Order.plain", host.Order, {**ORDER, "plain": {"number": " "}}),
    ("E106", "host.Order.on_erasure", host.Order, {**ORDER, "on_erasure": Delete}),
    ("E106", "host.Order.on_erasure", host.Order, {**ORDER, "on_erasure": "delete"}),
    ("E106", "host.Order.on_erasure", host.Order, {**ORDER, "on_erasure": {"customer": None}}),
    ("E106", "host.Order.expires", host.Order, {**ORDER, "expires": 730}),
    ("E106", "host.Order.fields", host.Order, {**ORDER, "fields": ("total",)}),
    ("E106", "host.Order.fields", host.Order, {**ORDER, "fields": {"total": "tax law"}}),
    ("E106", "host.Order.fields", host.Order, {**ORDER, "fields": {"total": Keep(until="P10Y from placed_at")}}),
    ("E105", "host.Order.total", host.Order, {**ORDER, "fields": {"total": Keep("tax law")}}),
    (
        "E106",
        "host.Order.customer",
        host.Order,
        {**ORDER, "on_erasure": Anonymise(customer=7, address="", phone=None)},
    ),
    ("E107", "host.Order.fax", host.Order, {**ORDER, "plain": {"number": "our own", "fax": "none left"}}),
    ("E107", "host.Order.fax", host.Order, {**ORDER, "export": ("fax",)}),
    ("E107", "host.Order.fax", host.Order, {**ORDER, "required": {"fax": "delivery"}}),
]


@pytest.mark.parametrize(("code", "field", "model", "words"), BROKEN, ids=lambda value: str(value)[:40])
def test_a_broken_declaration_is_told_by_id_and_field(code: str, field: str, model: Any, words: Any) -> None:
    registry.withdraw(model)
    registry.declare(model, resolved(model, **words).data)
    found = [message for message in errors() if str(message.msg).startswith(f"{field}:")]
    assert f"privacy.{code}" in {str(message.id) for message in found}
    assert all(message.hint for message in found)


def test_the_declaration_that_the_cases_break_is_sound_by_itself() -> None:
    registry.withdraw(host.Order)
    registry.declare(host.Order, resolved(host.Order, **ORDER).data)
    assert errors() == []


def test_a_nullable_protect_of_a_declared_model_blocks_nothing() -> None:
    assert host.Invoice._meta.get_field("customer").null
    assert errors() == []


def test_an_excluded_model_that_protects_is_told() -> None:
    registry.withdraw(host.Review)
    exclude(host.Review, reason="all of them are invented")
    assert [(str(message.id), str(message.msg).partition(":")[0]) for message in errors()] == [
        ("privacy.E104", "host.Review.author")
    ]


def test_a_model_that_nobody_has_looked_at_stops_no_command_of_a_site_that_only_begins(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "COVERAGE": "warn"}
    registry.withdraw(host.Review)
    assert errors() == []
    warnings = [message for message in run_checks(tags=["privacy"]) if str(message.msg).startswith("host.Review.")]
    assert [str(message.id) for message in warnings] == ["privacy.W120"]


def test_a_slip_of_the_pen_is_told_with_the_word_that_was_meant() -> None:
    words = {**ORDER, "exports": ("number",), "export": ("adress",)}
    registry.withdraw(host.Order)
    registry.declare(host.Order, resolved(host.Order, **words).data)
    hints = {str(message.msg).partition(":")[0]: str(message.hint) for message in errors()}
    assert hints["host.Order.exports"] == 'Write "export", or remove it.'
    assert hints["host.Order.adress"] == 'Write "address", or remove it from export.'


@pytest.mark.parametrize("given", ["host.Order", PersonalData])
def test_only_models_can_be_registered(given: Any) -> None:
    with pytest.raises(NotDeclarable, match=r"Import the model"):
        register(given)


def test_only_a_declaration_can_declare() -> None:
    class Forgotten:
        subject = "customer"

    with pytest.raises(NotDeclarable, match=r"Forgotten.*class OrderData\(PersonalData\)"):
        register(host.Order)(Forgotten)  # type: ignore[type-var]


def test_an_exclusion_of_a_model_that_does_not_exist_is_told() -> None:
    exclude("host.Ordr", reason="holds nobody")
    assert [(str(message.id), "host.ordr" in str(message.msg)) for message in errors()] == [("privacy.E109", True)]


def test_the_same_model_cannot_be_declared_twice() -> None:
    with pytest.raises(DeclaredTwice, match=r"host\.Order"):
        register(host.Order)(type("Again", (registry.declarations()[host.Order],), {}))
    with pytest.raises(DeclaredTwice):
        exclude(host.Order, reason="or is it")


def test_a_proxy_cannot_be_declared_beside_the_model_behind_it() -> None:
    with pytest.raises(DeclaredTwice, match=r"host\.Contract"):
        register(host.SignedContract)(registry.declarations()[host.Contract])


def test_an_exclusion_needs_a_reason() -> None:
    registry.withdraw(host.Upload)
    with pytest.raises(NoReason, match=r"host\.Upload"):
        exclude(host.Upload, reason=" ")


def test_a_host_may_declare_what_came_bundled_in_its_own_words() -> None:
    from django.contrib.auth.models import User

    words = resolved(User, subject="self", holds=("username", "first_name", "last_name", "email", "password"))
    register(User)(words.data)
    assert registry.declarations()[User] is words.data
    with pytest.raises(DeclaredTwice):
        register(User)(words.data)


def test_two_external_stores_cannot_share_a_name() -> None:
    register_store(type("Search", (ExternalStore,), {"name": "search"}))
    with pytest.raises(DeclaredTwice, match="Search"):
        register_store(type("SearchAgain", (ExternalStore,), {"name": "search"}))
    with pytest.raises(DeclaredTwice, match="needs a name"):
        register_store(type("Nameless", (ExternalStore,), {}))


def test_the_checks_are_bound_to_manage_check() -> None:
    registry.withdraw(host.Upload)
    assert "privacy.W120" in {message.id for message in run_checks()}
    assert checks.undeclared()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"erase": lambda self, keys: None}, "the store has no verify()"),
        ({"verify": lambda self, keys: 0}, "the store has no erase()"),
        ({"timeout": 0}, "its timeout is no time in seconds"),
        ({"timeout": True}, "its timeout is no time in seconds"),
        ({"timeout": "10"}, "its timeout is no time in seconds"),
        ({"name": "n" * 101}, "its name is longer than 100 characters"),
    ],
)
def test_a_store_that_could_never_confirm_is_named(words: dict[str, Any], says: str) -> None:
    """E110."""
    whole = {"name": "crm", "erase": lambda self, keys: None, "verify": lambda self, keys: 0}
    if "erase" in words or "verify" in words:
        whole = {"name": "crm"}
    register_store(type("Crm", (ExternalStore,), whole | words))
    assert [
        message.msg.partition(": ")[2] for message in run_checks(tags=["privacy"]) if message.id == "privacy.E110"
    ] == [f"{says}."]
