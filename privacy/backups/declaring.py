"""Reads the file that declares copies outside the storage: what a person knows about them, and no machine can see."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from privacy.backups.models import RegisteredCopy
from privacy.backups.sections import KEPT_FOR
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.promises.faults import Fault, Faults, TableReader
from privacy.promises.services import WeakerThanPromised, refuse_weaker

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOMENT = "2026-03-01T04:00:00+01:00"
_OPEN = 'Open each copy with [[copy]], in double brackets, and give it a name = "offsite-2026-03"'


class WrongCopies(PrivacyError):
    """The file cannot be used; nothing was written. ``faults`` holds everything that is wrong."""

    def __init__(self, *, file: str, faults: tuple[Fault, ...]) -> None:
        first = faults[0]
        self.faults = faults
        place = ": ".join(part for part in (file, first.table, first.key) if part)
        super().__init__(field=place, problem=first.problem, mend=first.mend)
        self.args = ("\n".join(f"{file}: {fault}" for fault in faults),)


@dataclass(frozen=True, slots=True)
class CopyDraft:
    """One ``[[copy]]`` as read; periods in their canonical form.

    Attributes:
        taken_at: when it was taken (UTC); None under a standing rule, whose copies come ``every`` so often.
    """

    name: str
    kind: str
    place: str
    region: str
    taken_at: datetime | None
    every: str
    kept_for: str
    confirmed_by: str

    @property
    def label(self) -> str:
        """Where it stands in the file."""
        return f"[[copy]] {self.name}"


def read_copies(path: Path, *, now: datetime, faults: Faults) -> list[CopyDraft]:
    """Every ``[[copy]]`` without a fault; what is wrong with the others goes to ``faults``.

    Raises:
        WrongCopies: the file is no TOML that can be read.
    """
    document = _document(path)
    for name in document:
        if name != "copy":
            faults.unknown(f"[{name}]", "", ["copy"], name=name, what="table")
    tables = document.get("copy", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        faults.add("[[copy]]", "", "no copy is written down", _OPEN)
        return []
    seen: set[str] = set()
    drafts = []
    for number, table in enumerate(tables, start=1):
        before = len(faults.found)
        draft = _copy(number, table, now, faults)
        if draft.name and draft.name in seen:
            faults.add(draft.label, "name", "two copies have this name", "Give each copy a name of its own")
        seen.add(draft.name)
        if len(faults.found) == before:
            drafts.append(draft)
    return drafts


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        problem, mend = f"the file cannot be read ({error.strerror})", "Name a TOML file that this process may read"
    except UnicodeDecodeError:
        problem, mend = "the file is not written in UTF-8", "Save it in UTF-8"
    except tomllib.TOMLDecodeError as error:
        problem, mend = f"this is not TOML: {error}", "Mend that line; texts and periods stand in double quotes"
    raise WrongCopies(file=str(path), faults=(Fault("", "", problem, mend),))


def _copy(number: int, table: Mapping[str, Any], now: datetime, faults: Faults) -> CopyDraft:
    given = table.get("name")
    named = isinstance(given, str) and _NAME.fullmatch(given)
    reader = TableReader(table, label=f"[[copy]] {given}" if named else f"[[copy]] number {number}", faults=faults)
    draft = CopyDraft(
        name=_name(reader),
        kind=reader.choice("kind", RegisteredCopy.Kind.values, required=True),
        place=_words(reader, "place", "the host's second data centre", 200),
        region=_words(reader, "region", "EU", 100),
        taken_at=_moment(reader, now),
        every=_period(reader, "every", "P1D"),
        kept_for=_kept_for(reader, now),
        confirmed_by=_words(reader, "confirmed_by", "the head of operations", 200),
    )
    if "taken_at" in table and "every" in table:
        reader.fault(
            "every", "a single copy and a standing rule exclude each other", "Keep taken_at or every, not both"
        )
    if "taken_at" not in table and "every" not in table:
        mend = f'Write taken_at = {_MOMENT}, or every = "P1D" for copies that are made again and again'
        reader.fault("taken_at", "nobody knows when it was taken", mend)
    reader.close()
    return draft


def _name(reader: TableReader) -> str:
    name = reader.text("name", example="offsite-2026-03", required=True, longest=100)
    if name and not _NAME.fullmatch(name):
        reader.fault(
            "name", "it is not made of letters, digits, dots and hyphens", 'Write it as in name = "offsite-2026-03"'
        )
        return ""
    return name


def _words(reader: TableReader, key: str, example: str, longest: int) -> str:
    """Words that stay in the register for ever, so they name no person and hold no password."""
    words = reader.text(key, example=example, required=True, longest=longest)
    if "@" in words:
        reader.fault(key, "it holds an address", f'Name a role or a place and no person, such as "{example}"')
    elif not words.isprintable():
        reader.fault(key, "it holds signs that cannot be printed", f'Write words, such as "{example}"')
    return words


def _period(reader: TableReader, key: str, example: str, *, required: bool = False) -> str:
    written = reader.period(key, example=example)
    if key not in reader.table:
        if required:
            reader.fault(key, "it is missing", f'Write {key} = "{example}"')
        return ""
    if not written:
        if isinstance(reader.table[key], str) and not reader.table[key].strip():
            reader.fault(key, "it is empty", f'Write {key} = "{example}"')
        return ""
    period = Period.parse(written)
    if not period:
        reader.fault(key, "a period of nothing holds no copy", f'Write a longer one, such as {key} = "{example}"')
    return str(period)


def _kept_for(reader: TableReader, now: datetime) -> str:
    """How old it gets at most; a rule weaker than the promise would break it from the first day."""
    written = _period(reader, "kept_for", "P14D", required=True)
    if written:
        try:
            refuse_weaker(setting=KEPT_FOR, period=Period.parse(written), field="kept_for", now=now)
        except WeakerThanPromised as error:
            reader.fault("kept_for", error.problem, error.mend)
    return written


def _moment(reader: TableReader, now: datetime) -> datetime | None:
    """When it was taken: without a zone in the site's, a day from its beginning; never thought younger than it is."""
    reader.asked.add("taken_at")
    if "taken_at" not in reader.table:
        return None
    value = reader.table["taken_at"]
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        reader.fault("taken_at", "it is no date", f"Write it without quotes, as in taken_at = {_MOMENT}")
        return None
    if not 1970 <= value.year < 9000:
        reader.fault("taken_at", f"no copy is of the year {value.year}", f"Write it as in taken_at = {_MOMENT}")
        return None
    moment = value.astimezone(UTC) if value.tzinfo else settings.calendar.moment(value)
    if moment > now:
        reader.fault("taken_at", "it lies in the future", "Write when the copy was taken; register it afterwards")
        return None
    return moment
