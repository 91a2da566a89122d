"""A consent is withdrawn, or a purpose objected to: what waits on that ground is dropped at once."""

from __future__ import annotations

from datetime import datetime

from privacy.consent.people import Person
from privacy.messages.classes import Channel
from privacy.messages.digests import digests
from privacy.messages.models import OutboxMessage
from privacy.messages.rules import message_rules


def drop_withdrawn(*, purpose: str, person: Person | None, now: datetime) -> int:
    """Drop what waits for one person on a purpose. Without a person the next run asks for each anyway.

    Args:
        purpose: empty stands for every purpose.

    Returns:
        How many messages were dropped.
    """
    if person is None:
        return 0
    topics = [
        topic.code
        for topic in message_rules().topics.values()
        if (purpose == topic.purpose if purpose else topic.purpose or topic.promotional)
    ]
    waiting = OutboxMessage.objects.queued().filter(topic__in=topics)
    if person.user_key:
        waiting = waiting.filter(user_key=person.user_key)
    else:
        waiting = waiting.of_digests(digests(Channel.EMAIL, person.address))
    return waiting.update(state=OutboxMessage.State.DROPPED, reason="not_allowed", ended_at=now)
