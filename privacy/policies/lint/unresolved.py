"""``unresolved_figure``: a figure that the text takes from a promise, and there is no such promise."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.policies.figures import FIGURE, TAG
from privacy.policies.lint.faults import Fault, Known
from privacy.policies.lint.text import Text

_MEND = 'Name a figure that a promise of the profile binds, as in {{ promise "backups.kept_for" }}'
_OPEN = re.compile(r"\{\{(?![^{}\n]*\}\})|\{%")


def find(text: Text, known: Known) -> Iterator[Fault]:
    """Every ``{{ … }}`` that names no figure, and what looks like another template language."""
    for match in TAG.finditer(text.raw):
        named = FIGURE.fullmatch(match.group())
        if named is None or named["name"] not in known.figures:
            yield _fault(text, match)
    for match in _OPEN.finditer(text.raw):
        yield _fault(text, match)


def _fault(text: Text, match: re.Match[str]) -> Fault:
    return Fault("unresolved_figure", text.raw.count("\n", 0, match.start()) + 1, match.group(), _MEND)
