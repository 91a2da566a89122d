"""Addresses as keyed digests: an opt-out is known again, and nobody is named by it."""

from __future__ import annotations

import re

from privacy.core.errors import PrivacyError
from privacy.core.pseudonyms import pseudonym, pseudonyms
from privacy.messages.classes import Channel

_ADDRESS = re.compile(r"[^@\s<>,;:\"\x00-\x1f\x7f]+@[^@\s<>,;:\"\x00-\x1f\x7f]+")


class UnfitAddress(PrivacyError):
    """Nothing can be sent there. The value itself is never repeated."""

    def __init__(self) -> None:
        super().__init__(field="address", problem="it is no address of this channel", mend="Look at the form it has")


def normal(channel: str, value: str) -> str:
    """One spelling for what reaches one person: case and white space do not make another address.

    Raises:
        UnfitAddress: it is none.
    """
    value = value.strip()
    if channel == Channel.EMAIL:
        if len(value) > 254 or not _ADDRESS.fullmatch(value):
            raise UnfitAddress
        # The part before the @ may differ by case in theory; two opt-outs too many are better than one too few.
        return value.casefold()
    if channel in (Channel.TEXT, Channel.PHONE):
        digits = re.sub(r"[^0-9]", "", value.replace("+", "00", 1) if value.startswith("+") else value)
        if not 5 <= len(digits) <= 20:
            raise UnfitAddress
        return digits.removeprefix("00")
    words = " ".join(value.casefold().split())
    if not words:
        raise UnfitAddress
    return words


def digest(channel: str, value: str) -> str:
    """The digest under the newest key.

    Raises:
        UnfitAddress: it is no address.
    """
    return pseudonym(_kind(channel), normal(channel, value))


def digests(channel: str, value: str) -> tuple[str, ...]:
    """The same under every key, the newest first: an opt-out survives a rotation."""
    return pseudonyms(_kind(channel), normal(channel, value))


def _kind(channel: str) -> str:
    # Telephone calls and texts go to one number, but each is refused by itself.
    return f"messages {channel}"
