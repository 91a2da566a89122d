"""Telling the journal: an intention before anything is destroyed, everything else with its transaction.

What a transaction tells is a row of that transaction (a *page*) and is appended to the files once it is
committed: a crash in between leaves the page, and the night appends it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import connections, router, transaction

from privacy.core.processes import may_live, this_process
from privacy.disposal.journal import files, lines
from privacy.disposal.journal.lines import Line
from privacy.disposal.journal.restores import notice, require_whole
from privacy.disposal.models import JournalPage

logger = logging.getLogger(__name__)

#: A page that its own process is about to append is left to it for so long.
_ITS_OWN = timedelta(minutes=5)


def intend(told: Sequence[Line], *, now: datetime) -> None:
    """Write down what is about to be destroyed, before it is.

    Raises:
        SiteRestored: the database is older than the journal; nothing may be destroyed.
        JournalUnwritable: nothing may be destroyed either.
    """
    if files.folder() is None or not told:
        return
    require_whole()
    if notice(now):
        require_whole()
    files.append(lines.written((line.as_json() for line in told), at=now))


def tell(told: Sequence[Line], *, now: datetime) -> None:
    """Tell what the open transaction does; it reaches the files when that commits, once.

    Raises:
        SiteRestored: the database is older than the journal.
    """
    if files.folder() is None or not told:
        return
    require_whole()
    using = router.db_for_write(JournalPage)
    page = JournalPage.objects.using(using).create(
        at=now, token=uuid.uuid4().hex, told=[line.as_json() for line in told], process=this_process()
    )
    transaction.on_commit(partial(_append_own, page), using=using)


def flush(*, now: datetime) -> int:
    """Append the pages that a crash or a full disk left; returns how many lines.

    Raises:
        JournalUnwritable: they stay where they are.
    """
    using = router.db_for_write(JournalPage)
    unwritten = JournalPage.objects.using(using).unwritten()
    if files.folder() is None:
        return 0
    keys = [pk for pk, at, process in unwritten.values_list("pk", "at", "process") if _is_left(at, process, now)]
    if not keys:
        return 0
    appended = 0
    with transaction.atomic(using=using):
        skip = connections[using].features.has_select_for_update_skip_locked
        pages = list(unwritten.filter(pk__in=keys).select_for_update(skip_locked=skip).order_by("pk"))
        # One of them may have been appended by the process that crashed before it could say so.
        known = {line.page for line in files.lines_since()} if pages else set()
        for page in pages:
            if page.pk not in known:
                _append(page)
                appended += len(page.told)
            _written(page)
    return appended


def _is_left(at: datetime, process: str, now: datetime) -> bool:
    """Whether nobody is about to append the page itself: its process is gone, or is this one."""
    return process == this_process() or not may_live(process) or abs(now - at) > _ITS_OWN


def _append_own(page: JournalPage) -> None:
    try:
        _append(page)
    except files.JournalUnwritable as error:
        # The act is committed. Its page stays, the night appends it, and the live check tells until then.
        logger.error("A page of the journal waits for the night: %s", error.problem)
        return
    _written(page)


def _append(page: JournalPage) -> None:
    told = lines.written(page.told, at=page.at, page=page.pk)
    known = int(files.read_head().get("page", 0))
    files.append(told, head={"page": page.pk, "token": page.token} if page.pk > known else None)


def _written(page: JournalPage) -> None:
    JournalPage.objects.using(page._state.db).filter(pk=page.pk).update(told=[], written=True)
