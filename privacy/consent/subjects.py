"""A person as the ledger stores them: the columns by which they are found, and the word that outlives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from privacy.consent.models import ConsentContext
from privacy.consent.people import Person
from privacy.core.pseudonyms import pseudonym, pseudonym_key_id


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose row it is. It never leaves the room, and shows nothing of the person when printed.

    Attributes:
        digests: the address under every key, for looking up; the first is written.
    """

    user_key: str = field(default="", repr=False)
    digests: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, person: Person) -> Subject:
        return cls(person.user_key, person.digests)

    @property
    def columns(self) -> dict[str, str]:
        """What a row about them gets."""
        return {
            "user_key": self.user_key,
            "digest": "" if self.user_key else self.digests[0],
            "digest_key": pseudonym_key_id(),
        }

    @property
    def pseudonym(self) -> str:
        return pseudonym("subject", self.user_key) if self.user_key else self.digests[0]

    @property
    def filters(self) -> Mapping[str, Any]:
        """What finds their rows."""
        return {"user_key": self.user_key} if self.user_key else {"digest__in": self.digests}

    @property
    def lock(self) -> str:
        """The name behind which decisions of one person come one after the other."""
        return f"privacy.consent {self.pseudonym}"


def subject_of(context: ConsentContext) -> Subject:
    """Whose context it is."""
    return Subject(context.user_key, (context.digest,) if context.digest else ())
