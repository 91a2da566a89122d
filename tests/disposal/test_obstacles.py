"""What stands in the way of many is told of each, in few queries; what stops one stops nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models.signals import pre_delete
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.datamap.declarations import Delete, ExternalStore, PersonalData
from privacy.datamap.registry import registry
from privacy.disposal.models import Closure
from privacy.disposal.services import Mandate, close_account, preview_account, run_closures
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = Actor.system("night")


def planned(users: Sequence[Any], now: datetime) -> None:
    Closure.objects.bulk_create(
        Closure(subject_key=str(u.pk), pseudonym="p", channel="command", closed_at=now, due_at=now, status="planned")
        for u in users
    )


def without_stand_in() -> None:
    """Nobody stands in for erased authors any more."""
    get_user_model().objects.filter(username="former-member").delete()


def test_a_missing_stand_in_stops_those_who_need_it_and_nobody_else(now: datetime) -> None:
    needing, free = [plant(f"needing{n}", orders=0) for n in range(3)], plant("free", orders=0)
    host.Review.objects.filter(author=free).delete()
    without_stand_in()
    planned([*needing, free], now)

    assert run_closures(now=now, horizon=now, actor=NIGHT) == {"accounts": 1, "partial": 3, "reopened": 0}

    partial = Closure.objects.filter(status="partial")
    assert set(partial.values_list("subject_key", flat=True)) == {str(user.pk) for user in needing}
    assert all("host.Review.author" in closure.errors[0] for closure in partial)
    get_user_model().objects.create_user("former-member")
    assert run_closures(now=now, horizon=now, actor=NIGHT)["accounts"] == 3


@pytest.mark.parametrize("obstacle", ["stand-in", "blocker"])
def test_what_stops_everybody_costs_no_attempt_for_each(now: datetime, obstacle: str, at_full_pace: None) -> None:
    if obstacle == "blocker":
        registry.withdraw(host.Review)
        registry.exclude("host.Review", reason="for this test")

    def queries_for(count: int) -> int:
        planned([plant(f"n{count}x{number}", orders=0) for number in range(count)], now)
        if obstacle == "stand-in":
            without_stand_in()
        with CaptureQueriesContext(connection) as queries:
            assert run_closures(now=now, horizon=now, actor=NIGHT)["partial"] == count
        Closure.objects.all().delete()
        return len(queries)

    queries_for(1)  # caches are warm from here on
    assert queries_for(24) == queries_for(3)


@pytest.mark.parametrize("obstacle", ["stand-in", "blocker"])
def test_the_preview_names_what_would_stop_it(obstacle: str, now: datetime) -> None:
    user = plant("seen")
    if obstacle == "blocker":
        registry.withdraw(host.Review)
        registry.exclude("host.Review", reason="for this test")
    else:
        without_stand_in()
    [blocker] = preview_account(user=user, now=now).blockers
    assert blocker.startswith("host.Review.author: ")


def test_one_record_left_outside_marks_its_own_person_and_nobody_else(now: datetime) -> None:
    users = [plant(f"stored{number}", orders=0) for number in range(8)]
    stubborn, calls = str(users[5].pk), []

    class Shop(ExternalStore):
        name = "shop"

        def erase(self, keys: Sequence[str]) -> None:
            calls.append(len(keys))
            if stubborn in keys:
                raise ConnectionError

        def verify(self, keys: Sequence[str]) -> int:
            return 0

    registry.add_store(Shop)
    planned(users, now)

    assert run_closures(now=now, horizon=now, actor=NIGHT) == {"accounts": 7, "partial": 1, "reopened": 0}

    closure = Closure.objects.get(status="partial")
    assert (closure.subject_key, closure.errors) == (stubborn, ["shop: ConnectionError"])
    assert sorted(calls) == [1, 1, 2, 2, 4, 4, 8]


def test_a_store_that_is_down_is_not_asked_about_each_person(now: datetime, at_full_pace: None) -> None:
    calls = []

    class Down(ExternalStore):
        name = "down"

        def erase(self, keys: Sequence[str]) -> None:
            calls.append(len(keys))
            raise TimeoutError

        def verify(self, keys: Sequence[str]) -> int:
            return 0

    registry.add_store(Down)
    planned(get_user_model().objects.bulk_create(get_user_model()(username=f"d{n}") for n in range(100)), now)

    assert run_closures(now=now, horizon=now, actor=NIGHT)["partial"] == 100
    assert len(calls) < 40
    assert {tuple(found) for found in Closure.objects.values_list("errors", flat=True)} == {("down: TimeoutError",)}


class HookedComments(PersonalData):
    subject = "author"
    category = "posts"
    purpose = "membership"
    legal_basis = "contract"
    on_erasure = Delete()
    holds = ("text",)
    hooks = True


def test_a_handler_that_refuses_everybody_leaves_everybody_partial(now: datetime) -> None:
    """Nothing can tell beforehand: each account is tried, and each has its reason."""

    def refuse(**kwargs: Any) -> None:
        raise RuntimeError

    registry.withdraw(host.Comment)
    registry.declare(host.Comment, HookedComments)
    planned([plant(f"refused{number}", orders=0) for number in range(5)], now)
    pre_delete.connect(refuse, sender=host.Comment)
    try:
        assert run_closures(now=now, horizon=now, actor=NIGHT)["partial"] == 5
    finally:
        pre_delete.disconnect(refuse, sender=host.Comment)
    assert {tuple(found) for found in Closure.objects.values_list("errors", flat=True)} == {("RuntimeError",)}


def test_rows_with_hooks_take_no_undeclared_row_along(now: datetime, actor: Actor) -> None:
    """``Model.delete()`` cascades: what nobody declared would go behind the plan's back."""

    class HookedOrders(PersonalData):
        subject = "customer"
        category = "purchases"
        purpose = "orders"
        legal_basis = "contract"
        on_erasure = Delete()
        holds = ("number", "address", "phone", "total")
        hooks = True

    registry.withdraw(host.OrderLine)
    registry.withdraw(host.Order)
    registry.declare(host.Order, HookedOrders)
    user = plant("cascade")

    report = close_account(user=user, mandate=Mandate("staff", "admin", "document"), now=now, actor=actor)

    assert report.status == "partial"
    assert report.errors[0].startswith("host.OrderLine.order: ")
    assert host.OrderLine.objects.count() == 2


def test_tokens_go_with_the_cut_off_although_nothing_else_may(now: datetime, actor: Actor) -> None:
    class Keys(HookedComments):
        hooks = False
        access = True

    registry.withdraw(host.Comment)
    registry.declare(host.Comment, Keys)
    user = plant("tokens")
    without_stand_in()

    report = close_account(user=user, mandate=Mandate("staff", "admin", "document"), now=now, actor=actor)

    assert report.status == "partial"
    assert not host.Comment.objects.filter(author=user).exists()


def test_a_token_that_resists_never_keeps_the_account_open(now: datetime, actor: Actor) -> None:
    class Keys(HookedComments):
        access = True

    def refuse(**kwargs: Any) -> None:
        raise RuntimeError

    registry.withdraw(host.Comment)
    registry.declare(host.Comment, Keys)
    user = plant("resists")
    pre_delete.connect(refuse, sender=host.Comment)
    try:
        report = close_account(user=user, mandate=Mandate("staff", "admin", "document"), now=now, actor=actor)
    finally:
        pre_delete.disconnect(refuse, sender=host.Comment)
    assert (report.status, report.errors) == ("partial", ("RuntimeError",))
    assert not get_user_model().objects.get(pk=user.pk).is_active
