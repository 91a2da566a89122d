"""The journal's files, in a folder that all machines share: a segment a day and machine, a head, a marker.

A segment is only appended to, under a lock and flushed to the disk, and is deleted whole. The head says which row
of the database the journal has seen last; the marker stands while a restore waits for its replay.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.disposal.journal.lines import ReadLine, Unreadable, read

_LOCK, _HEAD, _MARKER = "lock", "head.json", "RESTORED"
_KEY = re.compile(rb'"key":"([0-9a-f]{8})"')
_LAST_HOUR = 23
_SEGMENT = re.compile(r"(\d{4}-\d{2}-\d{2})\.[\w-]+\.jsonl")


class JournalUnwritable(PrivacyError):
    """The journal's folder cannot be written to, so nothing may be destroyed."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            field="PRIVACY['JOURNAL_DIR']",
            problem=f"the journal cannot be written ({type(error).__name__})",
            mend="See that the folder exists, may be written to, and that its disk has room",
        )


class JournalUnreadable(PrivacyError):
    """The journal's folder cannot be read, so nobody knows what it tells."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            field="PRIVACY['JOURNAL_DIR']",
            problem=f"the journal cannot be read ({type(error).__name__})",
            mend="See that the folder is one, and may be read",
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """The lines that one machine wrote on one day (UTC)."""

    day: date
    path: Path


def folder() -> Path | None:
    """Where the journal lies; None where the site keeps none."""
    return settings.journal_dir


def append(lines: Sequence[bytes], *, head: Mapping[str, Any] | None = None) -> None:
    """Append lines, flushed to the disk, and bring the head up to date.

    Raises:
        JournalUnwritable: nothing, or only a part that will be read as cut, was written.
    """
    place = folder()
    if place is None:
        return
    try:
        place.mkdir(parents=True, exist_ok=True)
        with _locked(place):
            if lines:
                _append(place / _name_of_today(), lines)
            if head is not None:
                _replace(place / _HEAD, {**read_head(), **head})
    except OSError as error:
        raise JournalUnwritable(error) from None


def read_head() -> dict[str, Any]:
    """``page`` and ``token`` of the newest row told, ``seal`` the newest seal; empty without a head.

    Raises:
        JournalUnreadable: nobody can know whether there is one.
    """
    place = folder()
    try:
        found = json.loads((place / _HEAD).read_text(encoding="ascii")) if place else {}
    except (FileNotFoundError, ValueError):
        return {}
    except OSError as error:
        raise JournalUnreadable(error) from None
    return found if isinstance(found, dict) else {}


def segments() -> list[Segment]:
    """All segments, the oldest first."""
    place = folder()
    if place is None or not place.is_dir():
        return []
    found = ((_SEGMENT.fullmatch(path.name), path) for path in place.iterdir())
    return sorted(
        (Segment(date.fromisoformat(match[1]), path) for match, path in found if match),
        key=lambda segment: (segment.day, segment.path.name),
    )


def lines_since(day: date | None = None, *, unreadable: list[str] | None = None) -> Iterator[ReadLine]:
    """Every line of the segments of ``day`` and later, one thing that it tells of at a time.

    Args:
        unreadable: for each line that cannot be relied on, its reason is added.

    Raises:
        JournalUnreadable: a segment cannot be opened.
    """
    for segment in segments():
        if day is not None and segment.day < day:
            continue
        try:
            with segment.path.open("rb") as file:
                for raw in file:
                    if not raw.strip():
                        continue
                    try:
                        yield from read(raw)
                    except Unreadable as bad:
                        if unreadable is not None:
                            unreadable.append(bad.reason)
        except FileNotFoundError:
            continue  # deleted by a night meanwhile
        except OSError as error:
            raise JournalUnreadable(error) from None


def lines_by_key() -> dict[str, int]:
    """How many lines were written under each pseudonym key, by the key's id; also under keys that are gone."""
    found: Counter[str] = Counter()
    for segment in segments():
        with suppress(OSError), segment.path.open("rb") as file:
            found.update(match[1].decode() for raw in file if (match := _KEY.search(raw)))
    return dict(found)


def delete(segment: Segment) -> None:
    """Delete a segment whole; one that is gone already is no error."""
    segment.path.unlink(missing_ok=True)


# --- the marker ----------------------------------------------------------------------------


def marker() -> Path | None:
    """The file that stands while a restore waits for its replay."""
    place = folder()
    return place / _MARKER if place else None


def set_marker(how: str, at: datetime) -> None:
    """Say that the database was restored; an earlier marker stays as it is.

    Raises:
        JournalUnwritable: nobody else would know.
    """
    path = marker()
    if path is None or path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, {"how": how, "at": at.astimezone(UTC).isoformat()})
    except OSError as error:
        raise JournalUnwritable(error) from None


def read_marker() -> dict[str, Any]:
    """What the marker says: ``how`` the restore was noticed and ``at``; empty where there is none."""
    path = marker()
    try:
        found = json.loads(path.read_text(encoding="ascii")) if path else {}
    except FileNotFoundError:
        return {}
    except ValueError:
        return {"how": "unknown"}
    return found if isinstance(found, dict) else {}


def clear_marker() -> None:
    path = marker()
    if path is not None:
        path.unlink(missing_ok=True)


# --- writing -------------------------------------------------------------------------------


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    with (place / _LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def segment_of_today() -> date | None:
    """The day in whose segment stands what is told now; None so late on it that a transaction may end on the next."""
    moment = datetime.now(UTC)
    return moment.date() if moment.hour < _LAST_HOUR else None


def _name_of_today() -> str:
    # The machine's clock, as in the times of backups: an act may be dated otherwise (--at), but it is of today that
    # a backup holds its people or not.
    machine = re.sub(r"[^\w-]", "-", socket.gethostname())[:60] or "machine"
    return f"{datetime.now(UTC).date().isoformat()}.{machine}.jsonl"


def _append(path: Path, lines: Sequence[bytes]) -> None:
    is_new = not path.exists()
    with path.open("ab+") as file:
        _end_cut_line(file)
        file.write(b"".join(lines))
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        _sync_folder(path.parent)


def _end_cut_line(file: IO[bytes]) -> None:
    """A crash or a full disk may have cut the last line: what follows must not be lost with it."""
    end = file.seek(0, os.SEEK_END)
    if end:
        file.seek(end - 1)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _replace(path: Path, said: Mapping[str, Any]) -> None:
    """The file appears whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="ascii") as file:
        json.dump(said, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def _sync_folder(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
