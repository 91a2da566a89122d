"""The newest seal of the evidence, as the journal remembers it outside the database."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import router

from privacy.disposal.journal import files
from privacy.disposal.journal.restores import replaying_now
from privacy.evidence.gaps import SealHead, is_here
from privacy.evidence.models import Seal

logger = logging.getLogger(__name__)


def newest_seal() -> SealHead | None:
    """What the journal remembers; None without a journal, or before the first seal.

    Raises:
        JournalUnreadable: nobody can know.
    """
    try:
        return SealHead.parse(files.read_head()["seal"])
    except (KeyError, TypeError, ValueError):
        return None


def remember(*, head: SealHead, now: datetime) -> None:
    """Remember a seal that was just made; one that cannot be written down is only logged, the next one will.

    Where the seal remembered before is not in the database, that was restored: then nothing is overwritten.
    """
    if files.folder() is None:
        return
    try:
        known = newest_seal()
        if known is not None and not replaying_now():
            if not is_here(known, router.db_for_write(Seal)):
                files.set_marker("seal", now)
                return
            if known.number >= head.number:
                return  # another process was faster
        said = {"number": head.number, "made_at": head.made_at.isoformat(), "hash": head.hash}
        files.append([], head={"seal": said})
    except (files.JournalUnwritable, files.JournalUnreadable) as error:
        logger.error("The newest seal could not be remembered: %s", error.problem)
