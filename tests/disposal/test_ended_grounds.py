"""A ground that ended before the account closes keeps nothing: it does not wait for the night."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from privacy.core.actors import Actor
from privacy.datamap.declarations import Anonymise, Keep, PersonalData
from privacy.datamap.registry import registry
from privacy.disposal.services import Mandate, close_account, preview_account
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

BY_PASSWORD = Mandate("member", "page", "password")
TWELVE_YEARS = timedelta(days=12 * 366)


def test_a_row_whose_every_ground_has_ended_goes_with_its_person(now: datetime, actor: Actor) -> None:
    user = plant("ended")
    old, young = host.Order.objects.order_by("pk")
    host.Order.objects.filter(pk=old.pk).update(placed_at=now - TWELVE_YEARS)

    plan = preview_account(user=user, now=now)
    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)

    assert report.status == "done", report.errors
    assert list(host.Order.objects.values_list("pk", flat=True)) == [young.pk]
    assert set(host.OrderLine.objects.values_list("order", flat=True)) == {young.pk}, "its lines went along"
    [kept] = [item for item in report.kept if item.model == "host.Order"]
    assert (kept.rows, kept.until) == (1, young.placed_at.replace(year=young.placed_at.year + 10))
    assert report.kept == plan.kept
    for steps in (plan.steps, report.steps):
        orders = {(step.action, step.rows) for step in steps if step.model == "host.Order"}
        assert orders == {("anonymise", 1), ("delete", 1)}


def test_of_two_grounds_the_ended_one_empties_its_field_at_the_closure(now: datetime, actor: Actor) -> None:
    class TwoGrounds(PersonalData):
        subject = "customer"
        category = "purchases"
        purpose = "orders"
        legal_basis = "contract"
        on_erasure = Anonymise(address="")
        plain = {"number": "a running number"}
        fields = {
            "total": Keep("tax law", until="P10Y from placed_at"),
            "phone": Keep("claims", until="P3Y from placed_at"),
        }

    user = plant("halfway", orders=1)
    host.Order.objects.update(placed_at=now - timedelta(days=5 * 365))
    registry.withdraw(host.Order)
    registry.declare(host.Order, TwoGrounds)
    registry.changed()

    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)

    assert [item.ground for item in report.kept if item.model == "host.Order"] == ["tax law"]
    assert host.Order.objects.get().phone is None


def test_a_row_that_another_person_is_still_linked_to_stays(now: datetime, actor: Actor) -> None:
    class TwoSides(PersonalData):
        subject = ("sender", "recipient")
        category = "messages"
        purpose = "membership"
        legal_basis = "contract"
        on_erasure: Any = {"sender": Anonymise(subject=""), "recipient": Anonymise()}
        fields = {"body": Keep("disputes", until="P1M from sent_at")}

    user = plant("sent")
    registry.withdraw(host.Message)
    registry.declare(host.Message, TwoSides)
    registry.changed()

    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)

    assert report.status == "done", report.errors
    assert host.Message.objects.filter(recipient__username="somebody-else").exists()
    assert host.Message.objects.filter(sender__username="somebody-else", body="from the other").exists()
