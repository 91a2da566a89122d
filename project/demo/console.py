"""How the demonstration speaks: headings, steps and the promise ledger, plain enough for a log."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping
from typing import Protocol

MARKS = {
    "kept": ("✓", "32", "kept"),
    "broken": ("✗", "31;1", "BROKEN"),
    "cannot_tell": ("?", "33", "cannot tell"),
    "not_promised": ("·", "2", "not promised"),
}


class Row(Protocol):
    """What the console needs of a ledger's row."""

    @property
    def code(self) -> str: ...
    @property
    def clause(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def why(self) -> str: ...


def _colourful() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if _colourful() else text


def width() -> int:
    return max(72, min(120, shutil.get_terminal_size((100, 40)).columns))


def say(text: str = "") -> None:
    print(text, flush=True)


def heading(text: str) -> None:
    say()
    say(paint(f"── {text} ".ljust(width(), "─"), "1"))


def step(text: str, outcome: str = "") -> None:
    """One thing done, and what came of it."""
    say(f"  {text.ljust(34, ' ' if not outcome else '.')} {outcome}".rstrip())


def did(name: str, outcome: str, counts: Mapping[str, int]) -> None:
    """A step of the night with its figures; many of them get a line each."""
    figures = [f"{count:,} {what}" for what, count in counts.items() if count]
    if len(figures) < 3:
        step(f"  {name}", ", ".join([outcome, *figures]))
        return
    step(f"  {name}", outcome)
    for figure in figures:
        say(f"      {figure}")


def fault(text: str) -> None:
    """Something went wrong; said on standard error."""
    print(paint(text, "31;1"), file=sys.stderr, flush=True)


def ledger(title: str, rows: Iterable[Row], counts: dict[str, int]) -> None:
    """The promises, a line each; what is not kept says why. What the site never promised is only counted."""
    heading(title)
    codes: list[str] = []
    for row in rows:
        mark, colour, word = MARKS[str(row.status)]
        if row.status == "not_promised":
            continue
        codes.append(row.code)
        front = f"  {mark} {word.ljust(11)} {row.code.ljust(10)} {row.clause.ljust(11)} "
        said = textwrap.wrap(row.says, width() - len(front))
        say(paint(front, colour) + said[0])
        for line in said[1:]:
            say(" " * len(front) + line)
        if row.status != "kept":
            for line in textwrap.wrap(f"→ {row.why}", width() - len(front), subsequent_indent="  "):
                say(" " * len(front) + paint(line, colour))
    words = [f"{counts[name]} {MARKS[name][2].lower()}" for name in MARKS if counts.get(name)]
    say()
    say(f"  {len(codes)} promises: " + ", ".join(words) + ".")
