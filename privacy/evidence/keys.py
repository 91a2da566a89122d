"""The keys that sign seals: Ed25519, from files or the environment, never from the database."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError

_MEND = "Give a PEM file with an Ed25519 key; privacy_verify --new-key FILE makes one"


class UnusableKey(PrivacyError):
    """A place that ``PRIVACY["SEAL_KEYS"]`` names holds no Ed25519 key. The key is never repeated."""


class KeyFileExists(PrivacyError):
    """A new key would overwrite a file."""


@dataclass(frozen=True, slots=True)
class SealKeys:
    """The keys of the site.

    Attributes:
        signing: the first of the list when it is a private key, else None.
        public: every key of the list by its id, to check signatures with.
    """

    signing: Ed25519PrivateKey | None = None
    public: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made.

    Attributes:
        file: where its private half lies, readable by the owner only.
        key: its id.
        public: its public half (PEM), for those who are to check seals.
    """

    file: str
    key: str
    public: str


def load_keys() -> SealKeys:
    """Read ``PRIVACY["SEAL_KEYS"]``, the newest first. Nothing is cached: a new key needs no restart.

    Raises:
        UnusableKey: names the place in the list.
    """
    found = [_read(f"PRIVACY['SEAL_KEYS'][{index}]", place) for index, place in enumerate(settings.seal_keys)]
    signing = found[0] if found and isinstance(found[0], Ed25519PrivateKey) else None
    public = [key.public_key() if isinstance(key, Ed25519PrivateKey) else key for key in found]
    return SealKeys(signing, {key_id(key): key for key in public})


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of SHA-256 over the 32 bytes of the public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def signature_of(key: Ed25519PrivateKey, text: str) -> str:
    """The signature of ``text``, in hexadecimal."""
    return key.sign(text.encode()).hex()


def signature_holds(key: Ed25519PublicKey, signature: str, text: str) -> bool:
    """Whether ``signature`` (hexadecimal) is this key's, over ``text``."""
    try:
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def make_key(*, path: Path) -> NewKey:
    """Write a new private key into ``path``, which must not exist yet.

    Raises:
        KeyFileExists: it does, or its folder does not.
    """
    key = Ed25519PrivateKey.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise KeyFileExists(
            field="--new-key", problem=f"the file cannot be made ({type(error).__name__})", mend="Name a new file"
        ) from None
    with open(handle, "wb") as file:
        file.write(private_pem(key))
    public = key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return NewKey(str(path), key_id(public), pem.decode())


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """The private key as an unencrypted PEM file (PKCS 8)."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read(name: str, place: str) -> Ed25519PrivateKey | Ed25519PublicKey:
    content = _content(name, place)
    for load in (_private, serialization.load_pem_public_key, _public_as_exported):
        try:
            key = load(content)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if isinstance(key, Ed25519PrivateKey | Ed25519PublicKey):
            return key
    raise UnusableKey(field=name, problem="it holds no Ed25519 key", mend=_MEND)


def _private(content: bytes) -> object:
    return serialization.load_pem_private_key(content, password=None)


def _public_as_exported(content: bytes) -> object:
    """64 hexadecimal digits, as exports hold public keys."""
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(content.decode("ascii").strip()))


def _content(name: str, place: str) -> bytes:
    """The PEM file, or the variable behind ``env:``, where line ends may be written as ``\\n`` or as base64."""
    if not place.startswith("env:"):
        try:
            return Path(place).read_bytes()
        except OSError as error:
            problem = f"the file cannot be read ({type(error).__name__})"
            raise UnusableKey(field=name, problem=problem, mend=_MEND) from None
    text = os.environ.get(place.removeprefix("env:"), "").strip()
    if not text:
        raise UnusableKey(field=name, problem="the variable is not set", mend="Set it, or take it off the list")
    if text.startswith("-----"):
        return text.replace("\\n", "\n").encode()
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
