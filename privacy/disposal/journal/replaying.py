"""After a restore: everything that the journal tells is applied again, then the site may be served."""

from __future__ import annotations

import fcntl
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.core.management.color import no_style
from django.db import connections, router, transaction

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.replayers import Told, replayers
from privacy.disposal.journal import files, lines, telling
from privacy.disposal.journal.restores import is_behind, is_restored, notice, replaying
from privacy.disposal.models import JournalPage
from privacy.evidence.gaps import record_gap
from privacy.evidence.sealing import seal
from privacy.evidence.services import record

logger = logging.getLogger(__name__)


class NoJournal(PrivacyError):
    """The site keeps no journal, so nothing can be applied again."""


class ReplayRunning(PrivacyError):
    """Another process applies the journal just now."""


class JournalDamaged(PrivacyError):
    """Lines that cannot be relied on may tell of people who must not come back."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay did.

    Attributes:
        restored: whether a restore had been noticed; without one the journal was applied all the same.
        noticed: how, and ``since`` when: ``"signal"`` or ``"head"``; empty without a restore.
        lines: how many were read, ``cut`` of them by a crash, ``left_out`` as the admin allowed.
        kinds: by kind what was applied, in counts.
        lost_seals: the numbers of the first and last seal that the restore took; empty when it took none.
        errors: by kind why it could not be applied; the site stays closed while there is one.
        open: whether the site is served again.
    """

    restored: bool
    noticed: str
    since: str
    lines: int
    cut: int
    left_out: int
    kinds: dict[str, dict[str, int]]
    lost_seals: tuple[int, ...]
    errors: dict[str, str]
    open: bool


@dataclass(slots=True)
class _Read:
    lines: int = 0
    bad: list[str] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        return sum(reason != "cut" for reason in self.bad)


def replay(*, now: datetime, actor: Actor, leave_out_unreadable: bool = False) -> ReplayReport:
    """Apply the journal to a restored database, then let the site be served. Safe to call again at any time.

    What is gone already is found gone, so a second replay changes nothing. Each kind runs by its own replayer; one
    that raises keeps the site closed and none of the others. Queries grow with the accounts of the site in
    batches, memory with what the journal tells.

    Args:
        leave_out_unreadable: go on although lines were altered or written under a key that is gone.

    Raises:
        NoJournal, ReplayRunning, JournalDamaged: nothing was applied.
        JournalUnreadable, JournalUnwritable: the folder.
    """
    if files.folder() is None:
        raise NoJournal(
            field="PRIVACY['JOURNAL_DIR']",
            problem="the site keeps no journal, so nobody knows who was erased since the backup",
            mend="Set it to a folder that all machines share and no backup restores",
        )
    with _alone(), replaying():
        restored = notice(now)
        marker = files.read_marker()
        read = _Read()
        told = lines.gathered(_counted(read))
        if read.left_out and not leave_out_unreadable:
            raise JournalDamaged(
                field="PRIVACY['JOURNAL_DIR']",
                problem=f"{read.left_out} lines were altered, or written under a pseudonym key that is gone",
                mend="Put the key back into PRIVACY['PSEUDONYM_KEYS'], or go on with --leave-out-unreadable",
            )
        _catch_up(now)
        kinds, errors = _apply(list(told.values()), now=now, actor=actor)
        lost = record_gap(now=now, actor=actor) if restored else ()
        if restored:
            counts = {f"{kind}: {word}": n for kind, found in kinds.items() for word, n in found.items() if n}
            record(act="disposal.replayed", now=now, actor=actor, label="privacy.JournalPage", counts=counts)
            seal(now=now, actor=actor)
        if restored and not errors:
            files.clear_marker()
    return ReplayReport(
        restored=restored,
        noticed=str(marker.get("how", "")),
        since=str(marker.get("at", "")),
        lines=read.lines,
        cut=len(read.bad) - read.left_out,
        left_out=read.left_out,
        kinds=kinds,
        lost_seals=lost,
        errors=errors,
        open=not is_restored(),
    )


def _counted(read: _Read) -> Iterator[lines.ReadLine]:
    for line in files.lines_since(unreadable=read.bad):
        read.lines += 1
        yield line


def _catch_up(now: datetime) -> None:
    """The database's pages go on behind the head of the files, so that the head is in the database again."""
    if not is_behind():
        return
    using = router.db_for_write(JournalPage)
    pages = JournalPage.objects.using(using)
    with transaction.atomic(using=using):
        newest = pages.order_by("-pk").values_list("pk", flat=True).first() or 0
        key = max(int(files.read_head()["page"]), newest) + 1
        page = pages.create(pk=key, at=now, token=uuid.uuid4().hex, written=True, process="")
        connection = connections[using]
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [JournalPage]):
                cursor.execute(statement)
    files.append([], head={"page": page.pk, "token": page.token})


def _apply(told: list[Told], *, now: datetime, actor: Actor) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
    kinds: dict[str, dict[str, int]] = {}
    errors: dict[str, str] = {}
    of_kind: dict[str, list[Told]] = {}
    for one in told:
        of_kind.setdefault(one.kind, []).append(one)
    for kind in of_kind.keys() - set(replayers.names()):
        errors[kind] = "nobody knows how to apply this kind: is an app missing?"
    for replayer in sorted(replayers, key=lambda replayer: (replayer.order, replayer.kind)):
        try:
            kinds[replayer.kind] = dict(replayer.run(of_kind.get(replayer.kind, []), now, actor))
        except Exception as error:  # noqa: BLE001 - whatever it raises is its own failure
            words = str(error) if isinstance(error, PrivacyError) else type(error).__name__
            logger.error("The journal's %s could not be applied again: %s", replayer.kind, words)
            errors[replayer.kind] = words
    telling.flush(now=now)
    return kinds, errors


@contextmanager
def _alone() -> Iterator[None]:
    place = files.folder()
    assert place is not None
    try:
        place.mkdir(parents=True, exist_ok=True)
        file = (place / "replay.lock").open("a")
    except OSError as error:
        raise files.JournalUnwritable(error) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReplayRunning(
                field="privacy_replay", problem="another replay is at work", mend="Wait until it is over"
            ) from None
        yield
