"""Answers to text messages: one word stops further ones (CPT-6-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from privacy.core.actors import Actor
from privacy.messages.classes import Channel, Level
from privacy.messages.models import Suppression
from privacy.messages.rules import message_rules
from privacy.messages.suppression import opt_out


@dataclass(frozen=True, slots=True)
class TextReport:
    """Whether the answer was a word that stops, and whether that was new."""

    stopped: bool
    entered: bool = False


def receive_text(*, number: str, text: str, now: datetime, actor: Actor) -> TextReport:
    """The site's gateway hands over an answer. Only the digest of the number is kept, and nothing of the words.

    A stop word counts as the whole answer or as its first word, in any case: "stop", "Stop please!".

    Raises:
        UnfitAddress: the number is none.
    """
    rules = message_rules()
    first = text.strip().strip("\"'.!,;:").split(maxsplit=1)
    word = first[0].strip(".!,;:").casefold() if first else ""
    if word not in {one.casefold() for one in rules.stop_words}:
        return TextReport(False)
    level = Level.ALL if rules.opt_out == Level.ALL else Level.MARKETING
    report = opt_out(
        address=number, channel=Channel.TEXT, level=level, source=Suppression.Source.STOP, now=now, actor=actor
    )
    return TextReport(True, report.entered)
