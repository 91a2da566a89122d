"""What a mail provider reports afterwards: bounces, complaints, and, where a mailing allows it, openings and clicks."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, router, transaction

from privacy.core.actors import Actor
from privacy.evidence.services import record
from privacy.messages.classes import Level
from privacy.messages.models import MailEvent, OutboxMessage, Suppression
from privacy.messages.rules import message_rules
from privacy.messages.signals import came_back
from privacy.messages.suppression import opt_out

_Kind = MailEvent.Kind
#: What django-anymail calls it, and what it is here. Everything else is not kept.
KINDS = {
    "delivered": _Kind.DELIVERED,
    "bounced": _Kind.BOUNCED,
    "rejected": _Kind.BOUNCED,
    "complained": _Kind.COMPLAINED,
    "unsubscribed": _Kind.COMPLAINED,
    "opened": _Kind.OPENED,
    "clicked": _Kind.CLICKED,
}
_WATCHED = (_Kind.OPENED, _Kind.CLICKED)


def report_event(*, message_id: str, event: str, at: datetime | None, now: datetime, actor: Actor) -> bool:
    """Keep what became of a message; the provider may report it twice, and of messages that nobody knows.

    A bounce is recorded and stops nothing else. Who marks promotion as spam, or leaves by the provider's own link, has
    opted out. Openings and clicks are kept only where the mailing says so (HVR-5-1).

    Args:
        message_id: as it stands in the outbox.
        event: a word of django-anymail's ``EventType``.
        at: when it happened, by the provider.

    Returns:
        Whether anything was kept.
    """
    kind = KINDS.get(event)
    message = OutboxMessage.objects.select_related("mailing").filter(message_id=message_id).first()
    if kind is None or message is None or not message_id:
        return False
    tracked = bool(message.mailing and message.mailing.tracking)
    if kind in _WATCHED and not tracked:
        return False
    row = MailEvent(message=message.pk, user_key=message.user_key, kind=kind, tracked=tracked, at=at or now)
    try:
        with transaction.atomic(using=router.db_for_write(MailEvent)):
            row.save(force_insert=True)
    except IntegrityError:
        return False
    if kind == _Kind.BOUNCED:
        OutboxMessage.objects.filter(pk=message.pk, bounced_at=None).update(bounced_at=at or now)
        counts = {"messages": 1}
        if message.mailing_id:
            came_back.send(OutboxMessage, message=message, at=at or now)
        record(act="messages.bounced", now=now, actor=actor, label="privacy.OutboxMessage", counts=counts)
    if kind == _Kind.COMPLAINED and message.address:
        rules = message_rules()
        opt_out(
            address=message.address,
            level="" if rules.opt_out != Level.TOPIC else Level.MARKETING,
            source=Suppression.Source.COMPLAINT,
            user_key=message.user_key,
            now=now,
            actor=actor,
        )
    return True
