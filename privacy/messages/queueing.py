"""Putting one message into the outbox. It leaves with the next run, in its own time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, router, transaction

from privacy.core.enqueue import nudge
from privacy.core.errors import PrivacyError
from privacy.datamap.shapes import email_field
from privacy.messages.classes import PRIORITY, Channel, Topic
from privacy.messages.composing import new_message_id, truthful
from privacy.messages.digests import digest, normal
from privacy.messages.models import OutboxMessage
from privacy.messages.permission import Judgement, Recipient, judge
from privacy.messages.rules import message_rules

TASK = "privacy.dispatch"
_State = OutboxMessage.State


class NobodyToWriteTo(PrivacyError):
    """Neither an address nor an account with one."""


class WrongKey(PrivacyError):
    """The key of a message is too long, or could name a person."""


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of a message.

    Attributes:
        id: of its row.
        refused: why it will not go; empty when it waits.
        again: the same key was queued before; nothing was added.
    """

    id: int
    refused: str = ""
    again: bool = False


def queue(
    *,
    topic: str,
    subject: str,
    text: str,
    html: str = "",
    user: Any | None = None,
    address: str = "",
    key: str = "",
    sender: str = "",
    language: str = "",
    content: Mapping[str, Any] | None = None,
    test: bool = False,
    now: datetime,
) -> Queued:
    """Queue one message. Inside a transaction it is queued with it, and never leaves when that is undone.

    Who opted out, closed the account, or never agreed where that is asked, is not written to: the row then says why.

    Args:
        topic: of the profile, or built in: ``"breach"``, ``"request_answer"``, ``"legal_notice"``,
            ``"administration"``, ``"site_mail"``.
        text: the plain text, without greeting lines of ours; form, footer and way out are put on when it leaves.
        html: the site's own, as safe as the site makes it; empty makes it from the text.
        user: the recipient; or
        address: of somebody without an account.
        key: ``"invoice-4711"``: with the same key nothing is sent twice. No name, no address.
        sender: empty takes DEFAULT_FROM_EMAIL.
        content: ``reply_to``, ``headers``, ``alternatives`` and ``attachments`` as the e-mail backend packs them.
        test: staff look at it; it counts as nothing.

    Raises:
        UnknownTopic, UnfitAddress, NobodyToWriteTo, WrongKey, UntruthfulSender: names the argument.
    """
    rules = message_rules()
    about = rules.topic(topic)
    to = _recipient(user, address)
    if "@" in key or len(key) > 120:
        raise WrongKey(field="key", problem="it is too long or holds an @", mend='Use a word such as "invoice-4711"')
    row = OutboxMessage(
        key=f"one {key or uuid.uuid4().hex}",
        test=test,
        language=language,
        sender=sender,
        subject=" ".join(subject.split()),
        text=text,
        html=html,
        content=dict(content or {}),
    )
    if sender:
        truthful(sender, rules)
    judgement = Judgement() if test else judge([to], about, rules=rules, now=now)
    addressed(row, to, about, judgement, now)
    try:
        with transaction.atomic(using=router.db_for_write(OutboxMessage)):
            row.save(force_insert=True)
    except IntegrityError:
        known = OutboxMessage.objects.get(key=row.key)
        return Queued(known.pk, known.reason if known.state == _State.DROPPED else "", again=True)
    if row.state == _State.QUEUED:
        nudge(TASK)
    return Queued(row.pk, row.reason)


def addressed(row: OutboxMessage, to: Recipient, topic: Topic, judgement: Judgement, now: datetime) -> None:
    """Fill in to whom a message goes, and whether it may."""
    refused = judgement.refused.get(to, "")
    row.topic, row.kind, row.priority = topic.code, topic.kind, PRIORITY[topic.kind]
    row.basis = judgement.basis.get(to, topic.basis)
    row.address, row.user_key, row.digest = to.address, to.user_key, digest(Channel.EMAIL, to.address)
    row.message_id = new_message_id(row.sender or (row.mailing.sender if row.mailing else ""))
    row.queued_at = row.not_before = now
    if refused:
        row.state, row.reason, row.ended_at = _State.DROPPED, refused, now


def _recipient(user: Any | None, address: str) -> Recipient:
    if user is not None:
        field = email_field(get_user_model())
        address = address or (str(getattr(user, field) or "") if field else "")
    if not address:
        raise NobodyToWriteTo(field="user", problem="there is no address to write to", mend="Give user or address")
    normal(Channel.EMAIL, address)
    return Recipient(address.strip(), "" if user is None else str(user.pk))
