"""What the journal is told: each acceptance with its versions, so that a restore loses none. Never who it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from privacy.disposal import journal
from privacy.disposal.journal import Line, files, matching
from privacy.policies.acceptance.models import Acceptance
from privacy.policies.acceptance.whom import Whom

KIND = "acceptance"
#: The columns of an acceptance, as its line tells them. What it was about may lead to the person, and is not told.
COLUMNS = ("kind", "event", "surface", "language")


def accepted(whom: Whom, row: Acceptance, versions: Mapping[str, str], *, now: datetime) -> None:
    """Tell, with the open transaction, that somebody accepted.

    A member is told by the fingerprints of the account, an address by its digests, which are keyed already.

    Raises:
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    if files.folder() is None:
        return
    who = matching.who([whom.user_key])[whom.user_key] if whom.user_key else {"address": " ".join(whom.digests)}
    facts = {"at": row.at, "cutoff": now, "versions": dict(versions), **{name: getattr(row, name) for name in COLUMNS}}
    journal.tell([Line(KIND, str(row.reference), "done", who, facts)], now=now)
