"""One run of the outbox: recipients are gathered, what is due leaves, and what is done is finished."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from privacy.core.actors import Actor
from privacy.core.enqueue import nudge
from privacy.core.errors import PrivacyError
from privacy.disposal.journal.restores import require_whole
from privacy.messages.dispatching import dispatch
from privacy.messages.mailings import finish
from privacy.messages.models import Mailing
from privacy.messages.preparing import prepare
from privacy.messages.queueing import TASK


@dataclass(frozen=True, slots=True)
class OutboxReport:
    """What a run did: rows gathered, messages by what became of them, mailings that ended, and what went wrong."""

    gathered: int
    counts: dict[str, int]
    finished: int
    errors: list[str] = field(default_factory=list)


def run_outbox(*, now: datetime, actor: Actor) -> OutboxReport:
    """Gather, send, finish. A mailing whose recipients cannot be gathered keeps nothing else from leaving.

    Raises:
        SiteRestored: a restore waits for its replay; nothing may leave.
    """
    require_whole()
    gathered, errors = 0, []
    for mailing in Mailing.objects.filter(state=Mailing.State.PREPARING).order_by("created_at"):
        try:
            gathered += prepare(mailing=mailing, now=now)
        except PrivacyError as refusal:
            errors.append(f"{mailing.code}: {refusal.problem}")
        except Exception as error:  # noqa: BLE001 - a list is the site's own code, and its text may name somebody
            errors.append(f"{mailing.code}: {type(error).__name__}")
    report = dispatch(now=now, actor=actor)
    if report.error:
        errors.append(report.error)
    elif report.left:
        nudge(TASK)
    return OutboxReport(gathered, report.counts, finish(now=now, actor=actor), errors)
