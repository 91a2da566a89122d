"""Log files: what was rotated away goes whole when its oldest line is over; a file that is being written is never cut.

To shorten a file that another process holds open loses what is written meanwhile, or fills the file with zeros.
So a live file is emptied only when even its last line is over; otherwise its age is told, and the site rotates it.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings as django_settings
from django.db import transaction

from privacy.core.actors import Actor
from privacy.disposal.closing import using
from privacy.evidence.services import record

_PACKED: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_SUFFIX = r"[.-]\d[\dT_.:-]*"
_PACKING = r"(?:\.(?:gz|bz2|xz|zst))?"
#: At the beginning of a line, where no visitor's words stand: "2026-03-16 12:00:00,123", also behind a level or "{".
_ISO = re.compile(rb"\D{0,24}(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?")
_ACCESS = re.compile(rb"\S+ \S+ \S+ \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]")
_LINES_READ, _LONGEST_LINE = 50, 500


@dataclass(frozen=True, slots=True)
class Written:
    """One file of a log.

    Attributes:
        path: where it lies.
        live: whether it is being written.
        began: the age of its oldest line; None where nothing tells.
        ended: when it was last written.
        size: bytes.
    """

    path: Path
    live: bool
    began: datetime | None
    ended: datetime
    size: int

    def is_over(self, cutoff: datetime) -> bool:
        """Whether it holds, or may hold, a line from ``cutoff`` or before."""
        return (self.began or self.ended) <= cutoff


@dataclass(slots=True)
class LogReport:
    """What became of one log: files removed, live files emptied, and what could not be done, by kind of error."""

    files: int = 0
    emptied: int = 0
    failed: list[str] = field(default_factory=list)


def files_of(path: str, zone: ZoneInfo) -> list[Written]:
    """The log's files on this machine, the oldest first, the live one last; symbolic links are not followed.

    A file's oldest line is dated by its own stamp (ISO 8601, or that of an access log); without one it is younger
    than the last line of the file before it, and a rotated file without any before it is taken by its own last line.
    """
    live = Path(django_settings.BASE_DIR, path)
    named = _rotated(live)
    found = [
        (entry.stat(follow_symlinks=False), Path(entry.path))
        for entry in _entries(live.parent)
        if entry.name == live.name or named.fullmatch(entry.name)
    ]
    regular = [(facts, each) for facts, each in found if stat.S_ISREG(facts.st_mode)]
    regular.sort(key=lambda item: (item[1] == live, item[0].st_mtime_ns, item[1].name))
    files: list[Written] = []
    for facts, each in regular:
        began = _first_stamp(each, zone) if facts.st_size else None
        if began is None and files:
            began = files[-1].ended
        ended = datetime.fromtimestamp(facts.st_mtime, UTC)
        files.append(Written(each, each == live, began, ended, facts.st_size))
    return files


def over(files: list[Written], cutoff: datetime) -> list[Written]:
    """What the night removes or empties: rotated files with a line that is over, a live one whose last line is."""
    return [file for file in files if (file.ended <= cutoff and file.size if file.live else file.is_over(cutoff))]


def expire_log(*, path: str, label: str, cutoff: datetime, now: datetime, actor: Actor, dry_run: bool) -> LogReport:
    """Remove the files of one log that hold a line from ``cutoff`` or before, with their evidence.

    Safe to call again after a crash: what is gone is gone, and what is left is found again.
    """
    report = LogReport()
    zone = ZoneInfo(django_settings.TIME_ZONE)
    for file in over(files_of(path, zone), cutoff):
        try:
            if not dry_run:
                os.truncate(file.path, 0) if file.live else file.path.unlink(missing_ok=True)
        except OSError as error:
            report.failed.append(type(error).__name__)
            continue
        report.emptied += file.live
        report.files += not file.live
    if not dry_run and (report.files or report.emptied):
        counts = {"files": report.files, "emptied": report.emptied}
        with transaction.atomic(using=using()):
            record(act="disposal.logs_expired", label=label, counts=counts, now=now, actor=actor)
    return report


def _rotated(live: Path) -> re.Pattern[str]:
    """``name.log.1``, ``name.log-20260101``, ``name.log.2026-01-01``, ``name-20260101.log``, packed or not."""
    name, stem, ending = re.escape(live.name), re.escape(live.stem), re.escape(live.suffix)
    return re.compile(f"(?:{name}{_SUFFIX}|{stem}{_SUFFIX}{ending}){_PACKING}")


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return


def _first_stamp(path: Path, zone: ZoneInfo) -> datetime | None:
    """The moment in front of the first line that has one; a trace that goes on from the file before has none."""
    unpack = _PACKED.get(path.suffix, open)
    try:
        with unpack(path, "rb") as file:
            for line in islice(iter(lambda: file.readline(_LONGEST_LINE), b""), _LINES_READ):
                if (moment := _stamp(line, zone)) is not None:
                    return moment
    except (OSError, EOFError, lzma.LZMAError):
        return None
    return None


def _stamp(line: bytes, zone: ZoneInfo) -> datetime | None:
    try:
        if found := _ACCESS.match(line):
            return datetime.strptime(found[1].decode(), "%d/%b/%Y:%H:%M:%S %z")
        if found := _ISO.match(line):
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
            offset = found[7].decode().replace("Z", "+00:00") if found[7] else ""
            moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
            return datetime.fromisoformat(f"{moment:%Y-%m-%dT%H:%M:%S}{offset}") if offset else moment
    except ValueError:
        return None
    return None
