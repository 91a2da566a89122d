"""The night's care for the journal: what is late is appended, what came to nothing is told, what is over goes.

A segment goes whole once no backup is left that was taken before its day was over: then no restore can bring
back anybody of whom it tells.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta

from django.db import router

from privacy.core.batches import chunks
from privacy.core.registries import providers
from privacy.core.replayers import Told
from privacy.disposal.journal import closures as journalling
from privacy.disposal.journal import files, lines, telling
from privacy.disposal.journal.files import Segment
from privacy.disposal.models import Closure, JournalPage

#: An intention whose transaction is still open is younger.
_UNDER_WAY = timedelta(hours=1)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class KeepReport:
    """Lines ``appended`` late, intentions told ``void``, and ``segments`` that went."""

    appended: int
    void: int
    segments: int

    def counts(self) -> dict[str, int]:
        return asdict(self)


def keep_journal(*, now: datetime, dry_run: bool = False) -> KeepReport:
    """Do the night's care; safe to repeat after a crash at any line. It reads the whole journal once.

    Raises:
        JournalUnwritable, JournalUnreadable: the folder.
    """
    if files.folder() is None:
        return KeepReport(0, 0, 0)
    over = over_segments(now)
    if dry_run:
        return KeepReport(0, 0, len(over))
    appended = telling.flush(now=now)
    void = _void_what_never_was(now)
    try:
        for segment in over:
            files.delete(segment)
    except OSError as error:
        raise files.JournalUnwritable(error) from None
    _forget_pages()
    return KeepReport(appended, void, len(over))


def over_segments(now: datetime) -> list[Segment]:
    """Segments that no backup needs any more. What was written today always stays."""
    today = now.astimezone(UTC).date()
    ask = providers.find("oldest_backup")
    oldest: datetime | None = ask(now=now) if ask else None
    return [
        segment
        for segment in files.segments()
        if segment.day < today and (oldest is None or oldest >= _end_of(segment))
    ]


def unwritten(now: datetime) -> int:
    """Pages that have waited for longer than an hour to stand in the files."""
    return JournalPage.objects.unwritten().filter(at__lt=now - _UNDER_WAY).count()


def lost() -> bool:
    """Whether the database has told the journal, and the folder knows nothing of it."""
    return not files.read_head() and JournalPage.objects.filter(written=True).exists()


def _end_of(segment: Segment) -> datetime:
    return datetime.combine(segment.day + timedelta(days=1), time(), UTC)


def _void_what_never_was(now: datetime) -> int:
    """Intentions whose closure was rolled back by a crash: told void, so that no replay asks anybody about them."""
    told = lines.gathered(each for each in files.lines_since() if each.line.kind == journalling.KIND)
    open_ones = [one.id for one in told.values() if _may_never_have_been(one, now)]
    void = 0
    for some in chunks(open_ones, _CHUNK):
        there = {str(pk) for pk in Closure.objects.filter(pk__in=some).values_list("pk", flat=True)}
        never = [pk for pk in some if pk not in there]
        journalling.void_ids(never, now=now)
        void += len(never)
    return void


def _may_never_have_been(one: Told, now: datetime) -> bool:
    return set(one.states) == {"intended"} and one.at < now - _UNDER_WAY


def _forget_pages() -> None:
    """Rows whose lines stand in the files are of no use but the one that the head names."""
    head = int(files.read_head().get("page", 0))
    pages = JournalPage.objects.using(router.db_for_write(JournalPage))
    pages.filter(written=True, pk__lt=head).delete()
