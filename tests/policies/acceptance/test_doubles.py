"""A second click says nothing new: one line stays, and whatever is said anew or in another way is another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry
from privacy.policies.acceptance import services
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, Event
from privacy.policies.models import PolicyNotice, PolicyVersion
from privacy.policies.services import withdraw
from tests.disposal.test_races import at_once
from tests.people import client_of
from tests.policies.acceptance.conftest import DAY, agree

PAGE = "/account/privacy/policies/"
SECOND = timedelta(seconds=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now() - timedelta(minutes=5)


def test_two_clicks_write_one_line_and_are_answered_alike(asks: PolicyVersion, joins: Callable[..., Any]) -> None:
    client = client_of(joins())
    said = {"versions": "privacy.en.1,terms.en.1", "next": "/page/"}
    answers = [client.post(PAGE, said) for _ in range(3)]
    assert [(each.status_code, each["Location"]) for each in answers] == [(302, "/page/")] * 3
    assert Acceptance.objects.count() == AcceptanceContext.objects.count() == 1
    assert EvidenceEntry.objects.filter(act="policies.accepted").count() == 1
    assert PolicyNotice.objects.exclude(seen_at=None).count() == 2  # the banner stays away


def test_the_second_click_gives_the_line_of_the_first(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    assert agree(user, asks, at=now) == agree(user, asks, at=now + SECOND)
    assert Acceptance.objects.get().at == now


def test_one_person_says_nothing_for_another(asks: PolicyVersion, joins: Callable[..., Any], now: datetime) -> None:
    people = [Person.of_user(joins()), Person.of_user(joins("bob")), Person(address="a@example.org")]
    for person in people * 2:
        said: dict[str, Any] = {"event": Event.CHANGE, "surface": "page", "now": now, "actor": Actor.system("tests")}
        services.accept(person=person, versions=[asks.pk], **said)
    assert Acceptance.objects.count() == 3


def test_a_newer_version_is_accepted_in_a_line_of_its_own(
    asks: PolicyVersion, publishes: Callable[..., PolicyVersion], joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    agree(user, asks, at=now)
    second = publishes("Second.", at=now + DAY)
    agree(user, second, at=now + 2 * DAY)
    publishes("More terms.", document="terms", at=now + 3 * DAY)
    agree(user, second, at=now + 4 * DAY)  # the same version with another companion is another word
    assert Acceptance.objects.count() == 3


@pytest.mark.parametrize("said_between", [True, False])
def test_what_binds_again_after_a_withdrawal_is_accepted_anew(
    asks: PolicyVersion,
    publishes: Callable[..., PolicyVersion],
    joins: Callable[..., Any],
    now: datetime,
    actor: Actor,
    said_between: bool,
) -> None:
    user = joins()
    agree(user, asks, at=now)
    second = publishes("Second.", at=now + DAY)
    if said_between:
        agree(user, second, at=now + DAY)
    withdraw(version=second, reason="The wrong file.", now=now + 2 * DAY, actor=actor)
    again = agree(user, asks, at=now + 3 * DAY)
    assert again.at == now + 3 * DAY
    assert agree(user, asks, at=now + 4 * DAY) == again
    assert Acceptance.objects.count() == 2 + said_between


def test_who_is_asked_again_because_the_line_lost_its_person_is_written_again(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    agree(user, asks, at=now)
    AcceptanceContext.objects.all().delete()  # its end had come
    agree(user, asks, at=now + DAY)
    assert Acceptance.objects.count() == 2


def test_the_same_versions_in_another_way_are_another_line(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    by_staff: dict[str, Any] = {"person": Person.of_user(user), "surface": "paper", "actor": Actor("staff", key="4711")}
    for _ in range(2):
        agree(user, asks, at=now)
        agree(user, asks, at=now, surface="api")
        agree(user, asks, at=now, language="de")
        agree(user, asks, at=now, event=Event.SIGNUP)
        services.accept_on_behalf(reason="Form 12.", now=now, **by_staff)
        services.accept_on_behalf(reason="Form 13.", now=now, **by_staff)
    assert Acceptance.objects.count() == 6


def test_two_purchases_are_two_unless_they_are_said_to_be_one(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    for about in ("", "", "shop.Order 17", "shop.Order 17", "shop.Order 18"):
        agree(user, asks, at=now, event=Event.PURCHASE, about=about)
    assert sorted(AcceptanceContext.objects.values_list("about", flat=True)) == [
        "",
        "",
        "shop.Order 17",
        "shop.Order 18",
    ]


def test_staff_who_send_their_form_twice_enter_one_line(
    asks: PolicyVersion, joins: Callable[..., Any], chief: Client
) -> None:
    joins()
    said = {"person": "ada", "surface": "paper", "reason": "Signed form 12."}
    for _ in range(2):
        assert chief.post(reverse("admin:privacy_acceptance_add"), said).status_code == 302
    assert Acceptance.objects.count() == 1


def test_a_second_click_takes_the_same_number_of_queries_for_any_number_of_acceptances(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime, django_assert_num_queries: Any
) -> None:
    user = joins()
    agree(user, asks, at=now)
    with CaptureQueriesContext(connection) as first:
        agree(user, asks, at=now)
    for number in range(20):
        agree(user, asks, at=now, event=Event.PURCHASE, about=f"shop.Order {number}")
    with django_assert_num_queries(len(first)):
        agree(user, asks, at=now)
    assert Acceptance.objects.count() == 21


@pytest.mark.django_db(transaction=True)
def test_clicks_at_the_same_time_write_one_line(asks: PolicyVersion, joins: Callable[..., Any]) -> None:
    for turn in range(5):
        clients = [client_of(user) for user in [joins(f"ada{turn}")] for _ in range(4)]

        def click(client: Client) -> Callable[[], tuple[int, str]]:
            def press() -> tuple[int, str]:
                answer = client.post(PAGE, {"versions": f"{asks.pk},terms.en.1", "next": "/page/"})
                return answer.status_code, answer["Location"]

            return press

        assert at_once(*[click(client) for client in clients]) == [(302, "/page/")] * 4
        assert Acceptance.objects.count() == turn + 1
    assert EvidenceEntry.objects.filter(act="policies.accepted").count() == 5


@pytest.mark.django_db(transaction=True)
def test_what_is_said_at_the_same_time_without_a_banner_is_one_line_as_well(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    for turn in range(1, 6):
        user = joins(f"ada{turn}")
        rows = at_once(*[lambda user=user: agree(user, asks, at=now, event=Event.SIGNUP)] * 4)
        assert len({row.pk for row in rows}) == 1
        assert Acceptance.objects.count() == turn
