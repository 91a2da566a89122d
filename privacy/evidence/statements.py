"""The exact bytes that seals are made over: the text of an entry and the text of a seal. Pure functions.

``docs/reference/evidence-format.md`` tells them to strangers. A change here is a new format, with a new name.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Protocol

from privacy.evidence.commitments import Entry, canonical
from privacy.evidence.merkle import leaf_hash

SEAL_FORMAT = "privacy-seal-1"


class NumberedEntry(Entry, Protocol):
    """An entry with its key."""

    @property
    def pk(self) -> Any: ...


class Statement(Protocol):
    """What a seal states, and what its signature is over."""

    @property
    def number(self) -> int: ...
    @property
    def made_at(self) -> datetime | None: ...
    @property
    def size(self) -> int: ...
    @property
    def root(self) -> str: ...
    @property
    def previous(self) -> str: ...
    @property
    def key(self) -> str: ...


def moment(value: datetime | None) -> str:
    """UTC as ``2026-03-16T12:00:00+00:00``, with microseconds when there are any; empty for None."""
    return value.astimezone(UTC).isoformat() if value else ""


def entry_text(entry: NumberedEntry) -> str:
    """The entry in one spelling of JSON, its key included: an entry cannot take the place of another.

    Raises:
        TypeError, ValueError: a column holds what no entry was written with.
    """
    return canonical(
        {
            "act": entry.act,
            "at": moment(entry.at),
            "commitment": entry.commitment,
            "counts": entry.counts,
            "id": entry.pk,
            "label": entry.label,
        }
    )


def text_hash(text: str) -> str:
    """The leaf of an entry's text, in hexadecimal."""
    return leaf_hash(text.encode()).hex()


def seal_text(seal: Statement) -> str:
    """The statement of a seal in the same spelling: what is signed, and what the next seal is chained to."""
    return canonical(
        {
            "format": SEAL_FORMAT,
            "key": seal.key,
            "made_at": moment(seal.made_at),
            "number": seal.number,
            "previous": seal.previous,
            "root": seal.root,
            "size": seal.size,
        }
    )


def seal_hash(seal: Statement) -> str:
    """SHA-256 (hexadecimal) of the statement; the next seal holds it as ``previous``."""
    return hashlib.sha256(seal_text(seal).encode()).hexdigest()
