"""Keyed pseudonyms: the same person gives the same word, and nobody without the key can say who it is.

A plain hash of an e-mail address is undone by guessing; a keyed one is not. They name people in
logs, reports and journals, and find them again after the account is gone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache, partial

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings as django_settings

from privacy.core.conf import settings

#: 26 characters of base32 carry 130 bits.
LENGTH = 26


def pseudonym(kind: str, value: str) -> str:
    """The word that stands for ``value`` under the newest key.

    Args:
        kind: what the value is (``"subject"``, ``"email"``): equal values of two kinds get unlike words.
        value: the personal value, for a user ``str(user.pk)``.

    Returns:
        26 characters out of a–z and 2–7.

    Raises:
        WrongSetting: when ``PSEUDONYM_KEYS`` cannot be used.
    """
    return _word(_newest(), kind, value)


def naming(kind: str) -> Callable[[str], str]:
    """``pseudonym`` for many values of one kind: the keys are looked at once.

    Raises:
        WrongSetting: when ``PSEUDONYM_KEYS`` cannot be used.
    """
    return partial(_word, _newest(), kind)


def pseudonyms(kind: str, value: str) -> tuple[str, ...]:
    """The word under every key that may have been in use, the newest first: look-ups survive a rotation.

    The key derived from ``SECRET_KEY`` counts as the oldest, so that a site which sets its first
    ``PSEUDONYM_KEYS`` still finds what was written before.
    """
    return tuple(_word(key, kind, value) for key in _keys())


def pseudonym_key_id() -> str:
    """The id of the key under which ``pseudonym`` works just now; rows store it beside their word.

    Raises:
        WrongSetting: when ``PSEUDONYM_KEYS`` cannot be used.
    """
    return key_id(_newest())


def known_key_ids() -> tuple[str, ...]:
    """The ids of every key that is still there, in the order of ``pseudonyms``.

    A row whose id is not among them tells of a key that was taken away too early: nobody finds its person again.
    """
    return tuple(key_id(key) for key in _keys())


@lru_cache(maxsize=16)
def key_id(key: bytes) -> str:
    """The name of a key: the first 8 hexadecimal digits of SHA-256. It opens nothing."""
    return hashlib.sha256(b"privacy pseudonym key id" + key).hexdigest()[:8]


def _newest() -> bytes:
    """The first of ``_keys``, without asking for the others."""
    own = settings.pseudonym_keys
    return own[0].encode() if own else _of_secret(django_settings.SECRET_KEY)


def _keys() -> tuple[bytes, ...]:
    own = [key.encode() for key in settings.pseudonym_keys]
    return (*own, *map(_of_secret, [django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS]))


def _of_secret(secret: str | bytes) -> bytes:
    return _derived(secret.encode() if isinstance(secret, str) else secret)


@lru_cache(maxsize=16)
def _derived(secret: bytes) -> bytes:
    # SECRET_KEY signs sessions too; a key of its own keeps the two uses apart.
    return HKDF(SHA256(), length=32, salt=None, info=b"django-privacy pseudonyms").derive(secret)


def _word(key: bytes, kind: str, value: str) -> str:
    digest = hmac.digest(key, f"{kind}\0{value}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:20]).decode().lower()[:LENGTH]
