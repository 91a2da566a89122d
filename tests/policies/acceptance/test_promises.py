"""The live checks in pairs: a breach makes them broken, its mending kept, no data leaves them without an answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from privacy.consent.models import ConsentRecord
from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Promised, Status, live_checks
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, Event
from privacy.policies.acceptance.services import accept_by_use, deem
from privacy.policies.models import PolicyVersion
from privacy.policies.rules import policy_rules
from privacy.policies.services import withdraw
from tests.host.models import Order
from tests.policies.acceptance.conftest import ASKS, BY_USE, DAY, agree

Publishes = Callable[..., PolicyVersion]


def ask(name: str, now: datetime, **params: Any) -> Status:
    promise = Promised("TST-1-1", "§1", "It is accepted.", params=params)
    return live_checks.get(f"policies.{name}").run(CheckContext(now, promise)).status


def deemed(user: Any, event: Event, at: datetime, **others: Any) -> Acceptance | None:
    said = {"surface": "page", "now": at, "actor": Actor.system("tests"), **others}
    return deem(person=Person.of_user(user), event=event, **said)


def test_an_account_without_an_acceptance_at_signup_breaks_the_promise(
    by_use: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    """HTC-0-1, HVR-0-2, CPT-0-2."""
    joins("old", at=now - 90 * DAY)
    assert ask("signup_accepted", now) == Status.CANNOT_TELL, "accounts from before are asked, not filled in"
    user = joins("ada")
    assert ask("signup_accepted", now) == Status.BROKEN
    deemed(user, Event.PURCHASE, now)
    assert ask("signup_accepted", now) == Status.BROKEN, "a later purchase is no sign-up"
    deemed(user, Event.SIGNUP, now)
    assert ask("signup_accepted", now) == Status.KEPT
    get_user_model().objects.create_user("clerk", is_staff=True)
    assert ask("signup_accepted", now) == Status.KEPT


def test_an_acceptance_without_the_version_of_a_companion_breaks_the_promise(
    database_in_hand: None, profile: Callable[..., None], publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    """HTC-0-3, CPT-0-3."""
    profile(BY_USE)
    publishes("First.", at=now - 30 * DAY)
    user = joins()
    assert ask("companions_accepted", now) == Status.CANNOT_TELL
    row = deemed(user, Event.SIGNUP, now)
    assert row is not None
    assert ask("companions_accepted", now) == Status.BROKEN
    publishes("Terms.", document="terms", at=now)
    profile(BY_USE.replace('privacy = ["terms"]', 'privacy = ["cookies"]'))
    assert ask("companions_accepted", now) == Status.BROKEN
    profile(BY_USE)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM privacy_acceptancecontext")
        cursor.execute("DELETE FROM privacy_acceptedversion")
        cursor.execute("DELETE FROM privacy_acceptance")
    deemed(user, Event.SIGNUP, now + DAY)
    assert ask("companions_accepted", now) == Status.KEPT


def test_going_on_without_an_acceptance_breaks_the_promise(
    by_use: PolicyVersion, publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    """HTC-14-2, CPT-14-5; T15: no consent comes of it."""
    user = joins()
    publishes("Second.", at=now)
    assert ask("continued_use_accepted", now + DAY) == Status.CANNOT_TELL
    get_user_model().objects.filter(pk=user.pk).update(last_login=now - DAY)
    assert ask("continued_use_accepted", now + DAY) == Status.CANNOT_TELL
    get_user_model().objects.filter(pk=user.pk).update(last_login=now + DAY)
    assert ask("continued_use_accepted", now + DAY) == Status.BROKEN
    accept_by_use(user_key=str(user.pk), rules=policy_rules(), now=now + DAY, actor=Actor.member(user))
    assert ask("continued_use_accepted", now + DAY) == Status.KEPT
    assert not ConsentRecord.objects.exists()
    publishes("Third.", at=now + 2 * DAY)
    get_user_model().objects.filter(pk=user.pk).update(last_login=now + 3 * DAY)
    assert ask("continued_use_accepted", now + 3 * DAY) == Status.BROKEN


def test_a_version_that_does_not_bind_everybody_yet_is_not_missed(
    profile: Callable[..., None], publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    profile(BY_USE.replace("[policies]\n", '[policies]\neffect = "notice"\nlead = "P30D"\n'))
    publishes("First.", at=now - 60 * DAY)
    user = joins()
    accept_by_use(user_key=str(user.pk), rules=policy_rules(), now=now, actor=Actor.member(user))
    publishes("Second.", at=now)
    get_user_model().objects.filter(pk=user.pk).update(last_login=now + DAY)
    assert ask("continued_use_accepted", now + DAY) == Status.KEPT


def test_a_purchase_without_an_acceptance_breaks_the_promise(
    by_use: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    """CPT-4-3."""
    table = {"event": "purchase", "model": "host.Order", "at": "placed_at", "person": "customer"}
    assert ask("acts_accepted", now, event="purchase") == Status.CANNOT_TELL
    assert ask("acts_accepted", now, **table) == Status.CANNOT_TELL
    user = joins()
    order = Order.objects.create(customer=user, number="1", total=1, placed_at=now)
    assert ask("acts_accepted", now, **table) == Status.BROKEN
    deemed(user, Event.PURCHASE, now, about="host.Order 999999")
    assert ask("acts_accepted", now, **table) == Status.BROKEN
    deemed(user, Event.PURCHASE, now, about=f"host.Order {order.pk}")
    assert ask("acts_accepted", now, **table) == Status.KEPT
    assert ask("acts_accepted", now, event="purchase") == Status.KEPT
    Order.objects.create(customer=None, number="2", total=1, placed_at=now)
    assert ask("acts_accepted", now, **table) == Status.KEPT, "whose buyer is gone, of that nobody can say more"
    assert ask("acts_accepted", now, **{**table, "model": "shop.Nothing"}) == Status.CANNOT_TELL


def test_a_newcomer_who_accepted_an_older_version_breaks_the_promise(
    database_in_hand: None, profile: Callable[..., None], publishes: Publishes, joins: Callable[..., Any], now: datetime
) -> None:
    """CPT-14-4: the ledger's half. Where newcomers are bound with everybody else, they accept what binds them then."""
    late = BY_USE.replace("[policies]\n", '[policies]\neffect = "notice"\nlead = "P30D"\n')
    profile(late)
    publishes("First.", at=now - 60 * DAY)
    assert ask("newcomers_newest", now) == Status.CANNOT_TELL
    publishes("Second.", at=now - DAY)
    deemed(joins("early", at=now), Event.SIGNUP, now)
    assert ask("newcomers_newest", now) == Status.BROKEN
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM privacy_acceptancecontext")
        cursor.execute("DELETE FROM privacy_acceptedversion")
        cursor.execute("DELETE FROM privacy_acceptance")
    profile(late.replace("[policies]\n", '[policies]\nnew_users = "at_once"\n'))
    publishes("Third.", at=now)
    deemed(joins("late", at=now + DAY), Event.SIGNUP, now + DAY)
    assert ask("newcomers_newest", now + DAY) == Status.KEPT


def test_a_newcomer_is_not_held_to_a_version_that_was_withdrawn_by_then(
    by_use: PolicyVersion, publishes: Publishes, joins: Callable[..., Any], now: datetime, actor: Actor
) -> None:
    second = publishes("A mistake.", at=now - 3 * DAY)
    withdraw(version=second, reason="Wrong file.", now=now - 2 * DAY, actor=actor)
    deemed(joins(at=now - DAY), Event.SIGNUP, now - DAY)
    assert ask("newcomers_newest", now) == Status.KEPT


def test_an_altered_line_breaks_every_promise_about_the_ledger(
    database_in_hand: None, asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    row = agree(joins(), asks, at=now)
    assert ask("companions_accepted", now) == Status.KEPT
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_acceptance SET surface = 'paper'")
    assert ask("companions_accepted", now) == Status.BROKEN
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_acceptance SET surface = 'page'")
        assert ask("companions_accepted", now) == Status.KEPT
        cursor.execute("UPDATE privacy_acceptedversion SET version_id = 'terms.en.1'")
    assert ask("companions_accepted", now) == Status.BROKEN
    assert AcceptanceContext.objects.get().pk == row.pk


@pytest.mark.parametrize("name", ["signup_accepted", "acts_accepted", "continued_use_accepted"])
def test_nothing_published_leaves_them_without_an_answer(
    profile: Callable[..., None], now: datetime, name: str
) -> None:
    profile(ASKS)
    assert ask(name, now) == Status.CANNOT_TELL
