"""``contradiction``: two sentences of which a pattern can tell that they do not agree (HMY, T48)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from privacy.policies.lint.faults import Fault, Known
from privacy.policies.lint.text import Text

_MEND = "Decide which of the two sentences is true, and take the other one out"
_FLAGS = re.IGNORECASE
_LONGEST = 160
#: Characters of a sentence that are looked at; what is longer is no sentence.
_LOOKED_AT = 800


@dataclass(frozen=True, slots=True)
class Topic:
    """One question that a text may answer twice.

    Attributes:
        yes, no: patterns of sentences that answer it.
        near: how many sentences may lie between the two; None is the whole text.
    """

    name: str
    yes: re.Pattern[str]
    no: re.Pattern[str]
    near: int | None = None


def _topic(name: str, yes: str, no: str, near: int | None = None) -> Topic:
    return Topic(name, re.compile(yes, _FLAGS), re.compile(no, _FLAGS), near)


_OURS = r"\b(?:we|our site|our website|this site) "
_FOLLOWS = r"(?:honou?r|respect|follow|support|respond to|obey)"
_SIGNAL = r"\W?(?:\w+\W+){0,4}?do not track\b"
_WIR_DNT = r"\bwir (?:beachten|respektieren|befolgen) "
TOPICS = (
    _topic(
        "whether the site works without cookies",
        r"\A(?=.*\bcookies?\b).*\b(?:"
        r"(?:may|might|could|will|would) (?:not (?:be able|function|work)|affect|be (?:reduced|limited|impaired))"
        r"|(?:kann|können|könnte|wird|werden) .*\b"
        r"(?:nicht (?:richtig |mehr )?funktionieren|eingeschränkt|beeinträchtig))",
        r"\b(?:(?:won't|will not|does not|doesn't|cannot) (?:affect|limit|impair|reduce) "
        r".*\b(?:experience|functionality|site|use)"
        r"|(?:beeinträchtigt|beeinflusst|ändert) .*\bnicht|\bkeinen einfluss auf (?:die|ihre) (?:nutzung|funktion))",
        near=2,
    ),
    _topic(
        "whether cookies are used",
        rf"{_OURS}(?:\w+ ){{0,2}}uses? (?:\w+ ){{0,3}}cookies\b"
        r"|\bwir (?:verwenden|nutzen|setzen) (?!keine)(?:\w+ ){0,3}cookies\b",
        rf"{_OURS}(?:do not|don't|does not|doesn't|never) use (?:any )?cookies\b"
        r"|\bwir (?:verwenden|nutzen|setzen) keine(?:rlei)? cookies\b|\bno cookies are used\b",
    ),
    _topic(
        "whether personal data is sold",
        r"\b(?:we|site|company) (?:may|might|will|can|reserve the right to) "
        r"(?:\w+ ){0,2}sell (?:\w+ ){0,3}(?:your|personal|user)\b"
        r"|\bwir (?:verkaufen|dürfen|können) (?!keine)(?:ihre|deine|persönliche)\w*(?: \w+){0,3}(?: daten)?"
        r"(?: verkaufen)?\b(?!.*\bnicht\b)",
        r"\b(?:do not|don't|does not|will not|won't|never) (?:\w+ ){0,2}sell\b"
        r"|\bverkaufen (?:\w+ ){0,4}(?:nicht|niemals|keine)\b|\bwir verkaufen keine\b",
    ),
    _topic(
        "whether Do Not Track is followed",
        rf"\b(?:we|site|website) (?:do )?{_FOLLOWS}s? {_SIGNAL}"
        rf"|{_WIR_DNT}(?!nicht|kein).*\bdo[- ]not[- ]track\b(?!.*\bnicht\b)",
        rf"\b(?:do not|don't|does not|cannot) (?:\w+ ){{0,5}}{_FOLLOWS} {_SIGNAL}"
        rf"|{_WIR_DNT}.*\bdo[- ]not[- ]track\b.*\bnicht\b",
    ),
)
#: How long one thing is kept, said twice.
_WHAT = (
    r"\b(?P<what>backups?|log files?|server logs?|logs|closed accounts?"
    r"|sicherungen|sicherungskopien|logdateien|protokolle)\b"
)
_PERIOD = (
    r"\(?(?P<number>\d{1,4}|a|one|two|three|six|twelve|einen?|zwei|drei|sechs|zwölf)\)?\s+"
    r"(?P<unit>hour|day|week|month|year|stunde|tag|woche|monat|jahr)"
)
_KEPT = (
    re.compile(
        rf"{_WHAT}[^.]{{0,40}}?\b(?:kept|retained|stored|deleted|removed|aufbewahrt|gespeichert|gelöscht)\b[^.]{{0,30}}?"
        rf"\b(?:for|after|within|für|nach|binnen)\s+(?:\w+\s+)?{_PERIOD}",
        _FLAGS,
    ),
    re.compile(
        rf"{_WHAT}[^.]{{0,40}}?\b(?:für|nach|binnen)\s+{_PERIOD}\w*\s+(?:\w+\s+)?(?:aufbewahrt|gespeichert|gelöscht)\b",
        _FLAGS,
    ),
)
_NUMBERS = {
    "a": "1",
    "one": "1",
    "ein": "1",
    "eine": "1",
    "einen": "1",
    "two": "2",
    "zwei": "2",
    "three": "3",
    "drei": "3",
}
_NUMBERS |= {"six": "6", "sechs": "6", "twelve": "12", "zwölf": "12"}


def find(text: Text, _known: Known) -> Iterator[Fault]:
    """Each pair once, at the line of its second sentence."""
    sentences = [(line, words[:_LOOKED_AT]) for line, words in text.sentences()]
    for topic in TOPICS:
        pair = _pair(topic, [words for _, words in sentences])
        if pair is not None:
            yield _fault(sentences, *pair)
    yield from _two_periods(sentences)


def _pair(topic: Topic, sentences: list[str]) -> tuple[int, int] | None:
    denied = {at for at, words in enumerate(sentences) if topic.no.search(words)}
    if not denied:
        return None
    said = [at for at, words in enumerate(sentences) if at not in denied and topic.yes.search(words)]
    pairs = [(abs(yes - no), min(yes, no), max(yes, no)) for yes in said for no in denied]
    if not pairs:
        return None
    apart, first, second = min(pairs)
    return (first, second) if topic.near is None or apart <= topic.near else None


def _two_periods(sentences: list[tuple[int, str]]) -> Iterator[Fault]:
    first: dict[str, tuple[int, tuple[str, str]]] = {}
    for at, (_line, words) in enumerate(sentences):
        for match in (found for pattern in _KEPT for found in pattern.finditer(words)):
            number = match["number"].lower()
            period = (_NUMBERS.get(number, number), match["unit"].lower())
            what = match["what"].lower().rstrip("s")
            before, said = first.setdefault(what, (at, period))
            if said != period and before != at:
                yield _fault(sentences, before, at)


def _fault(sentences: list[tuple[int, str]], first: int, second: int) -> Fault:
    words = " / ".join(_short(sentences[at][1]) for at in (first, second))
    return Fault("contradiction", sentences[second][0], words, _MEND)


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
