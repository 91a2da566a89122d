"""Each live check in pairs: a planted breach breaks it, mending keeps it, and no data leaves it open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet
from django.test import override_settings

from privacy import Delete, PersonalData
from privacy.consent.models import ConsentContext, ConsentRecord, Purpose
from privacy.consent.people import Person
from privacy.consent.services import (
    add_purpose,
    add_wording,
    announce_purpose,
    decide_objection,
    lift,
    object_to,
    restrict,
    retire_purpose,
    withdraw,
)
from privacy.core.actors import Actor
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Promised, Status, live_checks
from privacy.datamap.registry import registry
from privacy.evidence import triggers
from tests.consent.conftest import answer
from tests.host import models as host

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Ask = Callable[..., Status]


class Seen(PersonalData):
    """What a member looked at, gathered on consent only."""

    subject = "user"
    category = "usage"
    purpose = "promotion"
    legal_basis = "consent"
    kind = "usage"
    source = "automatic"
    on_erasure = Delete()
    holds = ("path", "ip")
    expires = "P13M from viewed_at"


class Contact(PersonalData):
    """Somebody without an account, from a day that is known."""

    subject = "email:address"
    category = "newsletter"
    purpose = "promotion"
    legal_basis = "consent"
    on_erasure = Delete()
    holds = ("address", "name")
    expires = "P1Y from joined_at"


@pytest.fixture
def ask(now: datetime) -> Ask:
    def answer_of(name: str, params: Mapping[str, Any] | None = None, at: datetime = now + 30 * DAY) -> Status:
        promised = Promised(code="TST-1", clause="§1", says="A test.", params=params or {})
        return live_checks.get(f"consent.{name}").run(CheckContext(now=at, promise=promised)).status

    return answer_of


@pytest.fixture
def declare() -> Iterator[Callable[..., None]]:
    """``declare(legal_basis=…)``: page views as ``Seen`` says, with these words changed."""

    def redeclare(**words: Any) -> None:
        registry.withdraw(host.PageView)
        registry.declare(host.PageView, type("Seen", (Seen,), words))
        registry.changed()

    with registry.changed_for_a_while():
        redeclare()
        yield redeclare


def view(user: Any, at: datetime) -> host.PageView:
    return host.PageView.objects.create(user=user, ip="192.0.2.7", path="/", viewed_at=at)


def test_needed_and_given(ask: Ask, user: Any, member: Person, declare: Any, now: datetime) -> None:
    assert ask("needed_and_given") is Status.KEPT  # no row yet
    view(user, now - DAY)
    assert (
        ask("needed_and_given") is Status.KEPT
    )  # from before the site asked: the member is asked, and nothing assumed
    view(user, now + DAY)
    assert ask("needed_and_given") is Status.BROKEN
    answer(member, now)
    assert ask("needed_and_given") is Status.KEPT
    other = get_user_model().objects.create_user("tuck")
    stray = view(other, now + DAY)
    assert ask("needed_and_given") is Status.BROKEN
    stray.delete()
    assert ask("needed_and_given") is Status.KEPT


def test_needed_and_given_without_a_purpose_that_asks(ask: Ask, profile: Any, declare: Any) -> None:
    declare(purpose="guessing")
    assert ask("needed_and_given") is Status.BROKEN
    Purpose.objects.filter(pk="interviews").update(covers=["guessing"])
    assert ask("needed_and_given") is Status.KEPT


def test_needed_and_given_without_any_table(ask: Ask, profile: Any, declare: Any) -> None:
    declare(legal_basis="contract")
    registry.withdraw(host.NewsletterContact)
    registry.changed()
    assert ask("needed_and_given") is Status.CANNOT_TELL
    assert ask("needed_and_given", {"purposes": ["newsletter"]}) is Status.KEPT
    assert ask("needed_and_given", {"purposes": ["newsletter", "statistics"]}) is Status.BROKEN


def test_needed_and_given_by_people_without_an_account(ask: Ask, stranger: Person, declare: Any, now: datetime) -> None:
    host.NewsletterContact.objects.create(address="Marian@example.org", joined_at=now + DAY)
    assert ask("needed_and_given") is Status.BROKEN
    answer(stranger, now)
    assert ask("needed_and_given") is Status.KEPT


def test_a_consent_that_came_after_the_row_does_not_carry_it(
    ask: Ask, user: Any, member: Person, stranger: Person, declare: Any, now: datetime
) -> None:
    """HTC-2-2: no *earlier* granted consent."""
    early = view(user, now + DAY)
    answer(member, now + 2 * DAY)
    assert ask("needed_and_given") is Status.BROKEN
    early.delete()
    view(user, now + 3 * DAY)
    assert ask("needed_and_given") is Status.KEPT
    registry.withdraw(host.NewsletterContact)
    registry.declare(host.NewsletterContact, Contact)
    registry.changed()
    contact = host.NewsletterContact.objects.create(address="Marian@example.org", joined_at=now + DAY)
    answer(stranger, now + 2 * DAY)
    assert ask("needed_and_given") is Status.BROKEN
    host.NewsletterContact.objects.filter(pk=contact.pk).update(joined_at=now + 3 * DAY)
    assert ask("needed_and_given") is Status.KEPT


def test_a_row_without_a_moment_of_its_own_may_be_younger_than_its_account(
    ask: Ask, user: Any, member: Person, declare: Any, now: datetime
) -> None:
    declare(expires=())
    type(user).objects.filter(pk=user.pk).update(date_joined=now + DAY)
    view(user, now + 3 * DAY)
    assert ask("needed_and_given") is Status.BROKEN
    answer(member, now + 2 * DAY)
    assert ask("needed_and_given") is Status.KEPT


def test_agreeing_again_does_not_mend_what_came_in_between(
    ask: Ask, user: Any, member: Person, declare: Any, now: datetime, actor: Actor
) -> None:
    answer(member, now)
    withdraw(person=member, purpose="newsletter", surface="account", now=now + DAY, actor=actor)
    between = view(user, now + 2 * DAY)
    answer(member, now + 3 * DAY)
    view(user, now + 4 * DAY)
    assert ask("withdrawals_honoured") is Status.BROKEN
    between.delete()
    assert ask("withdrawals_honoured") is Status.KEPT


def test_a_grant_that_ran_out_carries_nothing_though_no_night_wrote_it_down(
    ask: Ask, user: Any, member: Person, declare: Any, now: datetime
) -> None:
    answer(member, now)
    late = view(user, now + 500 * DAY)
    assert ask("withdrawals_honoured", at=now + 501 * DAY) is Status.BROKEN
    late.delete()
    assert ask("withdrawals_honoured", at=now + 501 * DAY) is Status.KEPT


def test_needed_and_given_of_one_source(ask: Ask, user: Any, declare: Any, now: datetime) -> None:
    view(user, now + DAY)
    assert ask("needed_and_given", {"source": "provider"}) is Status.CANNOT_TELL
    declare(source="provider:social")
    assert ask("needed_and_given", {"source": "provider"}) is Status.BROKEN


def test_withdrawals_honoured(ask: Ask, user: Any, member: Person, declare: Any, now: datetime, actor: Actor) -> None:
    assert ask("withdrawals_honoured") is Status.CANNOT_TELL
    answer(member, now)
    view(user, now + DAY)
    assert ask("withdrawals_honoured") is Status.KEPT
    withdraw(person=member, purpose="newsletter", surface="account", now=now + 2 * DAY, actor=actor)
    assert ask("withdrawals_honoured") is Status.KEPT  # for the future only
    late = view(user, now + 3 * DAY)
    assert ask("withdrawals_honoured") is Status.BROKEN
    late.delete()
    assert ask("withdrawals_honoured") is Status.KEPT


def test_withdrawals_honoured_where_a_record_was_altered(ask: Ask, member: Person, now: datetime) -> None:
    record = answer(member, now)
    connection.check_constraints()  # PostgreSQL alters no table that deferred checks wait for
    with override_settings(PRIVACY={"EVIDENCE_TRIGGERS": False}):  # as whoever owns the database could do
        triggers.remove("default")
        assert ask("withdrawals_honoured") is Status.KEPT
        rows = QuerySet(ConsentRecord).filter(pk=record.pk)  # not its own queryset, which refuses
        rows.update(surface="paper")
        assert ask("withdrawals_honoured") is Status.BROKEN
        rows.update(surface=record.surface)
        assert ask("withdrawals_honoured") is Status.KEPT


def test_withdrawals_honoured_where_the_database_would_let_the_ledger_be_altered(
    ask: Ask, member: Person, now: datetime
) -> None:
    answer(member, now)
    connection.check_constraints()  # PostgreSQL alters no table that deferred checks wait for
    with override_settings(PRIVACY={"EVIDENCE_TRIGGERS": True}):
        triggers.install("default")
        assert ask("withdrawals_honoured") is Status.KEPT
        triggers.remove("default")
        assert ask("withdrawals_honoured") is Status.BROKEN


def test_grants_express(ask: Ask, member: Person, now: datetime) -> None:
    assert ask("grants_express") is Status.CANNOT_TELL
    answer(member, now)
    assert ask("grants_express", {"purposes": ["newsletter"]}) is Status.KEPT
    assert ask("grants_express", {"purposes": ["newsletter", "interviews"]}) is Status.BROKEN
    answer(member, now, purpose="interviews", surface="phone")
    assert ask("grants_express") is Status.KEPT  # interviews ask for no express act
    Purpose.objects.filter(pk="interviews").update(express=True)
    assert ask("grants_express") is Status.BROKEN
    Purpose.objects.filter(pk="interviews").update(express=False)
    assert ask("grants_express") is Status.KEPT


def test_given_by_the_person(ask: Ask, member: Person, stranger: Person, now: datetime) -> None:
    assert ask("given_by_the_person") is Status.CANNOT_TELL
    answer(member, now)
    answer(stranger, now, surface="mail", actor=Actor("staff", key="1"))
    assert ask("given_by_the_person") is Status.KEPT
    answer(stranger, now + DAY, actor=Actor("staff", key="1"))
    assert ask("given_by_the_person") is Status.BROKEN
    ConsentContext.objects.of(stranger).last_words().update(entered_by="member")
    assert ask("given_by_the_person") is Status.KEPT
    answer(stranger, now + DAY, purpose="interviews", actor=Actor.system("import"))
    assert ask("given_by_the_person") is Status.BROKEN


def test_objections_honoured(ask: Ask, user: Any, member: Person, declare: Any, now: datetime, actor: Actor) -> None:
    declare(purpose="statistics", legal_basis="legitimate_interests")
    assert ask("objections_honoured") is Status.CANNOT_TELL
    view(user, now - DAY)
    flag = object_to(person=member, purpose="statistics", surface="account", now=now, actor=actor)
    assert ask("objections_honoured", at=now + 20 * DAY) is Status.KEPT
    assert ask("objections_honoured", {"within": "P10D"}, now + 20 * DAY) is Status.BROKEN
    decide_objection(flag=flag, uphold=True, now=now, actor=actor)
    assert ask("objections_honoured", {"within": "P10D"}, now + 20 * DAY) is Status.KEPT
    late = view(user, now + DAY)
    assert ask("objections_honoured") is Status.BROKEN
    late.delete()
    assert ask("objections_honoured") is Status.KEPT


def test_restrictions_honoured(ask: Ask, user: Any, member: Person, declare: Any, now: datetime, actor: Actor) -> None:
    assert ask("restrictions_honoured") is Status.CANNOT_TELL
    flag = restrict(person=member, ground="accuracy", surface="account", now=now, actor=actor)
    view(user, now - DAY)
    assert ask("restrictions_honoured") is Status.KEPT
    view(user, now + DAY)
    assert ask("restrictions_honoured") is Status.BROKEN
    lift(flag=flag, reason="It was right.", now=now + 2 * DAY, actor=actor)
    assert ask("restrictions_honoured") is Status.KEPT


def test_new_purposes_announced(ask: Ask, profile: Any, now: datetime, actor: Actor) -> None:
    added: dict[str, Any] = {"category": "contact", "period": Period(), "now": now + DAY, "actor": actor}
    assert ask("new_purposes_announced") is Status.KEPT
    silent = add_purpose(code="selling", title="Selling", legal_basis="legitimate_interests", **added)
    assert ask("new_purposes_announced") is Status.BROKEN
    announce_purpose(purpose=silent, where="by mail to everybody", now=now + DAY, actor=actor)
    assert ask("new_purposes_announced") is Status.KEPT
    other = add_purpose(code="lending", title="Lending", legal_basis="legitimate_interests", **added)
    assert ask("new_purposes_announced") is Status.BROKEN
    retire_purpose(purpose=other, now=now + DAY, actor=actor)
    asked = add_purpose(code="film", title="Film", legal_basis="consent", **{**added, "period": Period(days=9)})
    add_wording(purpose=asked.pk, version="1", language="en", text="Film me?", now=now + DAY, actor=actor)
    assert ask("new_purposes_announced") is Status.KEPT


def test_new_purposes_announced_without_purposes(ask: Ask, db: None) -> None:
    assert ask("new_purposes_announced") is Status.CANNOT_TELL
