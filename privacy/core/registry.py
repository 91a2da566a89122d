"""A registry: named entries that upper rooms add, and lower rooms ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from privacy.core.errors import PrivacyError

T = TypeVar("T")


class RegisteredTwice(PrivacyError):
    """A name was registered a second time with another entry."""


class NotRegistered(PrivacyError):
    """Nobody registered that name."""


class Registry(Generic[T]):
    """Named entries in the order in which they were registered.

    Raises:
        RegisteredTwice: from ``add`` when the name is taken by another entry.
        NotRegistered: from ``get`` when nobody took the name.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> T:
        if self._entries.get(name, entry) is not entry:
            raise RegisteredTwice(
                field=name, problem=f"this {self.kind} is registered already", mend="Choose another name"
            )
        self._entries[name] = entry
        return entry

    def get(self, name: str) -> T:
        try:
            return self._entries[name]
        except KeyError:
            known = ", ".join(sorted(self._entries)) or "none"
            raise NotRegistered(
                field=name, problem=f"no {self.kind} has this name", mend=f"Use one of: {known}"
            ) from None

    def find(self, name: str) -> T | None:
        return self._entries.get(name)

    def remove(self, name: str) -> None:
        self._entries.pop(name, None)

    def names(self) -> list[str]:
        return list(self._entries)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._entries.values()))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)
