"""Restrictions and objections: they stop at once, staff weigh them, and only a reason lifts them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from privacy.consent.models import Flag
from privacy.consent.people import Person
from privacy.consent.permission import against_promotion, may_process, permitted
from privacy.consent.services import (
    AlreadyRaised,
    CannotReject,
    NoGround,
    NoReason,
    NotOpen,
    decide_objection,
    lift,
    object_to,
    restrict,
)
from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def objection(person: Person, now: datetime, purpose: str = "statistics") -> Flag:
    return object_to(person=person, purpose=purpose, surface="account", now=now, actor=Actor.system("tests"))


def test_an_objection_stops_its_purpose_from_the_moment_it_is_raised(
    member: Person, stranger: Person, now: datetime
) -> None:
    for person in (member, stranger):
        assert may_process(person, "statistics", now=now)
        objection(person, now)
        assert not may_process(person, "statistics", now=now)
        assert may_process(person, "offers", now=now)
    assert permitted([member, stranger], "statistics", now=now) == set()


def test_an_objection_to_everything_stops_everything(member: Person, now: datetime) -> None:
    objection(member, now, "")
    assert not any(may_process(member, code, now=now) for code in ("statistics", "offers", "newsletter"))


def test_an_upheld_objection_goes_on_and_a_rejected_one_stops_nothing(
    member: Person, stranger: Person, now: datetime, actor: Actor
) -> None:
    upheld = decide_objection(flag=objection(member, now), uphold=True, now=now + DAY, actor=actor)
    assert (upheld.outcome, may_process(member, "statistics", now=now + DAY)) == ("upheld", False)
    rejected = objection(stranger, now)
    with pytest.raises(NoReason):
        decide_objection(flag=rejected, uphold=False, reason="  ", now=now, actor=actor)
    decide_objection(flag=rejected, uphold=False, reason="We must keep books.", now=now, actor=actor)
    assert may_process(stranger, "statistics", now=now)
    with pytest.raises(NotOpen):
        decide_objection(flag=rejected, uphold=True, now=now, actor=actor)


def test_an_objection_to_advertising_is_upheld_as_it_comes_and_never_rejected(
    member: Person, now: datetime, actor: Actor
) -> None:
    flag = objection(member, now, "offers")
    assert flag.outcome == Flag.Outcome.UPHELD
    Flag.objects.filter(pk=flag.pk).update(outcome="pending")
    with pytest.raises(CannotReject):
        decide_objection(flag=flag, uphold=False, reason="We would rather not.", now=now, actor=actor)


def test_a_rejected_objection_to_everything_still_keeps_advertising_away(
    member: Person, stranger: Person, now: datetime, actor: Actor
) -> None:
    """GDPR Art. 21(3): what is direct marketing in it is not weighed."""
    for person in (member, stranger):
        flag = objection(person, now, "")
        decide_objection(flag=flag, uphold=False, reason="We must keep books.", now=now + DAY, actor=actor)
        assert may_process(person, "statistics", now=now + DAY)
        assert not may_process(person, "offers", now=now + DAY)
        assert set(Flag.objects.of(person).stopping().values_list("purpose", flat=True)) == {"offers", "newsletter"}
        assert against_promotion([person]) == {person}


def test_a_lifted_restriction_stops_nothing_and_says_why(member: Person, now: datetime, actor: Actor) -> None:
    with pytest.raises(NoGround):
        restrict(person=member, ground="mood", surface="account", now=now, actor=actor)
    flag = restrict(person=member, ground="claims", surface="account", now=now, actor=actor)
    assert not may_process(member, "statistics", now=now)
    with pytest.raises(AlreadyRaised):
        restrict(person=member, ground="claims", surface="account", now=now, actor=actor)
    with pytest.raises(NoReason):
        lift(flag=flag, reason="", now=now, actor=actor)
    lifted = lift(flag=flag, reason="The claim was settled.", now=now + DAY, actor=actor)
    assert (lifted.stops, lifted.reason) == (False, "The claim was settled.")
    assert may_process(member, "statistics", now=now + DAY)
    with pytest.raises(NotOpen):
        lift(flag=flag, reason="again", now=now, actor=actor)
    restrict(person=member, ground="claims", surface="account", now=now + DAY, actor=actor)


def test_every_step_leaves_evidence(member: Person, now: datetime, actor: Actor) -> None:
    flag = objection(member, now)
    decide_objection(flag=flag, uphold=True, now=now, actor=actor)
    lift(flag=flag, reason="changed their mind", now=now, actor=actor)
    acts = ["consent.flag_raised", "consent.flag_decided", "consent.flag_lifted"]
    found = EvidenceEntry.objects.of_act(*acts).order_by("pk")
    assert list(found.values_list("act", "detail__subject_key")) == [(act, member.user_key) for act in acts]


def test_the_database_refuses_a_flag_of_nobody_and_a_rejection_without_a_reason(member: Person, now: datetime) -> None:
    flag = objection(member, now)
    for wrong in ({"user_key": ""}, {"digest": "x"}, {"outcome": "rejected"}, {"kind": "mood"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Flag.objects.filter(pk=flag.pk).update(**wrong)
