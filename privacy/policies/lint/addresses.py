"""``obfuscated_address``: an address that a page hides from robots, and by then from everybody (HVR, T28)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.policies.lint.faults import Fault, Known
from privacy.policies.lint.text import Text

_MEND = "Print the address itself"
#: Bounded, and begun where a word begins: a long row of letters is looked at once.
_WORD = r"(?<![\w.+-])[\w.+-]{1,64}(?![\w+-])"
_HIDDEN = re.compile(
    r"\[\s*e-?mail\s+(?:protected|geschützt|hidden|verborgen)\s*\]"
    r"|\(\s*e-?mail\s+(?:protected|geschützt)\s*\)"
    r"|this e-?mail address is being protected from spam\s?bots\.?"
    r"|diese e-?mail-?adresse ist vor spam\s?bots geschützt[.!]?"
    rf"|{_WORD}\s?[\[({{]\s?(?:at|ät|@)\s?[\])}}]\s?{_WORD}(?:\.[\w-]{{2,63}}|\s?[\[({{]\s?(?:dot|punkt|\.)\s?[\])}}]\s?[\w-]{{2,63}})"
    rf"|{_WORD}@{_WORD}\s?[\[({{]\s?(?:dot|punkt)\s?[\])}}]\s?[\w-]{{2,63}}",
    re.IGNORECASE,
)
#: Spoken in capitals only: "look at example dot com" is a sentence.
_SPOKEN = re.compile(rf"{_WORD} AT [\w-]{{1,63}}(?: DOT [\w-]{{1,63}}){{1,4}}\b")
#: Left where the words around it are gone already, which ``plain`` cannot show.
_SHELL = re.compile(r"/cdn-cgi/l/email-protection|__cf_email__|data-cfemail", re.IGNORECASE)


def find(text: Text, _known: Known) -> Iterator[Fault]:
    """Each address that nobody can read, once."""
    lines: set[int] = set()
    for pattern in (_HIDDEN, _SPOKEN):
        for match in pattern.finditer(text.plain):
            line = text.line_at(match.start())
            lines.add(line)
            yield Fault("obfuscated_address", line, " ".join(match.group().split()), _MEND)
    for match in _SHELL.finditer(text.raw):
        line = text.raw.count("\n", 0, match.start()) + 1
        if line not in lines:
            lines.add(line)
            yield Fault("obfuscated_address", line, match.group(), _MEND)
