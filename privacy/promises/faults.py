"""What is wrong with a profile: all of it at once, each fault with its place and its mend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from privacy.core.errors import PrivacyError
from privacy.core.periods import InvalidPeriod, Period


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a profile.

    Attributes:
        table: where, as the file writes it: ``"[closure]"``, ``"[[promise]] HTC-10-4"``; empty for the whole file.
        key: the key in that table, or empty for the table itself.
        problem: what is wrong, without a full stop.
        mend: what to write instead, without a full stop.
    """

    table: str
    key: str
    problem: str
    mend: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.table, self.key) if part)
        return f"{place}: {self.problem}. {self.mend}." if place else f"{self.problem}. {self.mend}."


class WrongProfile(PrivacyError):
    """The profile cannot be loaded; nothing was written. ``faults`` holds everything that is wrong."""

    def __init__(self, *, file: str, faults: Sequence[Fault]) -> None:
        first = faults[0]
        self.faults = tuple(faults)
        place = ": ".join(part for part in (file, first.table, first.key) if part)
        super().__init__(field=place, problem=first.problem, mend=first.mend)
        self.args = ("\n".join(f"{file}: {fault}" for fault in faults),)


class Faults:
    """Collects faults while a profile is read."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, table: str, key: str, problem: str, mend: str) -> None:
        self.found.append(Fault(table, key, problem, mend))

    def unknown(self, table: str, key: str, known: Iterable[str], *, name: str = "", what: str = "key") -> None:
        """Refuse a name nobody knows, with the closest one that is known; ``name`` where it is not the key itself."""
        names = sorted(known)
        close = get_close_matches(name or key, names, n=1)
        mend = f'Perhaps you meant "{close[0]}"' if close else f"Use one of: {', '.join(names)}"
        if not names:
            mend = f"Leave it out, since no {what} is known here"
        self.add(table, key, f'no {what} is called "{name}"' if name else f"this {what} is not known", mend)


class TableReader:
    """Reads one table key by key; what was never asked for is unknown."""

    def __init__(self, table: Mapping[str, Any], *, label: str, faults: Faults) -> None:
        self.table = table
        self.label = label
        self.faults = faults
        self.asked: set[str] = set()

    def fault(self, key: str, problem: str, mend: str) -> None:
        self.faults.add(self.label, key, problem, mend)

    def text(self, key: str, *, example: str, required: bool = False, longest: int = 200) -> str:
        """A text on one line, or empty where it is wrong or absent."""
        self.asked.add(key)
        if key not in self.table:
            if required:
                self.fault(key, "it is missing", f'Write {key} = "{example}"')
            return ""
        value = self.table[key]
        if not isinstance(value, str):
            self.fault(key, f"{_shown(value)} is no text", f'Write it in quotes, such as "{example}"')
        elif "\n" in value:
            self.fault(key, "it has more than one line", f'Write one line, such as "{example}"')
        elif not value.strip() and required:
            self.fault(key, "it is empty", f'Write {key} = "{example}"')
        elif len(value) > longest:
            self.fault(key, f"it has {len(value)} characters", f"Use at most {longest}")
        else:
            return value.strip()
        return ""

    def choice(self, key: str, choices: Sequence[str], *, required: bool = False) -> str:
        value = self.text(key, example=choices[0], required=required)
        if value and value not in choices:
            close = get_close_matches(value, choices, n=1)
            mend = f'Perhaps you meant "{close[0]}"' if close else f"Use one of: {', '.join(choices)}"
            self.fault(key, f'"{value}" is not one of {", ".join(choices)}', mend)
            return ""
        return value

    def texts(self, key: str, *, example: str) -> list[str]:
        """A list of texts, or empty where it is wrong or absent."""
        self.asked.add(key)
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self.fault(key, "it is no list of texts", f'Write {key} = ["{example}"]')
            return []
        return [item.strip() for item in value]

    def flag(self, key: str) -> bool:
        """True or false; false where it is wrong or absent."""
        self.asked.add(key)
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            self.fault(key, f"{_shown(value)} is neither true nor false", f"Write {key} = true, or leave it out")
            return False
        return value

    def period(self, key: str, *, example: str) -> str:
        """A period as it is written, or empty where it is wrong or absent."""
        value = self.text(key, example=example)
        try:
            if value:
                Period.parse(value, field=key)
        except InvalidPeriod as error:
            self.fault(key, error.problem, error.mend)
            return ""
        return value

    def inner(self, key: str) -> TableReader:
        """A table inside this one; empty where it is wrong or absent."""
        self.asked.add(key)
        value = self.table.get(key, {})
        label = f"[{self.label.strip('[]')}.{key}]"
        if not isinstance(value, dict):
            self.fault(key, "it is no table", f"Open a table {label}")
            value = {}
        return TableReader(value, label=label, faults=self.faults)

    def close(self) -> None:
        """Refuse every key that nobody asked for."""
        for key in self.table:
            if key not in self.asked:
                self.faults.unknown(self.label, key, self.asked)


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, bool | int | float) else f"a {type(value).__name__}"
