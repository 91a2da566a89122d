"""The salted hash that ties an acceptance to the pseudonym of whoever accepted, and outlives all else about them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC

from privacy.policies.acceptance.models import Acceptance, AcceptanceContext


def new_salt() -> str:
    """64 hexadecimal digits."""
    return secrets.token_hex(32)


def commit(row: Acceptance, versions: Mapping[str, str], *, pseudonym: str, salt: str) -> str:
    """SHA-256 (hexadecimal) over the salt, the acceptance, its versions and the pseudonym.

    Args:
        versions: document to the version's key; empty where none was published.
    """
    said = {
        "reference": str(row.reference),
        "at": row.at.astimezone(UTC).isoformat(),
        "kind": str(row.kind),
        "event": str(row.event),
        "surface": row.surface,
        "language": row.language,
        "versions": dict(versions),
        "pseudonym": pseudonym,
    }
    text = json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(bytes.fromhex(salt) + text.encode("ascii")).hexdigest()


def is_proved(row: Acceptance, context: AcceptanceContext) -> bool:
    """Whether the row is what the person behind this context accepted, unaltered. Reads ``row.versions``."""
    found = commit(row, row.accepted, pseudonym=context.pseudonym, salt=context.salt)
    return hmac.compare_digest(found, row.commitment)
