"""Placing, reviewing and releasing holds: what is refused, and what the database itself refuses."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction

from privacy.core.actors import Actor
from privacy.disposal.holds import placing as holding
from privacy.disposal.holds.rules import HoldRules, WrongHoldRules
from privacy.disposal.models import Closure, Hold
from privacy.disposal.services import Mandate, close_account
from privacy.promises.models import ProfileTable
from tests.disposal.holding import LATER, SOON, hold

pytestmark = pytest.mark.django_db(transaction=True)


def person(name: str = "somebody") -> Any:
    return get_user_model().objects.create_user(name, f"{name}@example.org", "x")


@pytest.mark.parametrize("case", ["2026/K-17", "12 O 345/26", "VIII ZR 3/26", "4711", "K-17/2026-3"])
def test_a_file_number_is_a_case(case: str, now: datetime) -> None:
    assert hold(now, person(), case=case).case == case


@pytest.mark.parametrize(
    "case", ["Smith", "Smith/2026", "2026/Lee", "J-O-H-N-S-M-I-T-H-1", "K/L", "a@b.c1", "1" * 33, "1\n2"]
)
def test_a_word_that_could_name_somebody_is_no_case(case: str, now: datetime) -> None:
    with pytest.raises(holding.WrongCase) as refusal:
        hold(now, person(), case=case)
    assert case not in str(refusal.value)


def test_a_ground_that_the_text_does_not_name_is_refused(now: datetime) -> None:
    ProfileTable.objects.create(name="holds", table={"grounds": ["law"]})
    assert hold(now, person("one"), ground="law").ground == "law"
    with pytest.raises(holding.UnknownGround, match="law"):
        hold(now, person("two"), ground="litigation")


def test_a_hold_on_everything_of_everybody_is_refused(now: datetime) -> None:
    with pytest.raises(holding.NothingHeld):
        hold(now)


def test_only_declared_categories_are_held(now: datetime) -> None:
    with pytest.raises(holding.UnknownCategory):
        hold(now, None, "weather")


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("review_at", {"review_at": timedelta()}),
        ("ends_at", {"ends_at": SOON - timedelta(days=1)}),
        ("review_at", {"review_at": timedelta(days=200), "ends_at": timedelta(days=300)}),
    ],
)
def test_dates_in_the_wrong_order_or_too_far_ahead_are_refused(field: str, given: Any, now: datetime) -> None:
    ProfileTable.objects.create(name="holds", table={"grounds": ["litigation"], "review_every": "P6M"})
    with pytest.raises(holding.WrongDates) as refusal:
        hold(now, person(), **{name: now + span for name, span in given.items()})
    assert refusal.value.field == field


def test_the_same_hold_twice_is_refused_and_another_case_is_not(now: datetime) -> None:
    somebody = person()
    hold(now, somebody, "documents", "uploads", case="1/26")
    with pytest.raises(holding.AlreadyHeld):
        hold(now, somebody, "uploads", "documents", case="1/26")
    hold(now, somebody, "uploads", "documents", case="2/26")
    assert Hold.objects.count() == 2


def test_an_account_that_is_gone_cannot_be_held(now: datetime) -> None:
    somebody = person()
    get_user_model().objects.filter(pk=somebody.pk).delete()
    with pytest.raises(holding.NobodyToHold):
        hold(now, somebody)


def test_a_review_sets_the_next_dates_and_the_alarm_back(now: datetime, actor: Actor) -> None:
    placed = hold(now, person())
    Hold.objects.update(alarm="review")
    later = now + timedelta(days=61)
    holding.review_hold(hold=placed, review_at=later + SOON, ends_at=later + LATER, now=later, actor=actor)
    placed.refresh_from_db()
    assert (placed.reviewed_at, placed.review_at, placed.alarm) == (later, later + SOON, "")
    assert placed.state(later) == "in_force"


def test_a_released_hold_is_neither_reviewed_nor_released_again(now: datetime, actor: Actor) -> None:
    placed = hold(now, person())
    assert holding.release_hold(hold=placed, now=now, actor=actor) == 1
    with pytest.raises(holding.NotInForce):
        holding.release_hold(hold=placed, now=now, actor=actor)
    with pytest.raises(holding.NotInForce):
        holding.review_hold(hold=placed, review_at=now + SOON, ends_at=now + LATER, now=now, actor=actor)


def test_a_case_is_released_as_a_whole(now: datetime, actor: Actor) -> None:
    first = hold(now, person("one"), case="9/26")
    hold(now, person("two"), case="9/26")
    hold(now, None, "uploads", case="9/26")
    other = hold(now, person("three"), case="10/26")
    assert holding.release_hold(hold=first, whole_case=True, now=now, actor=actor) == 3
    assert list(Hold.objects.in_force()) == [other]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ground": ""},
        {"subject_key": ""},
        {"scope": "category"},
        {"scope": "category", "subject_key": ""},
        {"scope": "other"},
        {"review_at": timedelta()},
        {"ends_at": timedelta(days=1)},
        {"released_at": timedelta(days=-1)},
        {"alarm": "loud"},
    ],
)
def test_the_database_itself_refuses_a_hold_without_person_ground_or_dates(
    wrong: dict[str, Any], now: datetime
) -> None:
    given: dict[str, Any] = {
        "scope": "person",
        "subject_key": "7",
        "ground": "law",
        "placed_at": now,
        "review_at": now + SOON,
        "ends_at": now + LATER,
    }
    Hold.objects.create(**given)
    moved = {name: now + value if isinstance(value, timedelta) else value for name, value in wrong.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.create(**given | moved)


@pytest.mark.parametrize(
    "table",
    [{"reasons": []}, {"grounds": []}, {"grounds": "law"}, {"grounds": ["Mr Smith"]}, {"review_every": "P0D"}],
)
def test_a_wrong_table_of_holds_is_refused_by_name(table: dict[str, Any]) -> None:
    with pytest.raises(WrongHoldRules, match=rf"holds\.{next(iter(table))}"):
        HoldRules.parse(table)


def test_a_hold_waits_for_the_closure_that_is_destroying_its_person(now: datetime, actor: Actor) -> None:
    """Whoever comes second sees what the first did: either the hold stops the closure, or nobody is left to hold."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    somebody = person()
    get_user_model().objects.get_or_create(username="former-member")
    said: list[str] = []

    def place() -> None:
        try:
            hold(now, somebody)
            said.append("held")
        except holding.NobodyToHold:
            said.append("gone")
        finally:
            connection.close()

    with transaction.atomic():
        close_account(user=somebody, mandate=Mandate("member", "page", "password"), now=now, actor=actor)
        other = threading.Thread(target=place)
        other.start()
        other.join(timeout=1)
        assert other.is_alive(), "it waits for the row"
    other.join(timeout=20)
    assert said == ["gone"]
    assert not Hold.objects.exists()
    assert Closure.objects.get().status in ("done", "cut_off")
