"""What ends: grants at their period, the person with their account, and the proof at its own date."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import override_settings

from privacy.consent import signals
from privacy.consent.commitments import is_proved
from privacy.consent.models import Choice, ConsentContext, ConsentRecord, Flag
from privacy.consent.people import Person
from privacy.consent.permission import may_process
from privacy.consent.queries import last_word, open_questions
from privacy.consent.services import expire_grants, forget_address, object_to, withdraw
from privacy.core.actors import Actor
from privacy.core.pseudonyms import pseudonym
from privacy.disposal.mandate import Mandate
from privacy.disposal.services import close_account
from privacy.evidence.models import EvidenceEntry
from privacy.retention.models import Approval, Schedule
from privacy.retention.schedules import sync_schedules
from privacy.retention.services import approve_night, run_night
from tests.consent.conftest import answer
from tests.host.models import Customer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def close(user: Any, now: datetime) -> Any:
    get_user_model().objects.get_or_create(username="former-member")
    return close_account(user=user, mandate=Mandate("member", "page", "password"), now=now, actor=Actor.member(user))


def night(now: datetime, actor: Actor) -> None:
    run_night(now=now, actor=actor)
    if Approval.objects.waiting().exists():
        approve_night(now=now, actor=actor)
        run_night(now=now, actor=actor)


def test_the_night_writes_expired_behind_a_grant_whose_period_is_over(
    member: Person, stranger: Person, now: datetime, actor: Actor
) -> None:
    for person in (member, stranger):
        answer(person, now)
    answer(member, now, Choice.REFUSED, purpose="interviews")
    later = now + 400 * DAY
    assert not may_process(member, "newsletter", now=later)
    with override_settings(PRIVACY={"BATCH_SIZE": 1}):
        assert expire_grants(now=later, actor=actor, dry_run=True) == 2
        assert ConsentRecord.objects.filter(decision="expired").count() == 0
        assert expire_grants(now=later, actor=actor) == 2
        assert expire_grants(now=later, actor=actor) == 0
    for person in (member, stranger):
        last = last_word(person, "newsletter")
        assert last is not None
        assert (last.decision, last.previous.decision) == ("expired", "given")  # type: ignore[union-attr]
        assert is_proved(last, last.context)
    assert ConsentContext.objects.last_words().count() == 3
    assert EvidenceEntry.objects.of_act("consent.expired").count() == 2


def test_the_night_itself_does_it(member: Person, now: datetime, actor: Actor) -> None:
    answer(member, now)
    run_night(now=now + 400 * DAY, actor=actor)
    assert ConsentRecord.objects.filter(decision="expired").count() == 1


def test_a_grant_that_was_renewed_does_not_end(member: Person, now: datetime, actor: Actor) -> None:
    answer(member, now)
    answer(member, now + 390 * DAY)
    assert expire_grants(now=now + 400 * DAY, actor=actor) == 0
    assert may_process(member, "newsletter", now=now + 400 * DAY)


def test_the_number_of_statements_does_not_grow_with_the_grants(
    profile: Any, now: datetime, actor: Actor, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        answer(Person(user_key=str(number)), now)
    with django_assert_max_num_queries(16):
        assert expire_grants(now=now + 400 * DAY, actor=actor) == 30


def test_rooms_above_hear_how_many_ended(
    profile: Any, now: datetime, actor: Actor, django_capture_on_commit_callbacks: Any
) -> None:
    for number in range(3):
        answer(Person(user_key=str(number)), now)
    heard: list[tuple[str, int]] = []

    def on_end(**kwargs: Any) -> None:
        heard.append((kwargs["purpose"], kwargs["count"]))

    signals.withdrawn.connect(on_end)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            expire_grants(now=now + 400 * DAY, actor=actor)
    finally:
        signals.withdrawn.disconnect(on_end)
    assert heard == [("newsletter", 3)]


# --- the proof outlives the person --------------------------------------------------------------


def test_the_proof_survives_erasure_under_a_pseudonym_with_an_end_date(
    user: Any, member: Person, now: datetime, actor: Actor
) -> None:
    Customer.objects.create(user=user, display_name="Robin")
    record = answer(member, now)
    report = close(user, now + DAY)
    assert report.errors == ()
    assert not get_user_model().objects.filter(username="robin").exists()
    context = ConsentContext.objects.get(pk=record.pk)
    assert (context.user_key, context.network, context.is_last) == ("", "", False)
    assert context.pseudonym == pseudonym("subject", member.user_key)
    assert is_proved(ConsentRecord.objects.get(pk=record.pk), context)
    # 13 months after 16 March 2026, and three years after that.
    assert context.until.date().isoformat() == "2030-04-16"
    [kept] = [item for item in report.kept if item.model == "privacy.ConsentContext"]
    assert (kept.rows, "prove" in kept.ground) == (1, True)
    assert not may_process(member, "newsletter", now=now + DAY)


def test_somebody_who_gets_the_same_key_again_has_agreed_to_nothing(
    user: Any, member: Person, now: datetime, actor: Actor
) -> None:
    answer(member, now)
    object_to(person=member, purpose="statistics", surface="account", now=now, actor=actor)
    close(user, now + DAY)
    again = get_user_model().objects.create_user("another", id=int(member.user_key))
    assert not may_process(Person.of_user(again), "newsletter", now=now + DAY)
    assert may_process(Person.of_user(again), "statistics", now=now + DAY)
    assert open_questions(Person.of_user(again), now=now + DAY) == 2
    answer(Person.of_user(again), now + DAY)


def test_the_schedule_removes_the_proof_at_its_end_and_the_decision_stays_without_anybody(
    user: Any, member: Person, now: datetime, actor: Actor
) -> None:
    record = answer(member, now)
    close(user, now + DAY)
    sync_schedules(now=now, actor=actor)
    assert Schedule.objects.filter(name__startswith="privacy.ConsentContext").count() >= 1
    night(now + 365 * 3 * DAY, actor)
    assert ConsentContext.objects.filter(pk=record.pk).exists()
    night(record.expires_at + 365 * 3 * DAY + 3 * DAY, actor)  # type: ignore[operator]
    assert not ConsentContext.objects.filter(pk=record.pk).exists()
    assert ConsentRecord.objects.filter(pk=record.pk).exists()


def test_a_standing_grant_keeps_its_proof_and_a_withdrawn_one_ends_earlier(
    member: Person, now: datetime, actor: Actor
) -> None:
    record = answer(member, now)
    until = record.context.until
    withdraw(person=member, purpose="newsletter", surface="account", now=now + DAY, actor=actor)
    record.context.refresh_from_db()
    assert now + 365 * 3 * DAY < record.context.until < until


def test_the_immutable_half_is_declared_so_that_disposal_never_tries_to_change_it(
    user: Any, member: Person, now: datetime
) -> None:
    answer(member, now)
    before = list(ConsentRecord.objects.values())
    report = close(user, now + DAY)
    assert {step.model for step in report.steps} & {"privacy.ConsentRecord", "privacy.Wording"} == set()
    assert list(ConsentRecord.objects.values()) == before


def test_flags_go_with_their_person(user: Any, member: Person, now: datetime, actor: Actor) -> None:
    object_to(person=member, purpose="statistics", surface="account", now=now, actor=actor)
    close(user, now + DAY)
    assert not Flag.objects.exists()


def test_somebody_without_an_account_can_be_forgotten_as_well(stranger: Person, now: datetime, actor: Actor) -> None:
    record = answer(stranger, now)
    object_to(person=stranger, purpose="statistics", surface="mail", now=now, actor=actor)
    assert forget_address(person=stranger, now=now, actor=actor) == 2
    assert not may_process(stranger, "newsletter", now=now)
    assert not Flag.objects.exists()
    context = ConsentContext.objects.get(pk=record.pk)
    assert (context.digest, context.pseudonym) == ("", stranger.digest)
    assert is_proved(record, context)
    assert forget_address(person=stranger, now=now, actor=actor) == 0
