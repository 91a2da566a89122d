"""A notice that the law, or the contract with everybody, wants: it goes to every account, whatever people opted out of.

It is a mailing as any other, gathered and sent by the outbox; only nobody tests and approves it by hand, since what it
tells of was approved already. It has no place for promotion: its text comes from code, and its class is *legal*, which
no profile makes promotional (T41).
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings as django_settings
from django.db import router, transaction

from privacy.core.actors import Actor
from privacy.core.enqueue import nudge
from privacy.evidence.services import record
from privacy.messages.audiences import EVERYBODY
from privacy.messages.mailings import refuse_unfit_form
from privacy.messages.models import Mailing
from privacy.messages.queueing import TASK
from privacy.messages.rules import message_rules

TOPIC = "legal_notice"


def notify_everybody(*, code: str, subject: str, text: str, language: str, now: datetime, actor: Actor) -> Mailing:
    """Begin to write to every account that has an address. The outbox gathers them and sends, in constant memory.

    The same number of queries for any number of accounts. Whoever stopped all correspondence gets it as well, and each
    such message is entered in the evidence. A code that was used before sends to nobody twice, even after a restore.

    Args:
        code: of the mailing; holds a blank or a dot, so that it is none that staff may choose.

    Raises:
        UntruthfulSender, NoWayOut, NoPostalAddress: no message of it could ever leave.
    """
    topic = message_rules().topic(TOPIC)
    mailing = Mailing(
        code=code,
        topic=topic.code,
        kind=topic.kind,
        audience=EVERYBODY,
        language=language,
        sender=django_settings.DEFAULT_FROM_EMAIL,
        subject=" ".join(subject.split())[:200],
        text=text,
        state=Mailing.State.PREPARING,
        promotional=False,
        created_at=now,
        approved_at=now,
        started_at=now,
    )
    refuse_unfit_form(mailing)
    with transaction.atomic(using=router.db_for_write(Mailing)):
        mailing.save(force_insert=True)
        details = {"code": code, "topic": topic.code, "exempt": topic.exempt}
        record(act="messages.mailing_started", now=now, actor=actor, label="privacy.Mailing", details=details)
    nudge(TASK)
    return mailing
