"""Secrets for a site that was given none: made once, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def kept_secret(path: Path) -> str:
    """The secret in ``path``, made on the first call."""
    return _kept(path, lambda: secrets.token_urlsafe(50)).read_text()


def kept_seal_key(path: Path) -> str:
    """``path``, where the key that signs the seals of the evidence lies; made on the first call."""
    return str(_kept(path, _seal_key))


def _seal_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _kept(path: Path, make: Callable[[], str]) -> Path:
    """``path``, with what ``make`` gives in it on the first call.

    Worker, beat and web server start at once and must agree, so the file appears whole under its
    name or not at all: it is written beside it, and the first link wins.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path
