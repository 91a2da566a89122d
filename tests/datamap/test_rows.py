"""From a person to their rows, in every shape a site can have."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy import Generic, Sentinel
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise, Delete
from privacy.datamap.graph import Declared, Subjects
from tests.datamap.coverage_cases import resolved
from tests.host import models as host

pytestmark = pytest.mark.django_db

THEN = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def ada() -> User:
    return _person("ada")


@pytest.fixture
def bob() -> User:
    return _person("bob")


def _person(name: str) -> User:
    return User.objects.create_user(name, f"{name.title()}@Example.org", "secret")


def _declared(model: Any) -> Declared:
    found = graph.find(model)
    assert found is not None
    return found


def _found(model: Any, *people: User, side: int = 0) -> set[Any]:
    declared = _declared(model)
    return set(declared.rows(declared.sides[side], Subjects.of([person.pk for person in people])))


def test_one_hop_finds_the_persons_rows_and_nobody_elses(ada: User, bob: User) -> None:
    mine, _theirs = (host.Customer.objects.create(user=person, display_name="x") for person in (ada, bob))
    assert _found(host.Customer, ada) == {mine}


def test_two_hops_are_deletable_in_one_statement(ada: User, bob: User) -> None:
    lines = [_line(person) for person in (ada, bob)]
    declared = _declared(host.OrderLine)
    rows = declared.rows(declared.sides[0], Subjects.of([ada.pk]))
    with CaptureQueriesContext(
        connection,
    ) as captured:
        rows._raw_delete(rows.db)
    assert len(captured) == 1
    assert list(host.OrderLine.objects.all()) == [lines[1]]


def test_the_user_model_is_its_own_row(ada: User, bob: User) -> None:
    assert _found(User, ada) == {ada}


def test_a_two_sided_row_is_found_from_each_side(ada: User, bob: User) -> None:
    letter = host.Message.objects.create(sender=ada, recipient=bob, subject="s", body="b", sent_at=THEN)
    assert _found(host.Message, ada, side=0) == {letter} == _found(host.Message, bob, side=1)
    assert _found(host.Message, bob, side=0) == set() == _found(host.Message, ada, side=1)


def test_a_generic_key_finds_rows_about_the_user_and_about_the_users_rows(ada: User, bob: User) -> None:
    order = _line(ada).order
    about = [_note(ada), _note(order), _note(host.Contract.objects.create(owner=ada, title="t", terms="t"))]
    _note(bob), _note(_line(bob).order)
    assert _found(host.Note, ada) == set(about)


def test_a_generic_key_does_not_mistake_one_models_number_for_anothers(ada: User, bob: User) -> None:
    order = _line(ada).order
    host.Note.objects.create(
        content_type=ContentType.objects.get_for_model(host.Team), object_id=str(order.pk), text=""
    )
    assert _found(host.Note, ada) == set()


def test_a_generic_key_is_followed_only_to_models_that_a_row_points_at(ada: User) -> None:
    declared = _declared(host.Note)
    side = declared.sides[0]
    assert declared.rows(side, Subjects.of([ada.pk])).query.is_empty()
    note = _note(_line(ada).order)
    rows = declared.rows(side, Subjects.of([ada.pk]))
    statement = str(rows.query)
    assert (host.Order._meta.db_table in statement, host.Contract._meta.db_table in statement) == (True, False)
    assert set(rows) == {note}


def test_the_admin_log_is_found_from_who_acted_and_from_whom_it_was_about(ada: User, bob: User) -> None:
    kind = ContentType.objects.get_for_model(User)
    entry = LogEntry.objects.create(
        user=ada, content_type=kind, object_id=str(bob.pk), object_repr="bob", action_flag=CHANGE, change_message=""
    )
    assert _found(LogEntry, ada, side=0) == {entry} == _found(LogEntry, bob, side=1)
    assert _found(LogEntry, bob, side=0) == set() == _found(LogEntry, ada, side=1)


def test_a_reference_to_itself_does_not_drag_answers_of_others_along(ada: User, bob: User) -> None:
    comment = host.Comment.objects.create(author=ada, text="q")
    host.Comment.objects.create(author=bob, parent=comment, text="a")
    assert _found(host.Comment, ada) == {comment}


def test_a_membership_is_personal_and_the_team_is_not(ada: User, bob: User) -> None:
    team = host.Team.objects.create(name="t")
    team.members.set([ada, bob])
    declared = _declared(host.Team.members.through)
    declared.rows(declared.sides[0], Subjects.of([ada.pk])).delete()
    assert list(team.members.all()) == [bob]


def test_an_inherited_link_reaches_the_child_table(ada: User, bob: User) -> None:
    contract = host.Contract.objects.create(owner=ada, title="t", terms="t")
    host.Contract.objects.create(owner=bob, title="t", terms="t")
    assert _found(host.Contract, ada) == {contract}
    assert {row.pk for row in _found(host.Document, ada)} == {contract.pk}
    assert graph.find(host.SignedContract) is graph.find(host.Contract)


def test_an_address_is_matched_whatever_its_case_and_never_when_empty(ada: User) -> None:
    contact = host.NewsletterContact.objects.create(address="aDA@example.ORG", joined_at=THEN)
    nobody = User.objects.create_user("nobody")
    host.NewsletterContact.objects.create(address="", joined_at=THEN)
    assert _found(host.NewsletterContact, ada) == {contact}
    assert _found(host.NewsletterContact, nobody) == set()


def test_a_key_or_a_name_stored_as_a_value_is_found(ada: User, bob: User) -> None:
    by_name = resolved(host.Customer, subject="name:display_name")
    by_key = resolved(host.Customer, subject="key:phone")
    row = host.Customer.objects.create(user=bob, display_name="ada", phone=str(ada.pk))
    for declared in (by_name, by_key):
        assert list(declared.rows(declared.sides[0], Subjects.of([ada.pk]))) == [row]
        assert not declared.rows(declared.sides[0], Subjects.of([bob.pk])).exists()


def test_client_data_is_reached_by_its_controller_only(ada: User, bob: User) -> None:
    row = host.ClientContact.objects.create(client=ada, name="Bob", email=bob.email)
    assert [side.name for side in _declared(host.ClientContact).sides] == ["client"]
    assert _found(host.ClientContact, ada) == {row}
    assert _found(host.ClientContact, bob) == set()


def test_people_are_remembered_by_value_when_their_row_is_gone(ada: User) -> None:
    key = ada.pk
    assert Subjects.of(User.objects.filter(pk=key)) == Subjects((key,), ("Ada@example.org",), ("ada",))
    ada.delete()
    assert Subjects.of([str(key)]) == Subjects((key,), (), ())


def test_queries_do_not_grow_with_people_or_rows(ada: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            subjects = Subjects.of(User.objects.all())
            for declared in graph.declared():
                for side in declared.sides:
                    declared.rows(side, subjects).count()
        return len(captured)

    ContentType.objects.clear_cache()
    _line(ada), _note(ada)
    count()
    before = count()
    for number in range(40):
        person = _person(f"p{number}")
        _line(person), _note(person)
    assert count() == before


def test_a_link_that_may_be_empty_becomes_null_by_itself() -> None:
    erasure = _declared(host.Order).sides[0].erasure
    assert isinstance(erasure, Anonymise)
    assert erasure.values == {"address": "", "phone": None, "customer": None}
    review = _declared(host.Review).sides[0].erasure
    assert isinstance(review, Anonymise)
    assert review.values["author"] == Sentinel(username="former-member")


def test_expiries_have_stable_names_and_the_action_that_was_declared() -> None:
    short, gone = _declared(host.PageView).expiries
    assert (short.name, gone.name) == ("host.PageView:viewed_at:P30D", "host.PageView:viewed_at:P13M")
    assert isinstance(short.action, Anonymise)
    assert set(short.action.values) == {"ip"}
    assert gone.action == Delete()


def test_an_expiry_without_an_action_does_what_every_side_does_together() -> None:
    two = resolved(
        host.Message,
        subject=("sender", "recipient"),
        on_erasure={"sender": Anonymise(body=""), "recipient": Anonymise(subject="")},
        expires="P1M from sent_at",
    )
    action = two.expiries[0].action
    assert isinstance(action, Anonymise)
    assert set(action.values) == {"body", "subject", "sender", "recipient"}


def test_what_is_kept_has_a_ground_and_an_end() -> None:
    (keep,) = _declared(host.Order).keeps
    assert (keep.name, keep.ground, str(keep.period), keep.start) == ("total", "tax law, 10 years", "P10Y", "placed_at")


def test_cache_keys_are_filled_in_for_people_and_for_rows(ada: User) -> None:
    order = _line(ada).order
    subjects = Subjects.of([ada.pk])
    assert list(_declared(host.Customer).cache_keys(subjects)) == [("default", f"customer:{ada.pk}")]
    assert list(_declared(host.Order).cache_keys(subjects)) == [("default", f"order:{order.pk}")]


def test_files_are_known(ada: User) -> None:
    assert [field.name for field in _declared(host.Upload).file_fields] == ["file"]


def test_a_generic_key_of_numbers_ignores_models_with_other_keys(ada: User) -> None:
    numbers = resolved(host.Review, subject=Generic("author", "stars"))
    assert numbers.sides[0].direct_field is host.Review._meta.get_field("stars")


def _line(person: User) -> host.OrderLine:
    order = host.Order.objects.create(
        customer=person, number=f"n{person.pk}-{host.Order.objects.count()}", total=Decimal("1.50"), placed_at=THEN
    )
    return host.OrderLine.objects.create(order=order, article="a", engraving="e")


def _note(about: Any) -> host.Note:
    return host.Note.objects.create(about=about, text="n")
