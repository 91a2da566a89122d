"""Canonical JSON and the salted commitment over it. Pure functions: no clock, no database."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from privacy.core.actors import Actor

_spell = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


class Entry(Protocol):
    """What of an entry is committed to."""

    at: datetime
    act: str
    label: str
    counts: Any
    commitment: str


class Opening(Protocol):
    """What opens a commitment: an ``EvidenceDetail``, or a ``Revealed`` out of an earlier export."""

    @property
    def salt(self) -> str: ...
    @property
    def content(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Revealed:
    """Salt and content as they were exported: a proof goes on being checkable after the row is gone."""

    salt: str
    content: str


def canonical(value: Any) -> str:
    """JSON in one spelling: sorted keys, no spaces, ASCII only.

    Raises:
        TypeError, ValueError: the value is no JSON (NaN is none either).
    """
    return _spell(value)


def content_of(*, actor: Actor, subject_key: str, subject: str, details: Mapping[str, Any]) -> str:
    """The canonical text of everything that may be erased."""
    return canonical(
        {
            "actor": {"kind": actor.kind, "key": actor.key, "name": actor.name},
            "details": details,
            "subject": {"key": subject_key, "pseudonym": subject},
        }
    )


def new_salt() -> str:
    """256 random bits: who knows every user key still cannot try them against a commitment."""
    return secrets.token_hex(32)


def commit(entry: Entry, salt: str, content: str) -> str:
    """What an entry commits to: ``commit_to`` of its columns."""
    return commit_to(head_of(entry.at, entry.act, entry.label, entry.counts), salt=salt, content=content)


def head_of(at: datetime, act: str, label: str, counts: Any) -> str:
    """The canonical text of an entry's own columns."""
    return canonical({"at": at.astimezone(UTC).isoformat(), "act": act, "label": label, "counts": counts})


def commit_to(head: str, *, salt: str, content: str) -> str:
    """SHA-256 over salt, entry and content, in hexadecimal.

    The entry is part of it, so that details cannot be moved to another entry.
    """
    return hashlib.sha256(f"{salt}\n{head}\n{content}".encode()).hexdigest()


def opens(entry: Entry, detail: Opening) -> bool:
    """True when ``detail`` is what the entry committed to, unaltered."""
    return hmac.compare_digest(commit(entry, detail.salt, detail.content), entry.commitment)
