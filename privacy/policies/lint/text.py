"""A text as the lint reads it: without its markup, and every word still on its own line."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

#: What begins a part that no reader sees, and what ends it.
_HIDDEN_PARTS = (("<!--", "-->"), ("<script", "</script"), ("<style", "</style"))
_TAG = re.compile(
    r"</?(?:a|abbr|address|article|aside|b|blockquote|body|br|button|center|code|dd|del|div|dl|dt|em|font|footer|form|h[1-6]|head|"
    r"header|hr|html|i|img|input|ins|label|li|link|main|meta|nav|ol|p|pre|s|section|small|span|strong|sub|sup|table|tbody|"
    r"td|tfoot|th|thead|title|tr|u|ul)(?![\w-])[^<>]*>|<!doctype[^<>]*>",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"!\[(?:[^\[\]\n]|\[[^\[\]\n]{0,200}\]){0,200}\]\([^)\n]{0,2000}\)")
_LINK = re.compile(
    r"\[([^\[\]\n]*)\](?:\([^()\n]{0,2000}(?:\([^()\n]{0,200}\)[^()\n]{0,200}){0,3}\)|\[[^\[\]\n]{0,200}\])"
)
_REFERENCE = re.compile(r"(?m)^ {0,3}\[[^\]\n]+\]:[ \t]+\S.*$")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKUP = re.compile(r"\*+|(?<!\w)_{1,3}(?=[^\W_])|(?<=[^\W_])_{1,3}(?!\w)|`+")
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
        for begin, end in _HIDDEN_PARTS:
            text = _without(text, begin, end)
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
                if words := sentence.split():
                    yield self.line_at(start + len(sentence) - len(sentence.lstrip())), " ".join(words)
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


def _without(text: str, begin: str, end: str) -> str:
    """The text without what stands between two marks; its ends of lines stay. Read once, however often one opens."""
    lower = text.lower() if len(text.lower()) == len(text) else text
    kept, at = [], 0
    while (start := lower.find(begin, at)) >= 0 and (stop := lower.find(end, start)) >= 0:
        stop += len(end)
        kept += [text[at:start], "\n" * text.count("\n", start, stop)]
        at = stop
    return "".join([*kept, text[at:]])
