"""What the journal is told of closures: opened, intended, done, void.

A fingerprint of the account's key finds the account again after a restore. Since a key may have been given to
somebody else by then, what else tells the account apart goes along: when it was made, or its name and address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from privacy.core.batches import chunks
from privacy.disposal import journal
from privacy.disposal.closing import Closures
from privacy.disposal.journal import Line, files, matching
from privacy.disposal.models import Closure

KIND = "closure"
#: A line that is damaged loses no more than these.
_IN_A_LINE = 100
#: The act may be dated otherwise than the day on which it was written.
_A_DAY = timedelta(days=1)


def intended(closures: Closures, *, again: bool, now: datetime) -> None:
    """Tell which accounts are about to be destroyed, each once: one query.

    Args:
        again: an earlier attempt may have told already, since they were cut off.

    Raises:
        SiteRestored, JournalUnwritable: nothing may be destroyed.
    """
    if files.folder() is None or not closures:
        return
    if again:
        since = min(closure.cut_off_at or now for closure in closures)
        lines = files.lines_since(since.astimezone(UTC).date() - _A_DAY)
        known = {each.line.id for each in lines if each.line.kind == KIND and each.line.state == "intended"}
        closures = [closure for closure in closures if str(closure.pk) not in known]
    today = files.segment_of_today()
    journal.intend(_lines(closures, "intended", now), now=now)
    for closure in closures:
        closure.intended_on = today


def done(closures: Closures, *, now: datetime) -> None:
    """Tell, with the open transaction, which accounts it destroys. Call it while their rows are there: one query.

    Those of a batch whose intention stands in today's segment are told by their ids, some in a line: a segment stays
    as long as any backup of its day, and so does the line that says who they are.

    Raises:
        SiteRestored: nothing may be destroyed.
    """
    if files.folder() is None or not closures:
        return
    today = files.segment_of_today()
    brief = [one for one in closures if one.intended_on is not None and one.intended_on == today]
    in_full = [one for one in closures if one.intended_on is None or one.intended_on != today]
    ids = chunks([str(one.pk) for one in brief], _IN_A_LINE)
    together = [Line(KIND, first, "done", others=others) for first, *others in ids]
    journal.tell([*_lines(in_full, "done", now), *together], now=now)


def opened(closures: Closures, *, now: datetime) -> None:
    """Tell which closures wait for their date: a restore must not forget them either."""
    _tell(closures, "opened", now=now)


def held(closures: Closures, *, now: datetime) -> None:
    """Tell which closures a hold stopped: they are cut off, and what no hold covers is gone."""
    _tell(closures, "held", now=now)


def void(closures: Closures, *, now: datetime) -> None:
    """Tell which closures came to nothing."""
    journal.tell([Line(KIND, str(closure.pk), "void") for closure in closures], now=now)


def void_ids(ids: Sequence[str], *, now: datetime) -> None:
    """Tell of intentions whose closure never came to be: its transaction did not commit."""
    journal.intend([Line(KIND, pk, "void") for pk in ids], now=now)


def prepare(closures: Closures) -> None:
    """Read what tells their accounts apart, once, however often something is told of them: one query."""
    new = [closure for closure in closures if closure.fingerprints is None]
    if files.folder() is None or not new:
        return
    about = matching.who([closure.subject_key for closure in new])
    for closure in new:
        closure.fingerprints = about[closure.subject_key]


def _tell(closures: Closures, state: str, *, now: datetime) -> None:
    if files.folder() is None or not closures:
        return
    journal.tell(_lines(closures, state, now), now=now)


def _lines(closures: Closures, state: str, now: datetime) -> list[Line]:
    prepare(closures)
    return [Line(KIND, str(one.pk), state, one.fingerprints or {}, _facts(one, now)) for one in closures]


def _facts(closure: Closure, now: datetime) -> dict[str, Any]:
    return {
        "closed_at": closure.closed_at,
        "due_at": closure.due_at,
        "cutoff": now,
        "channel": closure.channel,
        "requested_by": closure.requested_by,
        "verified_by": closure.verified_by,
    }
