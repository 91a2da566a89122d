"""What somebody wrote or said to the site, entered by staff: one call for the five things it can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from privacy.consent.deciding import WordingReplaced, decide, withdraw
from privacy.consent.flagging import object_to, restrict
from privacy.consent.models import Choice, Wording
from privacy.consent.people import Person
from privacy.core.actors import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that reached the site.

    Attributes:
        act: ``given``, ``refused``, ``withdrawn``, ``objection`` or ``restriction``.
        purpose: the purpose's code; empty only of an objection or a restriction, which are then about all.
        wording: the words that were answered, of a yes or a no.
        ground: of a restriction.
        surface: how it reached the site, ``"mail"``.
    """

    person: Person
    act: str
    purpose: str
    surface: str
    wording: Wording | None = None
    ground: str = ""


def enter(*, entry: Entry, now: datetime, actor: Actor) -> None:
    """Write it down as if the person had done it themselves; the record says that staff entered it.

    Raises:
        PrivacyError: whatever the service behind it refuses.
    """
    person, purpose, surface = entry.person, entry.purpose, entry.surface
    if entry.act == "objection":
        object_to(person=person, purpose=purpose, surface=surface, now=now, actor=actor)
    elif entry.act == "restriction":
        restrict(person=person, purpose=purpose, ground=entry.ground, surface=surface, now=now, actor=actor)
    elif entry.act == "withdrawn":
        withdraw(person=person, purpose=purpose, surface=surface, now=now, actor=actor)
    else:
        if entry.wording is None:
            raise WordingReplaced(field="wording", problem="no words are named", mend="Say which words were answered")
        decide(
            person=person,
            purpose=purpose,
            choice=Choice(entry.act),
            wording=entry.wording,
            surface=surface,
            language=entry.wording.language,
            now=now,
            actor=actor,
        )
