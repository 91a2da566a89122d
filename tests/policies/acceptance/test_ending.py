"""What ends: the person with their account, the proof at its own date; and what a restore must not lose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import override_settings

from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.core.pseudonyms import pseudonym
from privacy.datamap.graph import find
from privacy.disposal.journal.replaying import replay
from privacy.disposal.mandate import Mandate
from privacy.disposal.services import close_account
from privacy.evidence.models import EvidenceEntry
from privacy.policies.acceptance.commitments import is_proved
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, Event
from privacy.policies.acceptance.services import accept_on_behalf, deem, keep_while_open
from privacy.policies.gate.models import GatePass
from privacy.policies.models import PolicyVersion
from privacy.retention.models import Approval
from privacy.retention.services import approve_night, run_night
from tests.disposal.journal.conftest import journal, text_of, undone  # noqa: F401
from tests.policies.acceptance.conftest import DAY, agree

YEAR = timedelta(days=365)


def close(user: Any, now: datetime) -> Any:
    get_user_model().objects.get_or_create(username="former-member")
    return close_account(user=user, mandate=Mandate("member", "page", "password"), now=now, actor=Actor.member(user))


def night(now: datetime, actor: Actor) -> None:
    run_night(now=now, actor=actor)
    if Approval.objects.waiting().exists():
        approve_night(now=now, actor=actor)
        run_night(now=now, actor=actor)


def test_on_erasure_the_person_goes_and_a_pseudonym_stays_until_its_end(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime, actor: Actor
) -> None:
    user, other = joins(), joins("other")
    key = str(user.pk)
    agree(other, asks, at=now)
    row = agree(user, asks, at=now, about="shop.Order 7")
    accept_on_behalf(
        person=Person.of_user(user), reason="Her call.", surface="phone", now=now, actor=Actor("staff", "1")
    )
    GatePass.objects.create(user_key=key, epoch="e")
    report = close(user, now + DAY)
    assert report.errors == ()
    assert not AcceptanceContext.objects.filter(user_key=key).exists()
    assert not GatePass.objects.filter(user_key=key).exists()
    context = AcceptanceContext.objects.get(pk=row.pk)
    assert (context.about, context.network, context.pseudonym) == ("", "", pseudonym("subject", key))
    assert not AcceptanceContext.objects.exclude(reason="").exists()
    assert is_proved(Acceptance.objects.get(pk=row.pk), context)
    assert any("law" in kept.ground for kept in report.kept if kept.model == "privacy.AcceptanceContext")
    night(now + 3 * YEAR + 3 * DAY, actor)
    assert not AcceptanceContext.objects.filter(pk=row.pk).exists()
    assert AcceptanceContext.objects.filter(user_key=str(other.pk)).exists(), "an open account keeps its own"
    assert Acceptance.objects.filter(pk=row.pk).exists(), "the immutable half names nobody, and stays"


def test_acceptances_of_open_accounts_outlast_the_period(
    asks: PolicyVersion, joins: Callable[..., Any], now: datetime, actor: Actor
) -> None:
    users = [joins(f"user{number}") for number in range(5)]
    for user in users:
        agree(user, asks, at=now)
    stranger = Person(address="jo@example.org")
    deem(person=stranger, event=Event.CONTACT, surface="page", now=now, actor=actor)
    assert keep_while_open(now=now + YEAR) == 0
    later = now + 2 * YEAR
    assert keep_while_open(now=later, dry_run=True) == 5
    with override_settings(PRIVACY={"WINDOW_ROWS": 2}):
        assert keep_while_open(now=later) == 5
    assert keep_while_open(now=later) == 0
    assert AcceptanceContext.objects.of_members().ending(later + 2 * YEAR).count() == 0
    assert AcceptanceContext.objects.of(stranger).get().until < now + 4 * YEAR


def test_a_member_takes_their_acceptances_along(asks: PolicyVersion, joins: Callable[..., Any]) -> None:
    declared = find(AcceptanceContext)
    assert declared is not None
    assert "acceptance" in declared.data.export
    assert not {"salt", "pseudonym", "reason"} & set(declared.data.export)


@pytest.mark.django_db(transaction=True)
def test_a_restore_loses_no_acceptance(
    journal: Path,  # noqa: F811
    asks: PolicyVersion,
    joins: Callable[..., Any],
    now: datetime,
    actor: Actor,
) -> None:
    user, stranger = joins(), Person(address="Jo.Doe@example.org")
    agree(user, asks, at=now)
    with undone():
        lost = agree(user, asks, at=now + DAY, surface="api")
        deem(person=stranger, event=Event.CONTACT, surface="page", now=now + DAY, actor=actor)
    assert Acceptance.objects.count() == 1
    report = replay(now=now + 2 * DAY, actor=actor)
    assert report.errors == {}
    assert report.kinds["acceptance"] == {"told": 3, "again": 2, "there": 1, "gone": 0}
    back = Acceptance.objects.get(reference=lost.reference)
    assert (back.at, back.kind, back.context.user_key) == (now + DAY, "express", str(user.pk))
    assert {one.document: one.version_id for one in back.versions.all()} == {
        "privacy": "privacy.en.1",
        "terms": "terms.en.1",
    }
    assert is_proved(back, back.context)
    assert AcceptanceContext.objects.of(stranger).count() == 1
    assert EvidenceEntry.objects.filter(act="policies.accepted_again").count() == 2
    text = text_of(journal).lower()
    assert "jo.doe" not in text
    assert f'"{user.pk}"' not in text

    report = replay(now=now + 3 * DAY, actor=actor)
    assert report.kinds["acceptance"] == {"told": 3, "again": 0, "there": 3, "gone": 0}
