"""Who acts. Services take an ``Actor``, never a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["member", "staff", "system", "command"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who carries out an act.

    Attributes:
        kind: member and staff are people; system is the night or a receiver; command is a shell.
        key: ``str(user.pk)`` of a person, else empty. Only erasable rows may store it.
        name: what acted when it was no person, such as ``"night"`` or ``"privacy_close"``.
    """

    kind: Kind
    key: str = ""
    name: str = ""

    @classmethod
    def member(cls, user: Any) -> Actor:
        """The data subject, acting for themselves."""
        return cls("member", key=str(user.pk))

    @classmethod
    def staff(cls, user: Any) -> Actor:
        """A signed-in member of staff."""
        return cls("staff", key=str(user.pk))

    @classmethod
    def system(cls, name: str) -> Actor:
        """The software itself, such as the night."""
        return cls("system", name=name)

    @classmethod
    def command(cls, name: str) -> Actor:
        """Somebody with a shell on the server; who it was is not known to us."""
        return cls("command", name=name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()
