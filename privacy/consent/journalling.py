"""What the journal is told: permissions taken back, and what stops a person's data. Never who, only fingerprints."""

from __future__ import annotations

from datetime import datetime

from privacy.consent.models import ConsentRecord, Flag
from privacy.consent.subjects import Subject
from privacy.disposal import journal
from privacy.disposal.journal import Line, files, matching

WITHDRAWAL = "withdrawal"
#: A flag's kind is the kind of its lines.
FLAGS = (Flag.Kind.RESTRICTION.value, Flag.Kind.OBJECTION.value)
#: The columns of a flag that come back with it.
FLAG_FACTS = ("kind", "purpose", "ground", "outcome", "surface", "digest_key")
FLAG_MOMENTS = ("raised_at", "decided_at", "lifted_at", "until")


def withdrawn(subject: Subject, record: ConsentRecord, *, now: datetime) -> None:
    """Tell, with the open transaction, that a grant was taken back.

    Raises:
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    if files.folder() is None:
        return
    facts = {
        "at": record.at,
        "cutoff": now,
        "purpose": record.purpose,
        "wording": record.wording_id or "",
        "surface": record.surface,
        "language": record.language,
    }
    journal.tell([Line(WITHDRAWAL, str(record.reference), "done", _who(subject), facts)], now=now)


def flagged(flag: Flag, state: str, *, now: datetime) -> None:
    """Tell, with the open transaction, that a flag was ``raised``, ``upheld``, ``rejected`` or ``lifted``."""
    if files.folder() is None:
        return
    facts = {"cutoff": now, **{name: getattr(flag, name) for name in (*FLAG_FACTS, *FLAG_MOMENTS)}}
    who = _who(Subject(flag.user_key, (flag.digest,) if flag.digest else ()))
    journal.tell([Line(flag.kind, str(flag.pk), str(state), who, facts)], now=now)


def _who(subject: Subject) -> dict[str, str]:
    """A member by the fingerprints of the account. An address by its digests, which are keyed already."""
    if subject.user_key:
        return matching.who([subject.user_key])[subject.user_key]
    return {"address": " ".join(subject.digests)}
