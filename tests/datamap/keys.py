"""Run by ``test_keys`` in a process for each kind of primary key; not collected by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.db.models import QuerySet

from privacy.datamap import graph
from privacy.datamap.coverage import coverage
from privacy.datamap.graph import Subjects
from privacy.datamap.registry import registry

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> list[Any]:
    make = get_user_model().objects.create_user
    if settings.AUTH_USER_MODEL.startswith("host_email"):
        return [make(email=f"{name}@example.org") for name in ("ada", "bob")]
    return [make(username=name, email=f"{name}@example.org") for name in ("ada", "bob")]


def test_the_site_is_sound_and_covered() -> None:
    assert [message for message in run_checks(tags=["privacy"]) if message.level >= 40] == []


def test_a_user_model_that_nobody_declared_is_reported() -> None:
    registry.withdraw(get_user_model())
    assert [item.how for item in coverage().undeclared] == ["user model"]


def test_rows_are_found_by_every_way(people: list[Any]) -> None:
    mine, _theirs = [_rows_of(person) for person in people]
    subjects = Subjects.of([people[0].pk])
    for name, rows in mine.items():
        assert set(_found(name, subjects)) == rows, name


def test_keys_are_taken_as_text_too(people: list[Any]) -> None:
    assert Subjects.of([str(people[0].pk)]).keys == (people[0].pk,)
    assert Subjects.of(get_user_model().objects.filter(pk=people[0].pk)).emails == ("ada@example.org",)


def test_rows_can_be_deleted_in_the_order_of_tables(people: list[Any]) -> None:
    for person in people:
        _rows_of(person)
    subjects = Subjects.of([people[0].pk])
    for name in ("Remark", "Stamp", "Page", "Diary", "Member"):
        _found(name, subjects)._raw_delete("default")
    for name, left in (("Remark", 3), ("Stamp", 1), ("Page", 1), ("Diary", 1), ("Member", 1)):
        assert _model(name)._base_manager.count() == left, name


def _rows_of(person: Any) -> dict[str, set[Any]]:
    diary = _model("Diary").objects.create(owner=person, text="d")
    page = _model("Page").objects.create(diary=diary, text="p")
    remarks = {_model("Remark").objects.create(about=about, text="r") for about in (person, diary, page)}
    stamp = _model("Stamp").objects.create(user_key=str(person.pk))
    return {"Member": {person}, "Diary": {diary}, "Page": {page}, "Remark": remarks, "Stamp": {stamp}}


def _found(name: str, subjects: Subjects) -> QuerySet[Any]:
    declared = graph.find(_model(name))
    assert declared is not None
    return declared.rows(declared.sides[0], subjects)


def _model(name: str) -> Any:
    return apps.get_model(get_user_model()._meta.app_label, name)
