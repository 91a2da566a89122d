"""The promise ledger: what the site said, and what the live checks found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from privacy.core.registries import Status

#: Several checks of one promise are written in one line, and of several answers the worst counts.
CHECK_SEPARATOR = " + "
WORST_FIRST = (Status.BROKEN, Status.CANNOT_TELL, Status.KEPT, Status.NOT_PROMISED)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One promise in one run.

    Attributes:
        code: the promise's id; of a check that no promise uses, the check's name.
        clause: where the published text says it, or empty.
        says: the promise in one sentence.
        check: the live check's name, several joined by ``" + "``.
        status: the worst answer of all its checks.
        figure: the promised figure, or empty.
        why: what was found, one or more sentences.
        since: when it first had this status without a break.
        versions: the published versions whose text says the figure, and that bind now.
    """

    code: str
    clause: str
    says: str
    check: str
    status: Status
    figure: str
    why: str
    since: datetime | None = None
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """All rows of one run.

    Attributes:
        site: the profile's code, or empty while none is loaded.
        checked_at: the moment the answers stand for; ``None`` when nobody ever checked.
        rows: in the profile's order, then what is not promised.
        stale: True when the profile was replaced after this run.
        version: the privacy policy in force, ``"privacy.en.3"``; None while none is published.
    """

    site: str
    checked_at: datetime | None
    rows: tuple[LedgerRow, ...] = ()
    stale: bool = False
    version: str | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each of the four statuses; all four are always there."""
        counted = Counter(row.status for row in self.rows)
        return {status.value: counted[status] for status in Status}

    @property
    def worst_first(self) -> tuple[LedgerRow, ...]:
        """The rows that need a person come first; within a status, the profile's order."""
        return tuple(sorted(self.rows, key=lambda row: WORST_FIRST.index(row.status)))

    def as_json(self) -> dict[str, Any]:
        """The object that ``privacy_promises --json`` prints."""
        return {
            "site": self.site or None,
            "version": self.version,
            "checked_at": self.checked_at.astimezone(UTC).isoformat() if self.checked_at else None,
            "counts": self.counts,
            "promises": [
                {
                    "id": row.code,
                    "clause": row.clause,
                    "says": row.says,
                    "check": row.check,
                    "status": row.status.value,
                    "figure": row.figure,
                    "why": row.why,
                }
                for row in self.rows
            ],
        }
