"""A text as the lint reads it: without its markup, and every word still on its own line."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_INVISIBLE = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\[\]\n]*)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])")
_REFERENCE = re.compile(r"(?m)^ {0,3}\[[^\]\n]+\]:[ \t]+\S.*$")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKUP = re.compile(r"\*+|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)|`+")
_PREFIX = re.compile(r"(?m)^[ \t]*(?:(?:>|#{1,6}(?=\s)|[-+*•](?=\s)|\d{1,3}[.)](?=\s))[ \t]*)+")
_RULE = re.compile(r"(?m)^[ \t]*[-_*=]{3,}[ \t]*$")
#: Ends of sentences; one published text forgot the space behind.
_END = re.compile(r"(?<=[.!?])(?:\s+|(?=[A-ZÄÖÜ][a-zäöü]))")


@dataclass(frozen=True)
class Text:
    """A text and what is left of it without markup.

    Attributes:
        raw: as it was written, with ``\\n`` at the ends of lines.
    """

    raw: str

    @classmethod
    def of(cls, source: str) -> Text:
        return cls(source.replace("\r\n", "\n").replace("\r", "\n"))

    @cached_property
    def plain(self) -> str:
        """The words alone. Links leave their words, pictures nothing; no line is lost."""
        text = self.raw
        text = _INVISIBLE.sub(_lines_only, text)
        text = _RULE.sub("", text)
        text = _REFERENCE.sub("", text)
        text = _IMAGE.sub("", text)
        text = _LINK.sub(r"\1", text)
        text = _TAG.sub(_lines_only, text)
        text = _PREFIX.sub("", text)
        text = _MARKUP.sub("", _ESCAPED.sub(r"\1", text))
        return html.unescape(text).replace("\N{NO-BREAK SPACE}", " ").replace("’", "'")

    @cached_property
    def lines(self) -> list[str]:
        return self.plain.split("\n")

    def line_at(self, offset: int) -> int:
        """The line of a place in ``plain``, counted from 1."""
        return self.plain.count("\n", 0, offset) + 1

    def sentences(self) -> Iterator[tuple[int, str]]:
        """Every sentence with the line on which it begins; a blank line ends one as well."""
        offset = 0
        for paragraph in re.split(r"(\n[ \t]*\n)", self.plain):
            start = offset
            for sentence in _parts(paragraph):
                words = sentence.strip()
                if words:
                    begin = self.plain.index(words, start) if words in self.plain[start:] else start
                    yield self.line_at(begin), " ".join(words.split())
                start += len(sentence)
            offset += len(paragraph)


def _parts(paragraph: str) -> Iterator[str]:
    begin = 0
    for end in _END.finditer(paragraph):
        yield paragraph[begin : end.end()]
        begin = end.end()
    yield paragraph[begin:]


def _lines_only(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")
