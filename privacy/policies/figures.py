"""Figures that a text takes from a promise: ``{{ promise "backups.kept_for" }}``. No template engine runs here."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Anything that looks like a tag, on one line.
TAG = re.compile(r"\{\{[^{}\n]*\}\}")
FIGURE = re.compile(r"\{\{\s*promise\s+[\"“”](?P<name>[A-Za-z0-9_.\-]{1,200})[\"“”]\s*\}\}")


def named(text: str) -> list[str]:
    """The figures that a text names, each once, in its order."""
    return list(dict.fromkeys(match["name"] for match in FIGURE.finditer(text)))


def frozen(text: str, words: Mapping[str, str]) -> str:
    """The text with every known figure in words; what is not known stays as it is written."""
    return FIGURE.sub(lambda match: words.get(match["name"], match.group()), text)
