"""The words of the lint: a fault, and what is known of the site while it looks."""

from __future__ import annotations

from dataclasses import dataclass

#: Every code that a fault can have, in the order in which faults of one line are listed.
CODES = (
    "placeholder",
    "obfuscated_address",
    "unknown_entity",
    "empty_address",
    "word_figure",
    "contradiction",
    "missing_contact",
    "unresolved_figure",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One occurrence of one fault.

    Attributes:
        code: one of ``CODES``.
        line: of the text, counted from 1.
        text: the words that are at fault.
        mend: what to do about it, one sentence.
    """

    code: str
    line: int
    text: str
    mend: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the lint goes by besides the text.

    Attributes:
        names: every name of the site; empty where no profile says one, and the text's own first name counts then.
        contacts: what people may write to or call; a text that prints one of these has a contact.
        document: the document's code; only a privacy policy has to name a contact (GDPR Art. 13(1)(a)).
        figures: the dotted settings and ids that a figure in the text may name.
    """

    names: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    document: str = "privacy"
    figures: frozenset[str] = frozenset()
