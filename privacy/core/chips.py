"""A status as a word, a colour and an icon: one vocabulary for every room.

Colour never speaks alone: each tone has its own icon, and the word is always written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

Tone = Literal["good", "bad", "warn", "info", "quiet"]
Icon = Literal["check", "cross", "question", "clock", "pause", "dash", "eye", "lock", "bang"]


@dataclass(frozen=True, slots=True)
class Chip:
    """How one status looks.

    Attributes:
        label: the word a person reads.
        tone: the colour family.
        icon: the shape beside the word.
    """

    label: str | Promise
    tone: Tone
    icon: Icon


STATUSES: dict[str, Chip] = {
    # promises
    "kept": Chip(_("kept"), "good", "check"),
    "broken": Chip(_("broken"), "bad", "cross"),
    "cannot_tell": Chip(_("cannot tell"), "warn", "question"),
    "not_promised": Chip(_("not promised"), "quiet", "dash"),
    # closures
    "planned": Chip(_("planned"), "info", "clock"),
    "scheduled": Chip(_("scheduled"), "info", "clock"),
    "cut_off": Chip(_("cut off"), "warn", "lock"),
    "partial": Chip(_("partial"), "bad", "bang"),
    "held": Chip(_("held"), "info", "pause"),
    "undecided": Chip(_("waits for a decision"), "warn", "question"),
    "done": Chip(_("done"), "good", "check"),
    "cancelled": Chip(_("cancelled"), "quiet", "dash"),
    # messages and mailings
    "mail_queued": Chip(_("waiting"), "info", "clock"),
    "mail_sending": Chip(_("being sent"), "info", "clock"),
    "mail_sent": Chip(_("sent"), "good", "check"),
    "mail_dropped": Chip(_("not sent"), "quiet", "dash"),
    "mail_refused": Chip(_("refused"), "bad", "cross"),
    "mail_ambiguous": Chip(_("perhaps sent"), "warn", "question"),
    "came_back": Chip(_("came back"), "bad", "cross"),
    "mailing_draft": Chip(_("draft"), "quiet", "dash"),
    "mailing_preparing": Chip(_("recipients are gathered"), "info", "clock"),
    "mailing_running": Chip(_("being sent"), "info", "clock"),
    "mailing_paused": Chip(_("paused"), "warn", "pause"),
    "mailing_finished": Chip(_("finished"), "good", "check"),
    "mailing_stopped": Chip(_("stopped"), "quiet", "dash"),
    # nights and their steps
    "waiting": Chip(_("waiting"), "info", "clock"),
    "pending": Chip(_("waiting"), "info", "clock"),
    "running": Chip(_("running"), "info", "clock"),
    "completed": Chip(_("completed"), "good", "check"),
    "failed": Chip(_("failed"), "bad", "cross"),
    "skipped": Chip(_("skipped"), "quiet", "dash"),
    "preview": Chip(_("preview only"), "info", "eye"),
    "previewed": Chip(_("previewed, waits for approval"), "warn", "eye"),
    "awaiting_approval": Chip(_("waits for approval"), "warn", "pause"),
    "approved": Chip(_("approved"), "good", "check"),
    "carried_out": Chip(_("approved and carried out"), "good", "check"),
    "missed": Chip(_("missed"), "bad", "bang"),
    "interrupted": Chip(_("interrupted"), "warn", "bang"),
    "paused": Chip(_("paused"), "warn", "pause"),
    "pausing": Chip(_("pausing"), "warn", "pause"),
    # receipts of outside places
    "confirmed": Chip(_("confirmed"), "good", "check"),
    "left": Chip(_("something left"), "bad", "bang"),
    "refused": Chip(_("failed"), "bad", "cross"),
    "late": Chip(_("no answer in time"), "bad", "clock"),
    "silent": Chip(_("silent"), "bad", "question"),
    "undeclared": Chip(_("not declared any more"), "bad", "question"),
    "settled": Chip(_("confirmed by staff"), "good", "check"),
    # backups
    "present": Chip(_("present"), "info", "check"),
    "stored": Chip(_("stored"), "info", "check"),
    "expired": Chip(_("expired"), "quiet", "dash"),
    "gone": Chip(_("gone"), "quiet", "dash"),
    "over_age": Chip(_("over age"), "bad", "bang"),
    "due_soon": Chip(_("due soon"), "warn", "clock"),
    # legal holds
    "in_force": Chip(_("in force"), "info", "lock"),
    "review_due": Chip(_("review overdue"), "bad", "clock"),
    "expired_hold": Chip(_("past its end"), "bad", "bang"),
    "released": Chip(_("released"), "quiet", "check"),
    # consents, restrictions and objections
    "given": Chip(_("agreed"), "good", "check"),
    "declined": Chip(_("not agreed"), "quiet", "dash"),
    "withdrawn": Chip(_("taken back"), "quiet", "cross"),
    "run_out": Chip(_("run out"), "warn", "clock"),
    "not_asked": Chip(_("not answered"), "warn", "question"),
    "before_app": Chip(_("not asked yet"), "warn", "question"),
    "stopped": Chip(_("stopped"), "info", "pause"),
    "retired": Chip(_("retired"), "quiet", "dash"),
    "upheld": Chip(_("upheld"), "info", "lock"),
    "rejected": Chip(_("rejected"), "quiet", "cross"),
    "lifted": Chip(_("lifted"), "quiet", "check"),
    "weighed": Chip(_("being weighed"), "warn", "clock"),
    # policies
    "draft": Chip(_("draft"), "quiet", "dash"),
    "published": Chip(_("published"), "good", "check"),
    "accepted": Chip(_("accepted"), "good", "check"),
    "not_accepted": Chip(_("waits for your answer"), "warn", "question"),
    # switches
    "on": Chip(_("on"), "good", "check"),
    "off": Chip(_("off"), "quiet", "dash"),
    "intact": Chip(_("intact"), "good", "check"),
    "altered": Chip(_("altered"), "bad", "cross"),
}


def look(status: object) -> Chip:
    """The chip of a status; an unknown one is shown in quiet grey with its own name."""
    name = str(getattr(status, "value", status))
    return STATUSES.get(name) or Chip(name.replace("_", " "), "quiet", "dash")


def chip_context(status: object, label: object = "", tone: str = "", icon: str = "") -> dict[str, object]:
    """What ``elements/chip.html`` needs."""
    known = look(status)
    return {"label": label or known.label, "tone": tone or known.tone, "icon": icon or known.icon}


def chip(status: object, label: object = "") -> SafeString:
    """The chip as HTML, for an admin's list columns."""
    return render_to_string("privacy/elements/chip.html", chip_context(status, label))
