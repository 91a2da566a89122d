"""What the law or a contract owes everybody goes to every account, and staff cannot send anything in that way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry
from privacy.messages.composing import UntruthfulSender
from privacy.messages.forms import MailingForm
from privacy.messages.models import Mailing, OutboxMessage
from privacy.messages.rules import MessageRules
from privacy.messages.services import notify_everybody, opt_out, prepare, run_outbox
from tests.messages.conftest import Mailbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]


def begin(now: datetime, actor: Actor) -> Mailing:
    return notify_everybody(
        code="terms 2", subject="Our terms change", text="They do.", language="en", now=now, actor=actor
    )


def test_it_reaches_every_account_and_the_evidence_says_whom_no_opt_out_kept(
    server: Mailbox, member: Any, now: datetime, actor: Actor
) -> None:
    get_user_model().objects.create_user("asleep", "asleep@example.org", "x", is_active=False)
    get_user_model().objects.create_user("silent", "")
    opt_out(address="robin@example.org", level="all", source="page", now=now, actor=actor)
    mailing = begin(now, actor)
    assert not OutboxMessage.objects.exists()
    run_outbox(now=now, actor=actor)
    assert sorted(address for address, _mail in server.mails) == ["asleep@example.org", "robin@example.org"]
    assert EvidenceEntry.objects.filter(act="messages.exempt_sent").count() == 1
    mailing.refresh_from_db()
    assert (mailing.kind, mailing.promotional, mailing.state) == ("legal", False, Mailing.State.FINISHED)


def test_a_notice_waits_behind_nothing(member: Any, queue: Any, now: datetime, actor: Actor) -> None:
    queue(user=member)
    prepare(mailing=begin(now, actor), now=now)
    assert list(OutboxMessage.objects.order_by("priority").values_list("topic", flat=True)) == [
        "legal_notice",
        "offers",
    ]


def test_staff_cannot_choose_everybody() -> None:
    offered = [name for name, _title in MailingForm(rules=MessageRules()).fields["audience"].choices]  # type: ignore[attr-defined]
    assert "members" in offered
    assert "everybody" not in offered


def test_what_could_never_leave_is_not_begun(rules: Any, now: datetime, actor: Actor) -> None:
    rules('sender_domains = ["example.com"]')
    with pytest.raises(UntruthfulSender):
        begin(now, actor)
    assert not Mailing.objects.exists()
