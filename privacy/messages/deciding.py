"""A message of which nobody knows whether it arrived: a person decides, and only that sends it again."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import router, transaction

from privacy.core.actors import Actor
from privacy.core.enqueue import nudge
from privacy.core.errors import PrivacyError
from privacy.evidence.services import record
from privacy.messages import journalling
from privacy.messages.models import OutboxMessage
from privacy.messages.queueing import TASK
from privacy.messages.signals import left

Decision = Literal["arrived", "again", "drop"]
_State = OutboxMessage.State
#: What is dropped may have arrived all the same: after a restore it waits for a person again, and is not sent.
_TOLD = {"arrived": "left", "again": "not", "drop": "unknown"}


class NotInDoubt(PrivacyError):
    """It was decided already."""


class NothingToSend(PrivacyError):
    """A restore took its text and address: it cannot be sent again from here."""


def decide(*, message: OutboxMessage, decision: Decision, now: datetime, actor: Actor) -> OutboxMessage:
    """
    Args:
        decision: ``arrived`` counts it as sent; ``again`` queues it once more, and the reader may get it twice;
            ``drop`` leaves it unsent.

    Raises:
        NotInDoubt: somebody was faster.
        NothingToSend: ``again``, and the row holds no address any more.
    """
    with transaction.atomic(using=router.db_for_write(OutboxMessage)):
        row = OutboxMessage.objects.select_for_update().get(pk=message.pk)
        if row.state != _State.AMBIGUOUS:
            raise NotInDoubt(field="message", problem="it is decided already", mend="Open its page again")
        if decision == "again":
            if not row.address:
                raise NothingToSend(field="message", problem="a restore took its text", mend="Write to the person anew")
            row.state, row.not_before, row.ended_at = _State.QUEUED, now, None
        elif decision == "arrived":
            row.state, row.sent_at, row.ended_at = _State.SENT, row.sending_at or now, now
        else:
            row.state, row.ended_at = _State.DROPPED, now
        row.reason = f"decided_{decision}"
        row.save(update_fields=["state", "not_before", "sent_at", "ended_at", "reason"])
        if row.state == _State.SENT and row.mailing_id:
            left.send(OutboxMessage, message=row, at=row.sent_at)
        record(
            act="messages.decided",
            now=now,
            actor=actor,
            label="privacy.OutboxMessage",
            counts={decision: 1},
            subject=row.user_key,
            details={"message": row.pk, "decision": decision},
        )
        journalling.tell([journalling.line_of(row, _TOLD[decision])], now=now)
    if decision == "again":
        nudge(TASK)
    return row
