"""Nobody is held to a version before their own day: an earlier use breaks it, a mail explains it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from privacy.core.actors import Actor
from privacy.core.registries import Status
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, AcceptedVersion, Event, Kind
from privacy.policies.acceptance.services import accept_by_use
from privacy.policies.models import PolicyNotice, PolicyVersion
from privacy.policies.rules import policy_rules
from tests.policies.test_clocks import CPT, DAY
from tests.policies.test_promises_of_notices import ask, change  # noqa: F401 - a fixture

Publish = Callable[..., PolicyVersion]
BY_USE = CPT.replace('email_lead = "P2D"', 'email_lead = "P1D"') + "[policies.acceptance]\ncontinued_use = true\n"
NAME = "nobody_bound_early"


def held(version: PolicyVersion, user_key: str, at: datetime) -> None:
    """What the ledger would hold if somebody's use had counted at this moment."""
    row = Acceptance(at=at, kind=Kind.CONTINUED, event=Event.USE, surface="page", commitment="0" * 64)
    row.save()
    AcceptedVersion(acceptance=row, document=version.document_id, version=version).save()
    AcceptanceContext.objects.create(
        acceptance=row, user_key=user_key, digest_key="1", salt="0" * 64, entered_by="member", until=at + 1000 * DAY
    )


@pytest.fixture
def version(change: Publish, now: datetime) -> PolicyVersion:  # noqa: F811
    """The second one, of a day later than the first."""
    return change(BY_USE, at=now + DAY)


def test_use_that_counted_before_the_day_breaks_the_promise_and_a_mail_that_brought_it_forward_explains_it(
    version: PolicyVersion, now: datetime
) -> None:
    assert ask(NAME, now + 2 * DAY) == Status.KEPT
    held(version, "7", now + 2.5 * DAY)
    assert ask(NAME, now + 4 * DAY) == Status.BROKEN
    PolicyNotice.objects.create(version=version, user_key="7", dispatched_at=now + DAY)
    assert ask(NAME, now + 4 * DAY) == Status.KEPT


def test_what_the_site_itself_writes_down_comes_on_the_day(
    version: PolicyVersion, person: Callable[..., object], now: datetime, actor: Actor
) -> None:
    user = person("robin")
    type(user).objects.update(date_joined=now - 100 * DAY)  # type: ignore[attr-defined]
    key = str(user.pk)  # type: ignore[attr-defined]
    PolicyNotice.objects.create(version=version, user_key=key, dispatched_at=now + DAY)
    for hours in (12, 36, 47, 49, 73):
        accept_by_use(user_key=key, rules=policy_rules(), now=now + hours / 24 * DAY, actor=actor)
    assert AcceptedVersion.objects.filter(version=version).exists()
    assert ask(NAME, now + 4 * DAY) == Status.KEPT


def test_without_a_change_nobody_can_tell(now: datetime, db: None) -> None:
    assert ask(NAME, now) == Status.CANNOT_TELL
