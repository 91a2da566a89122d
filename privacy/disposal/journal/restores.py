"""Was the database restored? Then nobody is served, and nothing destroyed, until the journal was applied again.

One file says so, the marker: django-dbbackup's signals set it, and so does whoever finds the database older
than the journal's head. A crash is no restore: the head names a row only after that row was committed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import router

from privacy.core.afresh import holds_now
from privacy.core.errors import PrivacyError
from privacy.disposal.journal import files
from privacy.disposal.models import JournalPage

logger = logging.getLogger(__name__)

_replaying: ContextVar[bool] = ContextVar("privacy_replaying", default=False)


class SiteRestored(PrivacyError):
    """The database was restored, and the journal waits to be applied again."""

    def __init__(self) -> None:
        super().__init__(
            field="database",
            problem="it was restored from a backup, and what happened since is not applied again yet",
            mend="Run manage.py privacy_replay; until then the site answers 503 and nothing is sent or destroyed",
        )


def is_restored() -> bool:
    """Whether the marker stands: one look at the file system."""
    path = files.marker()
    return path is not None and path.exists()


def require_whole() -> None:
    """Refuse to go on while a restore waits for its replay; the replay itself may.

    Raises:
        SiteRestored: it does.
    """
    if not _replaying.get() and is_restored():
        raise SiteRestored


def notice(now: datetime) -> bool:
    """Compare the journal's head with the database, and set the marker when the database is older. One query.

    Returns:
        Whether a restore waits for its replay.

    Raises:
        JournalUnwritable: the marker cannot be set.
    """
    if is_restored():
        return True
    if files.folder() is None or not is_behind():
        return False
    files.set_marker("head", now)
    return True


def restored_by_signal(*, now: datetime) -> None:
    """Somebody restores the database or the uploaded files: set the marker.

    Raises:
        JournalUnwritable: nobody else would know.
    """
    if files.folder() is None:
        logger.warning("A backup is restored, and without PRIVACY['JOURNAL_DIR'] nothing since it is applied again.")
        return
    files.set_marker("signal", now)


@contextmanager
def replaying() -> Iterator[None]:
    """Inside, the one who applies the journal again may write."""
    token = _replaying.set(True)
    try:
        yield
    finally:
        _replaying.reset(token)


def replaying_now() -> bool:
    """Whether this very call is part of a replay."""
    return _replaying.get()


def is_behind() -> bool:
    """Whether the database lacks the row that the journal's head names.

    Asked inside a transaction it looks outside of it as well, where that seems so: the head is of now.
    """
    using = router.db_for_write(JournalPage)
    pages = JournalPage.objects.using(using)
    head = files.read_head()
    # The head is read first: what it names was committed before. Rows that it named earlier are deleted by the night.
    while head.get("page"):
        if holds_now(pages.filter(pk=head["page"], token=head["token"]).exists, using):
            return False
        before, head = head, files.read_head()
        if (head.get("page"), head.get("token")) == (before["page"], before["token"]):
            return True
    return False
