"""Somebody accepts: what the ledger then holds, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from privacy.consent.models import ConsentRecord
from privacy.consent.people import Network, Person
from privacy.core.actors import Actor
from privacy.evidence import triggers
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.querysets import EvidenceImmutable
from privacy.policies.acceptance import services
from privacy.policies.acceptance.commitments import is_proved
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, Event, Kind
from privacy.policies.models import PolicyVersion
from tests.policies.acceptance.conftest import ASKS, DAY, agree
from tests.policies.conftest import PROFILE


def versions_of(row: Acceptance) -> dict[str, str]:
    return {one.document: one.version_id or "" for one in row.versions.all()}


def deem(person: Person, event: Event, now: datetime, actor: Actor, **others: Any) -> Acceptance | None:
    return services.deem(person=person, event=event, surface="page", now=now, actor=actor, **others)


def test_each_acceptance_stores_the_versions_of_all_companion_documents(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    row = agree(user, asks, at=now, network=Network.of_address("203.0.113.77"))
    assert versions_of(row) == {"privacy": "privacy.en.1", "terms": "terms.en.1"}
    assert (row.kind, row.event, row.surface, row.at) == (Kind.EXPRESS, Event.CHANGE, "page", now)
    context = AcceptanceContext.objects.get()
    assert (context.user_key, context.network, context.entered_by) == (str(user.pk), "203.0.113.0", "member")
    assert is_proved(row, context)
    entry = EvidenceEntry.objects.get(act="policies.accepted")
    detail = EvidenceDetail.objects.get(entry=entry)
    assert detail.subject_key == str(user.pk)
    assert detail.details["versions"] == {"privacy": "privacy.en.1", "terms": "terms.en.1"}


def test_a_companion_that_was_never_published_is_written_as_missing(
    profile: Callable[..., None],
    publishes: Callable[..., PolicyVersion],
    joins: Callable[..., Any],
    now: datetime,
) -> None:
    profile(ASKS)
    version = publishes(at=now - DAY)
    assert versions_of(agree(joins(), version, at=now)) == {"privacy": "privacy.en.1", "terms": ""}


def test_the_immutable_half_holds_no_key_of_a_person(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    user = joins("margaret-hamilton")
    agree(user, asks, at=now, about="shop.Order 4711")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM privacy_acceptance")
        rows = repr(cursor.fetchall())
        cursor.execute("SELECT * FROM privacy_acceptedversion")
        rows += repr(cursor.fetchall())
    context = AcceptanceContext.objects.get()
    for word in ("margaret", "example.org", "4711", context.pseudonym, context.salt):
        assert word not in rows


def test_nothing_in_the_ledger_is_changed_or_removed(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime
) -> None:
    row = agree(joins(), asks, at=now)
    for refused in (row.save, row.delete, row.versions.all().delete, Acceptance.objects.all().delete):
        with pytest.raises(EvidenceImmutable):
            refused()
    connection.check_constraints()  # what is deferred until the commit would keep the table from being altered
    triggers.install("default")
    try:
        for sql in (
            "UPDATE privacy_acceptance SET kind = 'deemed'",
            "DELETE FROM privacy_acceptedversion",
            "UPDATE privacy_acceptedversion SET document = 'x'",
        ):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)
    finally:
        triggers.remove("default")


def test_other_versions_than_those_that_bind_are_refused(
    asks: PolicyVersion, publishes: Callable[..., PolicyVersion], joins: Callable[..., Any], now: datetime
) -> None:
    user = joins()
    second = publishes("Second.", at=now - DAY)
    for shown in ([asks], [], [second, asks]):
        with pytest.raises(services.VersionsChanged) as refusal:
            agree(user, *shown, at=now)
        assert refusal.value.field == "versions"
    assert not Acceptance.objects.exists()
    agree(user, second, at=now)


def test_nothing_can_be_accepted_before_something_is_published(
    profile: Callable[..., None], joins: Callable[..., Any], now: datetime
) -> None:
    profile(ASKS)
    with pytest.raises(services.NothingPublished):
        agree(joins(), at=now)


# --- acts that count as agreement -----------------------------------------------------------------


def test_an_acceptance_is_never_a_consent_to_a_purpose(
    by_use: PolicyVersion, joins: Callable[..., Any], now: datetime, actor: Actor
) -> None:
    """T15."""
    person = Person.of_user(joins())
    for event in (Event.SIGNUP, Event.PURCHASE, Event.VISIT):
        deem(person, event, now, actor)
    assert Acceptance.objects.count() == 3
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("event", [Event.SIGNUP, Event.PURCHASE, Event.VISIT])
def test_an_act_that_the_text_counts_as_agreement_is_written(
    by_use: PolicyVersion, joins: Callable[..., Any], now: datetime, actor: Actor, event: Event
) -> None:
    row = deem(Person.of_user(joins()), event, now, actor, about="shop.Order 1")
    assert row is not None
    assert (row.kind, row.event) == (Kind.DEEMED, event)
    assert versions_of(row) == {"privacy": "privacy.en.1", "terms": "terms.en.1"}


def test_visits_and_signups_are_written_once_a_version_and_purchases_each_time(
    by_use: PolicyVersion,
    publishes: Callable[..., PolicyVersion],
    joins: Callable[..., Any],
    now: datetime,
    actor: Actor,
) -> None:
    person = Person.of_user(joins())
    for event in (Event.VISIT, Event.VISIT, Event.PURCHASE, Event.PURCHASE):
        deem(person, event, now, actor)
    assert Acceptance.objects.filter(event="visit").count() == 1
    assert Acceptance.objects.filter(event="purchase").count() == 2
    publishes("Second.", at=now + DAY)
    deem(person, Event.VISIT, now + 2 * DAY, actor)
    assert Acceptance.objects.filter(event="visit").count() == 2


def test_an_act_that_the_text_does_not_count_is_none(
    by_use: PolicyVersion, joins: Callable[..., Any], now: datetime, actor: Actor
) -> None:
    assert deem(Person.of_user(joins()), Event.CONTACT, now, actor) is None
    assert not Acceptance.objects.exists()


def test_a_signup_that_needs_an_express_agreement_is_not_deemed(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime, actor: Actor
) -> None:
    with pytest.raises(services.ExpressNeeded):
        deem(Person.of_user(joins()), Event.SIGNUP, now, actor)
    with pytest.raises(services.NoAct):
        deem(Person.of_user(joins("bob")), Event.USE, now, actor)


def test_somebody_without_an_account_gets_a_row_by_a_keyed_digest(
    asks: PolicyVersion, now: datetime, actor: Actor
) -> None:
    """HVR-0-2: who sends a contact form."""
    person = Person(address="Jo.Doe@example.org")
    network = Network.of_address("203.0.113.77")
    row = deem(person, Event.CONTACT, now, actor, about="coop.Enquiry 7", network=network)
    assert row is not None
    context = AcceptanceContext.objects.get()
    assert context.network == "203.0.113.0"
    assert (context.user_key, len(context.digest), context.about) == ("", 26, "coop.Enquiry 7")
    assert is_proved(row, context)
    again = AcceptanceContext.objects.of(Person(address="jo.doe@EXAMPLE.org"))
    assert again.get() == context
    assert services.forget_address(person=person, now=now, actor=actor) == 1
    context.refresh_from_db()
    assert (context.digest, context.about, context.network, context.pseudonym != "") == ("", "", "", True)
    assert is_proved(row, context)


# --- on behalf ------------------------------------------------------------------------------------


def test_staff_accept_on_behalf_with_a_reason(asks: PolicyVersion, joins: Callable[..., Any], now: datetime) -> None:
    person, clerk = Person.of_user(joins()), Actor("staff", key="4711")
    said = {"person": person, "surface": "paper", "now": now}
    with pytest.raises(services.NoReason):
        services.accept_on_behalf(reason=" ", actor=clerk, **said)
    with pytest.raises(services.NotStaff):
        services.accept_on_behalf(reason="Signed.", actor=Actor("member", key="1"), **said)
    row = services.accept_on_behalf(reason="Signed on paper.", actor=clerk, **said)
    assert (row.kind, row.event, row.context.reason) == (Kind.ON_BEHALF, Event.STAFF, "Signed on paper.")
    assert row.context.entered_by == "staff"


def test_a_profile_without_rules_counts_no_act(
    profile: Callable[..., None],
    publishes: Callable[..., PolicyVersion],
    joins: Callable[..., Any],
    now: datetime,
    actor: Actor,
) -> None:
    profile(PROFILE)
    publishes(at=now - DAY)
    assert deem(Person.of_user(joins()), Event.SIGNUP, now, actor) is None


def test_writing_takes_the_same_number_of_queries_for_any_number_of_acceptances(
    by_use: PolicyVersion, joins: Callable[..., Any], now: datetime, actor: Actor, django_assert_num_queries: Any
) -> None:
    from django.test.utils import CaptureQueriesContext

    person = Person.of_user(joins())
    with CaptureQueriesContext(connection) as first:
        deem(person, Event.PURCHASE, now, actor)
    for _ in range(20):
        deem(person, Event.PURCHASE, now, actor)
    with django_assert_num_queries(len(first)):
        deem(person, Event.PURCHASE, now, actor)
