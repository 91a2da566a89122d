"""Leaving by the link in a mail: without signing in, in one step, from forwarded and old mails too (RFC 8058)."""

from __future__ import annotations

from datetime import datetime

from django.db import router, transaction

from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.messages.classes import Channel, Level, Topic
from privacy.messages.digests import digests
from privacy.messages.models import OutboxMessage, Suppression
from privacy.messages.preferences import take_back, unwanted
from privacy.messages.rules import message_rules
from privacy.messages.suppression import OptOutReport, opt_out_digest
from privacy.messages.tokens import read_token

#: Where the withdrawal of a consent came from.
SURFACE = "unsubscribe"


def about(token: str) -> Topic | None:
    """The topic of a link; None where the profile does not know it any more.

    Raises:
        UnknownToken: it is none of ours.
    """
    return message_rules().topics.get(read_token(token).topic)


def leave(*, token: str, level: str = "", one_click: bool = False, now: datetime, actor: Actor) -> OptOutReport:
    """Stop what the link is about, at the level the profile or the person says.

    A consent that the topic rests on is withdrawn as well, where the person behind the mail is still known.

    Args:
        level: what the person chose on the page; empty takes what the profile says one press stops.

    Raises:
        UnknownToken: it is none of ours.
    """
    out = read_token(token)
    rules = message_rules()
    level = level or rules.opt_out
    topic = rules.topics.get(out.topic)
    if topic is None or not topic.promotional:
        # There is nothing smaller to stop than what the profile says, or all promotion.
        level = level if level == Level.ALL else Level.MARKETING
    with transaction.atomic(using=router.db_for_write(Suppression)):
        address = _address(out.digest)
        report = opt_out_digest(
            digest=out.digest,
            key_id=out.key_id,
            also=digests(Channel.EMAIL, address) if address else (),
            level=level,
            topic=out.topic,
            source=Suppression.Source.ONE_CLICK if one_click else Suppression.Source.LINK,
            now=now,
            actor=actor,
        )
        stopped = [one for one in rules.promotional if rules.stopped_by(report.level, report.topic, one)]
        members = _accounts(out.digest)
        unwanted(user_keys=members, topics=[one.code for one in stopped], now=now)
        people = [Person(user_key=key) for key in members]
        # The same address may have agreed before it had an account.
        people += [Person(address=address)] if address else []
        take_back(people, stopped, surface=SURFACE, now=now, actor=actor)
    return report


def _address(digest: str) -> str:
    """Where the mail went, as long as a row tells."""
    rows = OutboxMessage.objects.of_digests([digest]).exclude(address="").order_by()
    return rows.values_list("address", flat=True).first() or ""


def _accounts(digest: str) -> list[str]:
    """Members who were written to at this address, as long as a row tells."""
    rows = OutboxMessage.objects.of_digests([digest]).exclude(user_key="").order_by()
    return list(rows.values_list("user_key", flat=True).distinct()[:10])
