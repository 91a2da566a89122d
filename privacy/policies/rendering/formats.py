"""In which of three ways a text is written."""

from __future__ import annotations

import re
from enum import StrEnum


class Format(StrEnum):
    """Plain text, Markdown (CommonMark, with tables) or HTML."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


_ENDINGS = {
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
}
_HTML = re.compile(r"\A\s*(?:<!doctype html|<html|<body|<(?:h[1-6]|p|div|article|section|main)\b[^>]*>)", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"(?m)^#{1,6} \S|^[^\n]+\n(?:={3,}|-{3,})\s*$|\[[^\]\n]+\]\([^)\n]+\)|\*\*\S[^*\n]*\*\*|^\s{0,3}> "
)


def format_of(name: str, text: str) -> Format:
    """The format of a file: by the ending of its name, and by its first signs where that says nothing.

    Args:
        name: of the file; may be empty.
    """
    ending = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    if _HTML.match(text):
        return Format.HTML
    return Format.MARKDOWN if _MARKDOWN.search(text) else Format.TEXT
