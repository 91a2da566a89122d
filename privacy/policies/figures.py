"""Figures that a text takes from a promise: ``{{ promise "backups.kept_for" }}``. No template engine runs here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from privacy.policies.rendering import rendered

#: Anything that looks like a tag, on one line.
TAG = re.compile(r"\{\{[^{}\n]*\}\}")
FIGURE = re.compile(r"\{\{\s*promise\s+[\"“”](?P<name>[A-Za-z0-9_.\-]{1,200})[\"“”]\s*\}\}")

#: Stands for the figure of that number while its place is looked for; no text holds such signs.
_MARK = "\ue000{}\ue001"
_MARKS = re.compile("\ue000[0-9]+\ue001")
_MARK_OR_HEADING = re.compile("\ue000(?P<mark>[0-9]+)\ue001|<h[1-6] id=")


def named(text: str) -> list[str]:
    """The figures that a text names, each once, in its order."""
    return list(dict.fromkeys(match["name"] for match in FIGURE.finditer(text)))


def frozen(text: str, words: Mapping[str, str]) -> str:
    """The text with every known figure in words; what is not known stays as it is written."""
    return FIGURE.sub(lambda match: words.get(match["name"], match.group()), text)


def headings_above(text: str, form: str, title: str) -> dict[str, str]:
    """By figure, the heading under which it stands first; empty where it stands above all headings.

    Args:
        form: a ``TextFormat``.
        title: of the page, which is no heading of the text.
    """
    names = named(text)
    marked = FIGURE.sub(lambda match: _MARK.format(names.index(match["name"])), text)
    page = rendered(marked, form, title)
    found: dict[str, str] = {}
    heading, headings = "", iter(page.sections)
    for match in _MARK_OR_HEADING.finditer(page.html):
        if match["mark"] is None:
            heading = _MARKS.sub("…", next(headings).words)
        elif int(match["mark"]) < len(names):
            found.setdefault(names[int(match["mark"])], heading)
    return found
