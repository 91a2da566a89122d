"""The salted hash that ties a decision to the pseudonym of whoever made it, and outlives everything else about them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime

from privacy.consent.models import ConsentContext, ConsentRecord


def new_salt() -> str:
    """64 hexadecimal digits."""
    return secrets.token_hex(32)


def commit(record: ConsentRecord, *, pseudonym: str, salt: str) -> str:
    """SHA-256 (hexadecimal) over the salt, the record and the pseudonym."""
    said = {
        "reference": str(record.reference),
        "at": _moment(record.at),
        "purpose": record.purpose,
        "decision": str(record.decision),
        "wording": record.wording_id or "",
        "surface": record.surface,
        "language": record.language,
        "expires_at": _moment(record.expires_at),
        "previous": record.previous_id or 0,
        "pseudonym": pseudonym,
    }
    text = json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(bytes.fromhex(salt) + text.encode("ascii")).hexdigest()


def is_proved(record: ConsentRecord, context: ConsentContext) -> bool:
    """Whether the record is the one that the person behind this context decided, unaltered."""
    found = commit(record, pseudonym=context.pseudonym, salt=context.salt)
    return hmac.compare_digest(found, record.commitment)


def digest_of(*, purpose: str, version: str, language: str, text: str) -> str:
    """SHA-256 (hexadecimal) of a wording: what stands for its exact words in records, receipts and the journal."""
    said = json.dumps([purpose, version, language, text], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(said.encode("ascii")).hexdigest()


def _moment(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat() if value else ""
