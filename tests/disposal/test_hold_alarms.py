"""A hold that nobody looks at alarms, keeps holding, and breaks its promise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail

from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Promised, Status, desk_cards, live_checks
from privacy.disposal.holds import alarms as hold_alarms
from privacy.disposal.holds.placing import release_hold, review_hold
from privacy.disposal.models import Closure, Hold
from privacy.disposal.services import Mandate, close_account, run_closures
from privacy.evidence.models import EvidenceDetail
from privacy.evidence.services import drop_expired_details, record
from privacy.promises.models import ProfileTable
from tests.disposal.holding import LATER, SOON, hold

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def person() -> Any:
    get_user_model().objects.get_or_create(username="former-member")
    return get_user_model().objects.create_user("somebody", "somebody@example.org", "x")


def ask(at: datetime, **params: Any) -> Status:
    promised = Promised("X-1", "§1", "a promise", params=params)
    return live_checks.get("disposal.holds_reasoned").run(CheckContext(at, promised)).status


def test_admins_are_mailed_once_before_a_review_once_when_it_is_overdue_and_once_at_the_end(
    now: datetime, person: Any
) -> None:
    hold(now, person, case="7/26")
    warned = []
    for days in (1, 47, 48, 61, 62, 181, 182):
        hold_alarms.warn(now=now + days * DAY)
        warned.append(len(mail.outbox))
    assert warned == [0, 1, 1, 2, 2, 3, 3]
    assert "must be reviewed by" in mail.outbox[0].body
    assert "had to be reviewed" in mail.outbox[1].body
    assert "passed its end" in mail.outbox[2].body
    assert "7/26" in mail.outbox[2].body
    assert "somebody" not in "".join(message.body.replace("somebody must look", "") for message in mail.outbox)


def test_a_review_ends_the_alarm_and_the_next_one_is_told_again(now: datetime, person: Any, actor: Actor) -> None:
    placed = hold(now, person)
    late = now + SOON + DAY
    hold_alarms.warn(now=late)
    review_hold(hold=placed, review_at=late + SOON, ends_at=late + LATER, now=late, actor=actor)
    assert hold_alarms.alarms(late) == []
    hold_alarms.warn(now=late)
    hold_alarms.warn(now=late + SOON)
    assert len(mail.outbox) == 2


def test_a_hold_past_its_end_still_holds_until_a_person_releases_it(now: datetime, person: Any, actor: Actor) -> None:
    placed = hold(now, person)
    over = placed.ends_at + DAY
    close_account(user=person, mandate=Mandate("member", "page", "password"), now=over, actor=actor)
    assert Closure.objects.get().status == "held"
    assert [alarm.status for alarm in hold_alarms.alarms(over)] == ["expired_hold"]
    assert ask(over) is Status.BROKEN
    release_hold(hold=placed, now=over, actor=actor)
    assert run_closures(now=over, horizon=over, actor=actor)["accounts"] == 1
    assert hold_alarms.alarms(over) == []


def test_holds_reasoned(now: datetime, person: Any, actor: Actor) -> None:
    assert ask(now) is Status.CANNOT_TELL, "no hold, and no profile says which reasons are promised"
    placed = hold(now, person, ground="litigation")
    assert ask(now) is Status.KEPT
    assert ask(placed.review_at) is Status.BROKEN, "review overdue"
    review_hold(hold=placed, review_at=placed.review_at + SOON, ends_at=now + LATER, now=placed.review_at, actor=actor)
    assert ask(placed.review_at) is Status.KEPT
    assert ask(now, grounds=["law"]) is Status.BROKEN, "a reason outside the promised ones"
    assert ask(now, grounds=["law", "litigation"]) is Status.KEPT
    ProfileTable.objects.create(name="holds", table={"grounds": ["law"]})
    assert ask(now) is Status.BROKEN
    release_hold(hold=placed, now=now, actor=actor)
    assert ask(now) is Status.KEPT, "no hold in force can break it"


def test_the_desk_shows_holds_while_there_are_any(now: datetime, person: Any, actor: Actor) -> None:
    card = desk_cards.get("holds")
    assert card.context(now) == {}
    placed = hold(now, person)
    assert card.context(now)["in_force"] == 1
    assert card.context(placed.ends_at)["bad"] == 1
    release_hold(hold=placed, now=now, actor=actor)
    assert card.context(now) == {}


def test_the_evidence_of_a_held_person_keeps_its_details(now: datetime, person: Any, actor: Actor) -> None:
    record(act="disposal.cancelled", label="auth.User", subject=str(person.pk), until=now, now=now, actor=actor)
    placed = hold(now, person)
    mine = EvidenceDetail.objects.filter(subject_key=str(person.pk), until=now)
    drop_expired_details(horizon=now + DAY, dry_run=False)
    assert mine.count() == 1
    release_hold(hold=placed, now=now, actor=actor)
    drop_expired_details(horizon=now + DAY, dry_run=False)
    assert mine.count() == 0
    assert Hold.objects.count() == 1
