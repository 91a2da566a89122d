"""``empty_address``: "you can e-mail us at", and then nothing (HMY)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.policies.lint.faults import Fault, Known
from privacy.policies.lint.text import Text

_MEND = "Print the address behind these words, or rewrite the sentence"
_LONGEST = 160
_ASKS = re.compile(
    r"\b(?:(?:e-?mail|mail|write(?:\s+to)?|contact|reach|call|phone|text)(?:ing)?\s+(?:to\s+)?"
    r"(?:us|our\s+[\w ]{3,40}|me)"
    r"(?:\s+directly)?(?:\s+by\s+(?:e-?mail|post|mail|phone))?\s+(?:at|on|under|via|to)"
    r"|(?:by|per|via)\s+e-?mail\s+(?:at|to)"
    r"|(?:e-?mail|mail|schreiben|kontaktieren|erreichen)\s+(?:sie\s+)?uns\s+(?:bitte\s+)?(?:per\s+e-?mail\s+)?(?:unter|an)"
    r"|(?:per\s+e-?mail|e-?mail)\s+(?:an|unter)"
    r"|uns\s+(?:bitte\s+)?(?:eine?\s+e-?mail\s+)?(?:per\s+e-?mail\s+)?(?:unter|an))"
    r"(?P<rest>[ \t]*[:.,;()\"'<>–-]*[ \t]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_WITHIN = re.compile(
    r"\b(?:e-?mail|write to|contact|reach)\s+us\s+at\s*(?:\(\s*\)|[.,;]|\b(?:and|or|if)\b)"
    r"|\b(?:schreiben|kontaktieren|erreichen)\s+sie\s+uns\s+unter\s*(?:\(\s*\)|[.,;]|\b(?:und|oder)\b)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^(?:e-?mail|e-?mail[ -]address|e-?mail-?adresse)[ \t]*:[ \t]*$", re.IGNORECASE | re.MULTILINE)
_EMPTY_LINK = re.compile(r"\(mailto:\s*\)|href\s*=\s*[\"']mailto:\s*[\"']", re.IGNORECASE)
_ADDRESS = re.compile(
    r"@|https?://|www\.|\[[^\[\]\n]{1,80}\]|\+?\d[\d ()/.-]{5,}|\b\d{4,6}\b|\b\w+\.(?:com|org|net|eu|de|io|fr)\b"
)


def find(text: Text, _known: Known) -> Iterator[Fault]:
    """Sentences that announce an address at the end of their line, with none on the next one either."""
    for pattern in (_ASKS, _LABEL):
        for match in pattern.finditer(text.plain):
            if not _ADDRESS.search(_what_follows(text.plain, match.end())):
                yield _fault(text, match)
    for match in _WITHIN.finditer(text.plain):
        if not _ends_its_line(text.plain, match.end()):
            yield _fault(text, match)
    for match in _EMPTY_LINK.finditer(text.raw):
        yield Fault("empty_address", text.raw.count("\n", 0, match.start()) + 1, match.group(), _MEND)


def _fault(text: Text, match: re.Match[str]) -> Fault:
    begin = text.plain.rfind("\n", 0, match.start()) + 1
    words = " ".join(text.plain[begin : match.end()].split())
    return Fault("empty_address", text.line_at(match.start()), words[-_LONGEST:], _MEND)


def _what_follows(plain: str, offset: int) -> str:
    """The paragraph behind, which may be an address over several lines."""
    return plain[offset : offset + 2_000].strip().split("\n\n", 1)[0][:400]


def _ends_its_line(plain: str, offset: int) -> bool:
    """Then the other rule has looked at it."""
    return not plain[offset:].split("\n", 1)[0].strip()
