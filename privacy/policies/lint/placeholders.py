"""``placeholder``: a blank of a template that nobody filled in (CPT-13-1, T37)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.policies.lint.faults import Fault, Known
from privacy.policies.lint.text import Text

_MEND = "Fill it in, or take it out"
_THINGS = (
    r"(?:e-?mail|mail|address|telephone|phone|fax|name|company|business|organi[sz]ation|website|site|url|domain|date|"
    r"country|state|city|contact|number|period|dpo|adresse|anschrift|telefon|telefonnummer|rufnummer|nummer|firma|"
    r"firmenname|unternehmen|vorname|nachname|datum|ort|land|webseite|zeitraum|frist|ansprechpartner|strasse|straße)s?"
)
_ORDERS = (
    r"(?:insert|enter|fill\s+in|type|replace|your|add|specify|provide|state|choose|select|to\s+be\s+\w+|"
    r"hier|bitte|ihre?|ihren|einfügen|einsetzen|eintragen|ergänzen|ausfüllen|angeben)"
)
#: What stands in brackets and asks to be replaced: an order about something, or the bare name of something.
_BRACKETS = re.compile(
    r"(?<![\w\]])(\[[^\[\]\n]{0,120}\]|<[A-Za-zÄÖÜäöü][^<>\n@/=]{1,80}>|\{[^{}\n]{1,80}\})(?![({\[:}])"
)
_ORDERED = re.compile(
    rf"^(?:{_ORDERS}\b.*|.*\b(?:einfügen|einsetzen|eintragen|ergänzen|ausfüllen|goes here|here)|"
    rf"(?:(?:the|your|our|ihre?|die|der|das)\s+)?(?:{_THINGS}[\s/_-]*(?:of|der|des|and|or|und|oder|the)?[\s/_-]*){{2,4}}|"
    r"tbd|tba|todo|xx+|\.{2,}|…|_+|●|•|\?+|n\.?\s?n\.?)$",
    re.IGNORECASE,
)
_BARE = re.compile(rf"^(?:{_THINGS}|)$", re.IGNORECASE)
_WORDS = re.compile(r"\b(?:TODO|TBD|TBA|FIXME|XXX+)\b|\b(?i:lorem ipsum)\b|(?<![\w_])_{4,}(?![\w_])|\bMUSTERFIRMA\b")
_FIGURE = re.compile(r"\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}")


def find(text: Text, _known: Known) -> Iterator[Fault]:
    """Blanks in brackets, words such as TODO, and lines to write on. A menu item in brackets is none."""
    figures = [match.span() for match in _FIGURE.finditer(text.plain)]
    for match in _BRACKETS.finditer(text.plain):
        inside = match.group()[1:-1].strip()
        if any(begin <= match.start() < end for begin, end in figures):
            continue  # of the rule for figures
        alone = _line(text.plain, match).strip() == match.group()
        if _ORDERED.match(inside) or (_BARE.match(inside) and not alone):
            yield Fault("placeholder", text.line_at(match.start()), match.group(), _MEND)
    for match in _WORDS.finditer(text.plain):
        if not any(begin <= match.start() < end for begin, end in figures) and not _bracketed(text.plain, match):
            yield Fault("placeholder", text.line_at(match.start()), match.group(), _MEND)


def _line(plain: str, match: re.Match[str]) -> str:
    begin = plain.rfind("\n", 0, match.start()) + 1
    end = plain.find("\n", match.end())
    return plain[begin : end if end >= 0 else len(plain)]


def _bracketed(plain: str, match: re.Match[str]) -> bool:
    return plain[: match.start()].rstrip()[-1:] == "[" and plain[match.end() :].lstrip()[:1] == "]"
