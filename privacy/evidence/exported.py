"""Seals as a JSON document that is kept elsewhere; ``docs/reference/evidence-format.md`` tells its format.

Each seal and each entry stands on a line of its own, so that a large document can be read line by line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from django.db import router

from privacy.core.errors import PrivacyError
from privacy.core.readonly import read_only
from privacy.evidence import reading
from privacy.evidence.commitments import canonical
from privacy.evidence.keys import load_keys
from privacy.evidence.models import EvidenceEntry
from privacy.evidence.reading import LeafRow, SealRow
from privacy.evidence.statements import moment

FORMAT = "privacy-evidence-1"


class NotAnExport(PrivacyError):
    """A file that ``privacy_verify --export`` did not write, or that was cut."""

    def __init__(self) -> None:
        super().__init__(
            field="--against",
            problem="the file is no export of seals, or not a whole one",
            mend="Give a file that privacy_verify --export wrote",
        )


class CannotExport(PrivacyError):
    """The file cannot be written."""


@dataclass(frozen=True, slots=True)
class Export:
    """An earlier export: its seals, and its entries when they were exported too."""

    seals: list[SealRow]
    entries: Callable[[], Iterator[LeafRow]]


def write(*, path: Path, now: datetime, with_entries: bool) -> None:
    """Write all seals, and the entries under them, into ``path``; it appears whole or not at all.

    No detail and nothing of a person is in it.

    Raises:
        CannotExport: the file cannot be written.
        UnusableKey: a key of the site cannot be read.
    """
    using = router.db_for_read(EvidenceEntry)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with read_only(using), draft.open("w", encoding="ascii") as file:
            _write(file, using, now, with_entries)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise CannotExport(
            field="--export", problem=f"the file cannot be written ({type(error).__name__})", mend="Name another"
        ) from None
    finally:
        draft.unlink(missing_ok=True)


def read(path: Path) -> Export:
    """Read what ``write`` wrote. The seals come into memory, the entries do not.

    Raises:
        NotAnExport: the file cannot be read, or is no export, or not a whole one.
    """
    try:
        with path.open(encoding="ascii") as file:
            # To the end, so that a cut file is no export, and no proof that something is gone.
            seals = [_seal(row) for section, row in _rows(file) if section == "seals"]
    except (OSError, ValueError, KeyError, TypeError):
        raise NotAnExport from None
    return Export(seals, lambda: _entries(path))


def _write(file: TextIO, using: str, now: datetime, with_entries: bool) -> None:
    keys = {name: key.public_bytes_raw().hex() for name, key in load_keys().public.items()}
    head = canonical({"keys": keys, "made_at": moment(now)})
    file.write(f'{{"format":"{FORMAT}",{head[1:-1]},"seals":[')
    seals = (seal for window in reading.windows(using, reading.head(using)) for seal in window)
    _lines(file, ({**asdict(seal), "made_at": moment(seal.made_at)} for seal in seals))
    if with_entries:
        file.write('],"entries":[')
        _lines(file, map(_as_line, reading.leaves(using, None, reading.HIGHEST)))
    file.write("]}\n")


def _lines(file: TextIO, rows: Iterable[Mapping[str, Any]]) -> None:
    between = "\n"
    for row in rows:
        file.write(between + canonical(row))
        between = ",\n"
    file.write("\n")


def _as_line(leaf: LeafRow) -> dict[str, Any]:
    return {"seal": leaf.seal, "position": leaf.position, "entry": leaf.entry, "leaf": leaf.hash, "text": leaf.text}


def _rows(file: TextIO) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row with the name of its list."""
    section = ""
    for line in map(str.strip, file):
        if not section:
            if json.loads(f"{line}]}}")["format"] != FORMAT:
                raise NotAnExport
            section = "seals"
        elif line == '],"entries":[':
            section = "entries"
        elif line == "]}":
            return
        else:
            yield section, json.loads(line.removesuffix(","))
    raise NotAnExport


def _seal(row: Mapping[str, Any]) -> SealRow:
    values = {**row, "made_at": datetime.fromisoformat(row["made_at"]) if row["made_at"] else None}
    return SealRow(**{name: values[name] for name in SealRow.__slots__})


def _entries(path: Path) -> Iterator[LeafRow]:
    try:
        with path.open(encoding="ascii") as file:
            for section, row in _rows(file):
                if section == "entries":
                    yield LeafRow(row["seal"], row["position"], row["entry"], row["leaf"], row["text"])
    except (OSError, ValueError, KeyError, TypeError):
        raise NotAnExport from None
