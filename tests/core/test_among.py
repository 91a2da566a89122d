"""One of many values as one parameter: the same rows as ``__in`` finds, on both databases."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import CharField, F
from django.db.models.functions import Cast, Lower

from privacy.core.among import Among, Values
from privacy.disposal.models import Closure, SessionIndex

pytestmark = pytest.mark.django_db

#: What an array or a list in JSON could take for its own signs.
WORDS = ["plain", 'with "quotes"', "it's", "back\\slash", "{braces}", "a,b", "  ", "NULL", "Zoë", "%s", "ta\tb", "☃"]


def test_texts_of_every_kind_are_found_and_no_others(now: datetime) -> None:
    for number, word in enumerate([*WORDS, "another"]):
        SessionIndex.objects.create(session_key=str(number), user_key=word, seen_at=now)
    for some in (WORDS, WORDS[:1], WORDS[3:5]):
        found = SessionIndex.objects.filter(Among("user_key", some)).values_list("user_key", flat=True)
        assert sorted(found) == sorted(some)


def test_numbers_are_found_by_key_and_along_a_link() -> None:
    people = [User.objects.create(username=f"n{number}") for number in range(4)]
    keys = [person.pk for person in people[:2]]
    assert set(User.objects.filter(Among("pk", keys))) == set(people[:2])
    assert set(User.objects.exclude(Among("pk", keys))) == set(people[2:])
    through = User.groups.through.objects.filter(Among("user__pk", keys))
    assert not through.exists()
    assert "auth_user_groups" in str(through.query)
    assert '"auth_user"' not in str(through.query)  # the row's own column is enough


def test_uuids_are_found(now: datetime) -> None:
    keys = [uuid.uuid4() for _ in range(3)]
    for number, key in enumerate(keys):
        Closure.objects.create(id=key, subject_key=str(number), channel="page", closed_at=now, due_at=now)
    assert set(Closure.objects.filter(Among("pk", keys[:2])).values_list("pk", flat=True)) == set(keys[:2])


def test_nothing_among_no_values_and_expressions_may_stand_on_the_left() -> None:
    User.objects.create(username="Somebody")
    assert not User.objects.filter(Among("pk", [])).exists()
    assert User.objects.filter(Among(Lower(F("username")), ["somebody"])).exists()
    assert User.objects.annotate(_low=Lower("username")).filter(Among("_low", ["somebody"])).exists()


def test_many_values_are_one_parameter() -> None:
    _sql, params = User.objects.filter(Among("pk", list(range(5000)))).query.sql_with_params()
    assert len(params) == 1


class Small(CharField):  # type: ignore[type-arg]
    """A site's own field, which stores a text otherwise than it was given."""

    def get_prep_value(self, value: Any) -> Any:
        return str(value).lower()


def test_the_same_values_are_found_in_columns_of_every_kind(now: datetime) -> None:
    """Each form is made once, and never taken for another."""
    one, two = (User.objects.create(username=name) for name in ("ADA", "ada"))
    SessionIndex.objects.create(session_key="s", user_key=str(one.pk), seen_at=now)
    for first in ("numbers", "texts"):
        keys = Values([one.pk])
        texts, numbers = SessionIndex.objects.filter(Among("user_key", keys)), User.objects.filter(Among("pk", keys))
        for asked in (numbers, texts) if first == "numbers" else (texts, numbers):
            assert asked.count() == 1
    names = Values(["ADA"])
    assert list(User.objects.filter(Among("username", names))) == [one]
    small = Among(Cast("username", Small(max_length=150)), names)
    assert list(User.objects.filter(small)) == [two]
    assert list(User.objects.filter(Among("username", names))) == [one]


def test_uuids_are_found_in_texts_too_as_they_are_written(now: datetime) -> None:
    keys = Values([uuid.uuid4()])
    Closure.objects.create(id=keys[0], subject_key=str(keys[0]), channel="page", closed_at=now, due_at=now)
    assert Closure.objects.filter(Among("pk", keys)).count() == 1
    assert Closure.objects.filter(Among("subject_key", keys)).count() == 1
    assert Closure.objects.filter(Among("subject_key", keys.texts)).count() == 1
