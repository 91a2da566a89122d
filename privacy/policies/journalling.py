"""What the journal is told: each version with its whole text, so that a restore loses none, and its withdrawal."""

from __future__ import annotations

from datetime import datetime

from privacy.disposal import journal
from privacy.disposal.journal import Line, files
from privacy.policies.models import PolicyVersion, PolicyWithdrawal

KIND = "version"
#: The columns of a version, as its line tells them; a text that is published is nobody's personal data.
COLUMNS = (
    "language", "number", "title", "form", "text", "digest", "figures", "date_label", "note", "material", "effect",
    "early_reason",
)  # fmt: skip
MOMENTS = ("revised_on", "announced_at", "published_at")


def published(version: PolicyVersion, *, now: datetime) -> None:
    """Tell, with the open transaction, that a version was published.

    Raises:
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    facts = {"document": version.document_id, **{name: getattr(version, name) for name in (*COLUMNS, *MOMENTS)}}
    _tell(Line(KIND, version.pk, "published", {}, facts), now=now)


def withdrawn(withdrawal: PolicyWithdrawal, *, now: datetime) -> None:
    """Tell, with the open transaction, that a version was withdrawn.

    Raises:
        SiteRestored: as above.
    """
    facts = {"withdrawn_at": withdrawal.at, "reason": withdrawal.reason}
    _tell(Line(KIND, withdrawal.version_id, "withdrawn", {}, facts), now=now)


def _tell(line: Line, *, now: datetime) -> None:
    if files.folder() is not None:
        journal.tell([line], now=now)
