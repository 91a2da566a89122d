"""``missing_contact``: nobody can be written to (GDPR Art. 13(1)(a))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.policies.lint.faults import Fault, Known
from privacy.policies.lint.text import Text

_MEND = "Say how people reach you: an address, a form, a telephone number"
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(
    r"(?:\b(?:tel|phone|telephone|telefon|call|fon)\w*\.?[ \t]*:?[ \t]*)\+?[\d(][\d ()/.-]{5,}\d", re.IGNORECASE
)
_POST = re.compile(
    r"\b\d{4,5} [A-ZÄÖÜ][\w'-]+|\b[A-Z][a-z]+,? (?:[A-Z]{2}|[A-Z][a-z]+) \d{5}(?:-\d{4})?\b"
    r"|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"
)
_CONTACT = r"(?:contact|kontakt|support|helpdesk|help-desk|impressum|imprint|form|formular)"
_LINK = re.compile(
    rf"\[[^\[\]\n]{{0,200}}\b{_CONTACT}\w*[^\[\]\n]{{0,200}}\]\(\s?[^)\s]|\]\(\s?[^)\s]{{0,400}}{_CONTACT}"
    rf"|https?://[^\s]{{0,400}}{_CONTACT}|<a\b[^<>]{{0,200}}href\s?=\s?[\"'][^\"'<>]{{0,400}}(?:mailto:.|{_CONTACT})",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"^\W*(?:\d+[.)]?\s*)?(?:contact(?:ing)?(?: us| information)?|how to contact us|kontakt|so erreichen sie uns)\W*$",
    re.IGNORECASE,
)


def find(text: Text, known: Known) -> Iterator[Fault]:
    """One fault where a privacy policy names no way to reach anybody."""
    if known.document != "privacy" or _has_contact(text, known):
        return
    line = next((at for at, words in enumerate(text.lines, start=1) if _HEADING.match(words)), 1)
    yield Fault("missing_contact", line, text.lines[line - 1].strip(), _MEND)


def _has_contact(text: Text, known: Known) -> bool:
    if any(contact and contact in text.raw for contact in known.contacts):
        return True
    return any(pattern.search(text.plain) for pattern in (_EMAIL, _PHONE, _POST)) or bool(_LINK.search(text.raw))
