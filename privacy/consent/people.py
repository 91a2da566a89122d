"""Whose decision it is, and the little that is kept of where they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from privacy.core.addresses import shorten_address
from privacy.core.errors import PrivacyError
from privacy.core.pseudonyms import pseudonym, pseudonyms

#: What an address is called where its digest is made: no other room's digests are like these.
_KIND = "consent address"


class NoPerson(PrivacyError):
    """A person is a member or an address, never both and never neither."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member, or somebody without an account.

    Attributes:
        user_key: ``str(user.pk)`` of a member.
        address: e-mail address of somebody without an account; stored only as a keyed digest.

    Raises:
        NoPerson: both are given, or neither.
    """

    user_key: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        if bool(self.user_key) == bool(self.address.strip()):
            raise NoPerson(
                field="person", problem="it is a member or an address, and just one of the two", mend="Give one of them"
            )

    def __repr__(self) -> str:
        return f"<Person: {'a member' if self.user_key else 'an address'}>"

    @classmethod
    def of_user(cls, user: Any) -> Person:
        """A signed-in member.

        Raises:
            NoPerson: the user has no key: nobody is signed in.
        """
        return cls(user_key="" if user.pk is None else str(user.pk))

    @property
    def digest(self) -> str:
        """The address under the newest key; empty for a member."""
        return pseudonym(_KIND, _plain(self.address)) if self.address else ""

    @property
    def digests(self) -> tuple[str, ...]:
        """The address under every key that may have been in use, the newest first; nothing for a member."""
        return pseudonyms(_KIND, _plain(self.address)) if self.address else ()

    @property
    def pseudonym(self) -> str:
        """What finds the proof after the person is erased: of a member the same word that evidence and closures use."""
        return pseudonym("subject", self.user_key) if self.user_key else self.digest


@dataclass(frozen=True, slots=True)
class Network:
    """Where the person was: their network, never their own address (HTC-9-3, ADS-1-2)."""

    network: str = ""

    @classmethod
    def of_address(cls, address: str) -> Network:
        """A client address without its host part; nothing where it is no address."""
        return cls(shorten_address(address, 24, 48))


def _plain(address: str) -> str:
    """One spelling of an address: providers that tell capitals apart do not exist in practice."""
    return address.strip().lower()
