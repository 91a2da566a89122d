"""Plain text and Markdown as HTML, before it is cleaned."""

from __future__ import annotations

import re
from html import escape

from markdown_it import MarkdownIt

#: Indented code is off: a policy has none, and what was copied from a page is often indented.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("code")
#: A dot in front of a line, however it was made bold or pushed to the right.
_DOT = re.compile(r"(?m)^[ \t\u00a0]*(?:\*\*)?[•·▪◦‣](?:\*\*)?[ \t\u00a0]+")
#: A paragraph that is one short bold line leads what follows: readers of headings need it as one.
_BOLD_LINE = re.compile(r"<p><strong>([^<>\n]{1,120}[^<>\n.;,])</strong></p>")
_ITEM = re.compile(r"^[ \t]*[-*+•][ \t]+")
_NUMBERED = re.compile(r"^\d{1,2}(?:\.\d{1,2})*[.)]?[ \t]+\S.*[^.;:,!?]$")
#: Shorter lines stand by themselves, as in an address; longer ones are paragraphs.
_SHORT, _WRAPPED, _HEADING = 60, 100, 90
_LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def from_markdown(text: str) -> str:
    """Markdown as HTML; HTML inside it is shown as it was typed."""
    made = str(_MARKDOWN.render(_DOT.sub("- ", text)))
    return _BOLD_LINE.sub(r"<h2>\1</h2>", made)


def from_text(text: str) -> str:
    """Plain text as HTML: paragraphs, lists with dots or dashes, and headings where lines look like some."""
    parts: list[str] = []
    items: list[str] = []
    for paragraph in re.split(r"\n[ \t]*\n", text):
        for kind, words in _pieces(paragraph.strip("\n")):
            if kind == "li":
                items.append(f"<li>{_linked(words)}</li>")
                continue
            if items:
                parts.append(f"<ul>{''.join(items)}</ul>")
                items = []
            parts.append(f"<{kind}>{_linked(words)}</{kind}>")
    if items:
        parts.append(f"<ul>{''.join(items)}</ul>")
    return "\n".join(parts)


def _pieces(paragraph: str) -> list[tuple[str, str]]:
    """What one paragraph holds: headings, items of a list, and text."""
    lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
    if _is_wrapped(lines):
        return [("p", " ".join(lines))]
    found: list[tuple[str, str]] = []
    short: list[str] = []
    for line in lines:
        if len(line) <= _SHORT and not _ITEM.match(line) and not _is_heading(line):
            short.append(line)
            continue
        found += [("p", "\n".join(short))] if short else []
        short = []
        if _ITEM.match(line):
            found.append(("li", _ITEM.sub("", line)))
        else:
            found.append((_heading(line) if _is_heading(line) else "p", line))
    return [*found, ("p", "\n".join(short))] if short else found


def _is_wrapped(lines: list[str]) -> bool:
    """Lines that an editor broke: all but the last about equally long."""
    body = lines[:-1]
    return bool(body) and all(_SHORT <= len(line) <= _WRAPPED and not _ITEM.match(line) for line in body)


def _is_heading(line: str) -> bool:
    letters = [letter for letter in line if letter.isalpha()]
    capitals = len(letters) > 3 and all(letter.isupper() for letter in letters)
    return len(line) <= _HEADING and (capitals or bool(_NUMBERED.match(line)))


def _heading(line: str) -> str:
    return "h2" if line.upper() == line else "h3"


def _linked(words: str) -> str:
    """Escaped, with addresses that can be followed."""
    made, at = [], 0
    for match in _LINK.finditer(words):
        address = match.group()
        target = address if address.startswith("http") else f"mailto:{address}"
        made += [escape(words[at : match.start()]), f'<a href="{escape(target)}">{escape(address)}</a>']
        at = match.end()
    return "".join([*made, escape(words[at:])]).replace("\n", "<br>\n")
