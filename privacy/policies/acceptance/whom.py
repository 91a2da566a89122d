"""A person as the ledger stores them: the columns by which they are found, and the word that outlives them."""

from __future__ import annotations

from dataclasses import dataclass, field

from privacy.consent.people import Person
from privacy.core.pseudonyms import pseudonym, pseudonym_key_id


@dataclass(frozen=True, slots=True)
class Whom:
    """Whose row it is. It shows nothing of the person when printed.

    Attributes:
        user_key: ``str(user.pk)`` of a member, else empty.
        digests: of somebody without an account the address under every key; the first is written.
    """

    user_key: str = field(default="", repr=False)
    digests: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, person: Person) -> Whom:
        return cls(person.user_key, person.digests)

    @property
    def columns(self) -> dict[str, str]:
        """What a row about them gets."""
        digest = "" if self.user_key else self.digests[0]
        return {"user_key": self.user_key, "digest": digest, "digest_key": pseudonym_key_id()}

    @property
    def pseudonym(self) -> str:
        """Of a member the same word that evidence and closures use."""
        return pseudonym("subject", self.user_key) if self.user_key else self.digests[0]
