"""What a site's own code and the doors of this room call."""

from privacy.messages.deciding import Decision, NothingToSend, NotInDoubt, decide
from privacy.messages.dispatching import DispatchReport, dispatch
from privacy.messages.mailings import (
    CodeTaken,
    EmptyText,
    NotTested,
    PromotionalContent,
    WrongMailingState,
    approve,
    finish,
    pause,
    resume,
    rewrite,
    start,
    stop,
    test,
    write,
)
from privacy.messages.notifying import notify_everybody
from privacy.messages.outbox import OutboxReport, run_outbox
from privacy.messages.preferences import Choice, choose, reachable, standings, stop_all
from privacy.messages.preparing import Reach, prepare, reach
from privacy.messages.queueing import NobodyToWriteTo, Queued, WrongKey, queue
from privacy.messages.suppression import OptOutInFuture, OptOutReport, lift, opt_out, stops_of
from privacy.messages.texts import TextReport, receive_text
from privacy.messages.tracking import report_event
from privacy.messages.unsubscribing import leave

__all__ = [
    "Choice",
    "CodeTaken",
    "Decision",
    "DispatchReport",
    "EmptyText",
    "NobodyToWriteTo",
    "NotInDoubt",
    "NotTested",
    "NothingToSend",
    "OptOutInFuture",
    "OptOutReport",
    "OutboxReport",
    "PromotionalContent",
    "Queued",
    "Reach",
    "TextReport",
    "WrongKey",
    "WrongMailingState",
    "approve",
    "choose",
    "decide",
    "dispatch",
    "finish",
    "leave",
    "lift",
    "notify_everybody",
    "opt_out",
    "pause",
    "prepare",
    "queue",
    "reach",
    "reachable",
    "receive_text",
    "report_event",
    "resume",
    "rewrite",
    "run_outbox",
    "standings",
    "start",
    "stop",
    "stop_all",
    "stops_of",
    "test",
    "write",
]
