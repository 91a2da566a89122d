"""One call behind ``privacy_verify``: verify, then write the export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from privacy.evidence import exported
from privacy.evidence.verifying import Verification, verify


@dataclass(frozen=True, slots=True)
class Checked:
    """A verification, and the file that was written after it.

    Attributes:
        export: the file, or empty.
        not_exported: why none was written although one was asked for.
    """

    verification: Verification
    export: str = ""
    not_exported: str = ""

    def as_json(self) -> dict[str, Any]:
        return {**self.verification.as_json(), "export": self.export, "not_exported": self.not_exported}


def check_evidence(
    *, now: datetime, against: Path | None = None, export: Path | None = None, with_entries: bool = False
) -> Checked:
    """Verify, and write the export. After a finding no file that is there already is overwritten: it may be the proof.

    Raises:
        NotAnExport, CannotExport, UnusableKey.
    """
    seen = verify(now=now, against=against)
    if export is None:
        return Checked(seen)
    if not seen.intact and export.exists():
        return Checked(seen, not_exported="The export was not written: it would overwrite an older one.")
    exported.write(path=export, now=now, with_entries=with_entries)
    return Checked(seen, str(export))
