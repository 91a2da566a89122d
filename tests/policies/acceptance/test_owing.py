"""What a member has still to accept: who is asked, after which change, and who is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import override_settings

from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.policies.acceptance.models import AcceptedVersion, Event, Kind
from privacy.policies.acceptance.owing import owing
from privacy.policies.acceptance.queries import asked_of
from privacy.policies.acceptance.services import accept_by_use, accept_on_behalf, deem
from privacy.policies.models import PolicyNotice, PolicyVersion
from privacy.policies.rules import policy_rules
from privacy.policies.services import withdraw
from tests.policies.acceptance.conftest import ASKS, BY_USE, DAY, agree
from tests.policies.conftest import PROFILE

Publishes = Callable[..., PolicyVersion]


def owes(user: Any, at: datetime) -> tuple[str, ...]:
    return owing(str(user.pk), policy_rules(), now=at).documents


def test_a_material_change_asks_again_and_a_corrected_letter_does_not(
    asks: PolicyVersion, publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    assert owes(user, now) == ("privacy",)
    agree(user, asks, at=now)
    assert owes(user, now) == ()
    publishes("A letter.", at=now + DAY, material=False)
    assert owes(user, now + DAY) == ()
    third = publishes("A purpose.", at=now + 2 * DAY)
    assert owes(user, now + 2 * DAY) == ("privacy",)
    agree(user, third, at=now + 2 * DAY)
    assert owes(user, now + 2 * DAY) == ()


def test_a_material_change_is_not_hidden_by_a_corrected_letter_after_it(
    asks: PolicyVersion, publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    agree(user, asks, at=now)
    publishes("A purpose.", at=now + DAY)
    publishes("A letter.", at=now + 2 * DAY, material=False)
    assert owes(user, now + 3 * DAY) == ("privacy",)


def test_an_account_older_than_the_app_is_asked_and_never_filled_in(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins(at=now - 900 * DAY)
    assert owes(user, now) == ("privacy",)
    question = asked_of(Person.of_user(user), joined_at=user.date_joined, now=now)
    assert (question.before_app, question.never, question.is_open) == (True, True, True)
    newcomer = joins("new")
    assert not asked_of(Person.of_user(newcomer), joined_at=newcomer.date_joined, now=now).before_app


def test_a_purchase_answers_no_question(
    asks: PolicyVersion, publishes: Publishes, joins: Callable[..., Any], now: datetime, actor: Actor
) -> None:
    user = joins()
    agree(user, asks, at=now)
    publishes("A purpose.", at=now + DAY)
    deem(person=Person.of_user(user), event=Event.PURCHASE, surface="page", now=now + 2 * DAY, actor=actor)
    assert owes(user, now + 2 * DAY) == ("privacy",)
    accept_on_behalf(
        person=Person.of_user(user), reason="Called.", surface="phone", now=now + 2 * DAY, actor=Actor("staff", "1")
    )
    assert owes(user, now + 2 * DAY) == ()


def test_a_translation_asks_nobody_again(
    asks: PolicyVersion, publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    agree(user, asks, at=now)
    publishes("Deutsch.", language="de", at=now + DAY)
    assert owes(user, now + 2 * DAY) == ()


def test_a_version_that_was_withdrawn_asks_nobody(
    asks: PolicyVersion, publishes: Publishes, joins: Callable[..., Any], now: datetime, actor: Actor
) -> None:
    user = joins()
    agree(user, asks, at=now)
    second = publishes("A mistake.", at=now + DAY)
    assert owes(user, now + DAY) == ("privacy",)
    withdraw(version=second, reason="A mistake.", now=now + DAY, actor=actor)
    assert owes(user, now + 2 * DAY) == ()
    third = publishes("A purpose.", at=now + 3 * DAY)
    assert owes(user, now + 3 * DAY) == ("privacy",)
    agree(user, third, at=now + 3 * DAY)


def test_a_version_that_does_not_bind_yet_asks_nobody(
    profile: Callable[..., None], publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    profile(ASKS.replace("[policies]\n", '[policies]\neffect = "notice"\nlead = "P30D"\n'))
    first = publishes("First.", at=now - 60 * DAY)
    user = joins()
    agree(user, first, at=now)
    publishes("Second.", at=now)
    found = owing(str(user.pk), policy_rules(), now=now)
    assert found.documents == ()
    assert found.quiet_until is not None
    assert now < found.quiet_until <= now + 31 * DAY
    assert owes(user, now + 29 * DAY) == ()
    assert owes(user, now + 31 * DAY) == ("privacy",)


def test_the_day_is_right_for_each_member_where_it_depends_on_their_mail(
    profile: Callable[..., None], publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    """CPT: the earlier of mail + x and posting + y, for each by itself."""
    profile(ASKS.replace("[policies]\n", '[policies]\neffect = "earlier"\nemail_lead = "P2D"\nposting_lead = "P9D"\n'))
    first = publishes("First.", at=now - 60 * DAY)
    mailed, unmailed = joins("mailed"), joins("unmailed")
    for user in (mailed, unmailed):
        agree(user, first, at=now)
    second = publishes("Second.", at=now)
    before = owing(str(mailed.pk), policy_rules(), now=now)
    assert before.quiet_until is not None
    assert before.quiet_until <= now + 3 * DAY, "a mail that goes now may bind so early: a pass may not outlast it"
    PolicyNotice.objects.create(version=second, user_key=str(mailed.pk), dispatched_at=now)
    assert owes(mailed, now + 4 * DAY) == ("privacy",)
    assert owes(unmailed, now + 4 * DAY) == ()
    assert owes(unmailed, now + 11 * DAY) == ("privacy",)


def test_where_the_site_never_asks_nobody_owes_anything(
    profile: Callable[..., None], publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    profile(PROFILE)
    publishes(at=now - DAY)
    assert owes(joins(), now) == ()


class Lagging:
    """Reads go to a copy of the database that may not know yet what was published."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "copy" if model in (PolicyVersion, PolicyNotice, AcceptedVersion) else None


def test_a_copy_of_the_database_is_not_asked(asks: PolicyVersion, joins: Callable[..., Any], now: datetime) -> None:
    user = joins()
    with override_settings(DATABASE_ROUTERS=[Lagging()]):
        assert owes(user, now) == ("privacy",)


# --- going on is agreement ------------------------------------------------------------------------


def test_going_on_accepts_every_version_once(
    by_use: PolicyVersion, publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    """HTC-14-2, CPT-14-5."""
    user = joins()
    said: dict[str, Any] = {"user_key": str(user.pk), "rules": policy_rules(), "actor": Actor.member(user)}
    row = accept_by_use(**said, now=now)
    assert row is not None
    assert (row.kind, row.event) == (Kind.CONTINUED, Event.USE)
    assert accept_by_use(**said, now=now) is None
    publishes("A letter.", at=now + DAY, material=False)
    assert accept_by_use(**said, now=now + DAY) is not None
    assert owes(user, now + DAY) == ()


def test_what_a_member_owes_takes_the_same_number_of_queries_however_much_they_accepted(
    by_use: PolicyVersion, joins: Callable[..., Any], now: datetime, actor: Actor, django_assert_num_queries: Any
) -> None:
    rules, user = policy_rules(), joins()
    with django_assert_num_queries(5):
        owing(str(user.pk), rules, now=now)
    for _ in range(30):
        deem(person=Person.of_user(user), event=Event.PURCHASE, surface="page", now=now, actor=actor)
    with django_assert_num_queries(5):
        owing(str(user.pk), rules, now=now)


@pytest.mark.parametrize("text", [ASKS, BY_USE])
def test_nothing_is_owed_before_something_is_published(
    profile: Callable[..., None], joins: Callable[..., Any], now: datetime, text: str
) -> None:
    profile(text)
    assert owes(joins(), now) == ()
