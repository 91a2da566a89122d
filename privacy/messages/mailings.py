"""A mailing from its first draft to its last message: written, tested, approved, started, paused, stopped.

Source: K16, HMY-15-3 (approved texts), HTC-5.3-3 and CPT-6-3 (no promotion inside other mail).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, router, transaction

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.enqueue import nudge
from privacy.core.errors import PrivacyError
from privacy.evidence.services import record
from privacy.messages.audiences import audiences
from privacy.messages.composing import NoPostalAddress, NoWayOut, truthful
from privacy.messages.models import Mailing, OutboxMessage
from privacy.messages.queueing import TASK, Queued, queue
from privacy.messages.rules import message_rules
from privacy.promises.queries import facts

_State = Mailing.State
_TEXTS = ("code", "topic", "audience", "language", "sender", "subject", "text")


class CodeTaken(PrivacyError):
    """Another mailing has this code; with it nobody would get the second one."""


class PromotionalContent(PrivacyError):
    """What is promotional may only go as promotion, to those who may get it (HTC-5.3-3, CPT-6-3)."""


class NotTested(PrivacyError):
    """Nobody has seen this mailing as its readers will."""


class WrongMailingState(PrivacyError):
    """What is asked for does not fit where the mailing is."""

    def __init__(self, state: str) -> None:
        super().__init__(field="mailing", problem=f"it is {state}", mend="Open its page again, it has moved on")


class EmptyText(PrivacyError):
    """A mailing without a subject or a text."""


def write(
    *,
    code: str,
    topic: str,
    audience: str,
    language: str,
    sender: str,
    subject: str,
    text: str,
    tracking: bool = False,
    per_minute: int | None = None,
    now: datetime,
    actor: Actor,
) -> Mailing:
    """Write a mailing down as a draft. Its text is plain; the HTML part is made from it.

    Args:
        topic: of the profile, never an exempt one: those are for single people.
        audience: a registered name.
        tracking: keep what a provider reports of openings and clicks (HVR-5-1).

    Raises:
        UnknownTopic, NotRegistered, ClientData, UntruthfulSender, EmptyText, CodeTaken: names the argument.
    """
    rules = message_rules()
    about = rules.topic(topic)
    audiences.get(audience).queryset()
    truthful(sender, rules)
    if not subject.strip() or not text.strip():
        raise EmptyText(field="text", problem="subject or text is empty", mend="Write both")
    mailing = Mailing(
        code=code,
        topic=topic,
        kind=about.kind,
        audience=audience,
        language=language,
        sender=sender,
        subject=" ".join(subject.split()),
        text=text,
        tracking=tracking,
        per_minute=per_minute,
        created_at=now,
    )
    try:
        with transaction.atomic(using=router.db_for_write(Mailing)):
            mailing.save(force_insert=True)
            _record("messages.mailing_made", mailing, now, actor)
    except IntegrityError:
        raise CodeTaken(field="code", problem="another mailing has it", mend="Choose a word of its own") from None
    return mailing


def rewrite(*, mailing: Mailing, now: datetime, actor: Actor, **changes: Any) -> Mailing:
    """Change a draft. It has to be tested and approved anew."""
    with _locked(mailing, _State.DRAFT) as row:
        rules = message_rules()
        row.kind = rules.topic(changes.get("topic", row.topic)).kind
        truthful(changes.get("sender", row.sender), rules)
        audiences.get(changes.get("audience", row.audience)).queryset()
        for name in (*_TEXTS, "tracking", "per_minute"):
            if name in changes and name != "code":
                setattr(row, name, changes[name])
        if not row.subject.strip() or not row.text.strip():
            raise EmptyText(field="text", problem="subject or text is empty", mend="Write both")
        row.tested_at = row.approved_at = None
        row.promotional = None
        row.save()
        _record("messages.mailing_made", row, now, actor)
    return row


def test(*, mailing: Mailing, address: str, now: datetime) -> Queued:
    """Send it to one address of the staff, exactly as its readers get it. It counts as nothing.

    Raises:
        UnfitAddress: nothing can be sent there.
        NoWayOut, NoPostalAddress: it could never leave.
    """
    refuse_unfit_form(mailing)
    row = queue(
        topic=mailing.topic,
        subject=mailing.subject,
        text=mailing.text,
        address=address,
        sender=mailing.sender,
        language=mailing.language,
        test=True,
        now=now,
    )
    Mailing.objects.filter(pk=mailing.pk).update(tested_at=now)
    return row


def approve(*, mailing: Mailing, promotional: bool, now: datetime, actor: Actor) -> Mailing:
    """Somebody read it: its subject says what is in it, and it is what its class says.

    Args:
        promotional: whether the text advertises anything.

    Raises:
        PromotionalContent: it does, and its class says it does not.
        NotTested: it was never sent as a test.
        WrongMailingState: it is no draft any more.
    """
    with _locked(mailing, _State.DRAFT) as row:
        topic = message_rules().topic(row.topic)
        if promotional and not topic.promotional:
            raise PromotionalContent(
                field="topic",
                problem="it advertises, and its topic is none for promotion",
                mend="Choose a promotional topic, or take the advertisement out",
            )
        if row.tested_at is None:
            raise NotTested(field="mailing", problem="nobody has looked at it yet", mend="Send a test, and read it")
        refuse_unfit_form(row)
        row.approved_at, row.promotional = now, promotional
        row.save(update_fields=["approved_at", "promotional"])
        _record("messages.mailing_approved", row, now, actor, {"promotional": promotional})
    return row


def start(*, mailing: Mailing, now: datetime, actor: Actor) -> Mailing:
    """Begin to gather its recipients and to send.

    Raises:
        WrongMailingState: it was not approved, or has begun already.
    """
    with _locked(mailing, _State.DRAFT) as row:
        if row.approved_at is None:
            raise WrongMailingState("not approved")
        row.state, row.started_at = _State.PREPARING, now
        row.save(update_fields=["state", "started_at"])
        _record("messages.mailing_started", row, now, actor)
    nudge(TASK)
    return row


def pause(*, mailing: Mailing, now: datetime, actor: Actor) -> Mailing:
    """No further message of it leaves; what is on its way just now still arrives.

    Raises:
        WrongMailingState: it is not at work.
    """
    with _locked(mailing, _State.PREPARING, _State.RUNNING) as row:
        row.resumes_to, row.state = row.state, _State.PAUSED
        row.save(update_fields=["state", "resumes_to"])
        _record("messages.mailing_paused", row, now, actor)
    return row


def resume(*, mailing: Mailing, now: datetime, actor: Actor) -> Mailing:
    """It goes on where it was.

    Raises:
        WrongMailingState: it is not paused.
    """
    with _locked(mailing, _State.PAUSED) as row:
        row.state, row.resumes_to = row.resumes_to, ""
        row.save(update_fields=["state", "resumes_to"])
        _record("messages.mailing_resumed", row, now, actor)
    nudge(TASK)
    return row


def stop(*, mailing: Mailing, now: datetime, actor: Actor) -> int:
    """It ends for good; what waits is dropped.

    Returns:
        How many messages will not go.

    Raises:
        WrongMailingState: it is over already.
    """
    with _locked(mailing, _State.DRAFT, _State.PREPARING, _State.RUNNING, _State.PAUSED) as row:
        waiting = OutboxMessage.objects.queued().filter(mailing=row)
        dropped = waiting.update(state=OutboxMessage.State.DROPPED, reason="stopped", ended_at=now)
        row.state, row.finished_at = _State.STOPPED, now
        row.save(update_fields=["state", "finished_at"])
        _record("messages.mailing_stopped", row, now, actor, {"dropped": dropped})
    return dropped


def finish(*, now: datetime, actor: Actor) -> int:
    """Mailings of which nothing waits any more are finished; returns how many. Two queries, and three for each."""
    busy = OutboxMessage.objects.filter(state__in=("queued", "sending")).exclude(mailing=None).values("mailing")
    finished = 0
    for mailing in Mailing.objects.filter(state=_State.RUNNING, prepared=True).exclude(pk__in=busy):
        with transaction.atomic(using=router.db_for_write(Mailing)):
            changed = Mailing.objects.filter(pk=mailing.pk, state=_State.RUNNING).update(
                state=_State.FINISHED, finished_at=now
            )
            if changed:
                _record("messages.mailing_finished", mailing, now, actor)
        finished += changed
    return finished


@contextmanager
def _locked(mailing: Mailing, *states: str) -> Iterator[Mailing]:
    """The mailing's row for the length of a transaction, in one of these states."""
    with transaction.atomic(using=router.db_for_write(Mailing)):
        row = Mailing.objects.select_for_update().get(pk=mailing.pk)
        if row.state not in states:
            raise WrongMailingState(row.state)
        yield row


def refuse_unfit_form(mailing: Mailing) -> None:
    """What every single message would be refused for is told before."""
    rules = message_rules()
    topic = rules.topic(mailing.topic)
    truthful(mailing.sender, rules)
    if rules.links(topic) and not settings.site_url:
        raise NoWayOut(
            field="PRIVACY['SITE_URL']", problem="without it no link in a mail works", mend="Set the site's address"
        )
    if rules.prints_address(topic) and not facts().postal_address:
        raise NoPostalAddress(
            field="site.postal_address", problem="the profile has none", mend="Write it in the profile's [site]"
        )


def _record(act: str, mailing: Mailing, now: datetime, actor: Actor, also: dict[str, Any] | None = None) -> None:
    details = {"code": mailing.code, "topic": mailing.topic, **(also or {})}
    record(act=act, now=now, actor=actor, label="privacy.Mailing", details=details)
