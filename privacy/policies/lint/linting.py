"""All rules over one text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from privacy.policies.lint import (
    addresses,
    contact,
    contradictions,
    empty_addresses,
    entities,
    numbers,
    placeholders,
    unresolved,
)
from privacy.policies.lint.faults import CODES, Fault, Known
from privacy.policies.lint.text import Text

RULES: tuple[Callable[[Text, Known], Iterator[Fault]], ...] = (
    placeholders.find,
    addresses.find,
    entities.find,
    empty_addresses.find,
    numbers.find,
    contradictions.find,
    contact.find,
    unresolved.find,
)


def faults_of(source: str, known: Known) -> list[Fault]:
    """Every fault of a text, in its order; an empty list may be published.

    Args:
        source: text, Markdown or HTML, as it was written.
    """
    text = Text.of(source)
    found = [fault for rule in RULES for fault in rule(text, known)]
    return sorted(found, key=lambda fault: (fault.line, CODES.index(fault.code)))
