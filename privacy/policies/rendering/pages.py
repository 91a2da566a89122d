"""A clean text with headings that follow one another, each with a place to jump to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

from django.utils.safestring import SafeString, mark_safe

from privacy.policies.rendering.cleaning import cleaned
from privacy.policies.rendering.formats import Format
from privacy.policies.rendering.markup import from_markdown, from_text

_HEADING = re.compile(r"h([1-6])")
_READERS: dict[Format, Callable[[str], str]] = {
    Format.TEXT: from_text,
    Format.MARKDOWN: from_markdown,
    Format.HTML: str,
}
_VOID = frozenset(("br", "hr"))
#: The page's own title is its first heading.
_FIRST, _LAST = 2, 6


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the text: where to jump to, its words, and its level, from 2."""

    anchor: str
    words: str
    level: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as a page shows it; ``html`` is safe to print as it stands."""

    html: SafeString
    sections: tuple[Section, ...]


@lru_cache(maxsize=64)
def rendered(source: str, form: str, title: str = "") -> Rendered:
    """The text in HTML, the same for the same words; the last few are remembered.

    Args:
        form: a ``Format``.
        title: of the page; a first heading that only repeats it is left out.
    """
    text = source.replace("\r\n", "\n").replace("\r", "\n").lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")
    clean = cleaned(_READERS[Format(form)](text))
    found = _Headings()
    found.feed(clean)
    found.close()
    writer = _Writer(found.headings, title)
    writer.feed(clean)
    writer.close()
    # Made of cleaned HTML alone, every word and every attribute escaped again.
    return Rendered(mark_safe("".join(writer.out)), tuple(writer.sections))  # noqa: S308


class _Headings(HTMLParser):
    """The level and the words of each heading, in their order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.headings: list[tuple[int, str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if match := _HEADING.fullmatch(tag):
            self.inside = True
            self.headings.append((int(match[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        if _HEADING.fullmatch(tag):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)


class _Writer(HTMLParser):
    """Writes what it reads, with the levels of headings in one unbroken row and a name for each."""

    def __init__(self, headings: list[tuple[int, str]], title: str) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.sections: list[Section] = []
        self._left_out = {at for at, (_, words) in enumerate(headings) if not words.strip()}
        if headings and _same(headings[0][1], title):
            self._left_out.add(0)
        self._words = [" ".join(words.split()) for _, words in headings]
        self._levels = _unbroken([level for at, (level, _) in enumerate(headings) if at not in self._left_out])
        self._at = -1
        self._skipping = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        more = ""
        if _HEADING.fullmatch(tag):
            self._at += 1
            if self._at in self._left_out:
                self._skipping = True
                return
            section = Section(
                f"section-{len(self.sections) + 1}", self._words[self._at], self._levels[len(self.sections)]
            )
            self.sections.append(section)
            tag, more = f"h{section.level}", f' id="{section.anchor}"'
        if not self._skipping:
            said = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs)
            self.out.append(f"{self._before(tag)}<{tag}{more}{said}>")

    def handle_endtag(self, tag: str) -> None:
        if _HEADING.fullmatch(tag):
            if self._skipping:
                self._skipping = False
                return
            tag = f"h{self.sections[-1].level}"
        if not self._skipping and tag not in _VOID:
            self.out.append(f"</{tag}>{'</div>' if tag == 'table' else ''}")

    def _before(self, tag: str) -> str:
        """A box around each table, so that a wide one scrolls by itself, with the keyboard too (WCAG 1.4.10, 2.1.1)."""
        if tag != "table":
            return ""
        called = f' role="group" aria-labelledby="{self.sections[-1].anchor}"' if self.sections else ""
        return f'<div class="pv-scroll" tabindex="0"{called}>'

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.out.append(escape(data, quote=False))


def _same(words: str, title: str) -> bool:
    return bool(title) and " ".join(words.split()).casefold() == title.strip().casefold()


def _unbroken(levels: list[int]) -> list[int]:
    """Levels that begin at 2 and go down one step at a time, as readers of headings expect (WCAG 1.3.1)."""
    made: list[int] = []
    open_: list[int] = []
    for level in levels:
        while open_ and open_[-1] >= level:
            open_.pop()
        open_.append(level)
        made.append(min(_FIRST + len(open_) - 1, _LAST))
    return made
