"""``word_figure``: a number in words whose figure in brackets says another one (CPT-14-3, T29)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.policies.lint.faults import Fault, Known
from privacy.policies.lint.text import Text

_ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_GERMAN = (
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn"
).split()
_GERMAN_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()


def _words() -> dict[str, int]:
    """Every number up to 999 as both languages write it, without spaces and hyphens."""
    known = {word: value for value, word in enumerate(_ENGLISH)}
    known |= {word: value for value, word in enumerate(_GERMAN)}
    known |= {"eins": 1, "eine": 1, "einen": 1, "einem": 1, "einer": 1, "eines": 1, "zwo": 2}
    for place, (english, german) in enumerate(zip(_ENGLISH_TENS, _GERMAN_TENS, strict=True), start=2):
        known |= {english: place * 10, german: place * 10}
        for unit in range(1, 10):
            known |= {english + _ENGLISH[unit]: place * 10 + unit, f"{_GERMAN[unit]}und{german}": place * 10 + unit}
    known |= {word.replace("ß", "ss"): value for word, value in known.items() if "ß" in word}
    below = {word: value for word, value in known.items() if 0 < value < 100}
    for hundred in range(1, 10):
        for stem in {f"{_ENGLISH[hundred]}hundred", f"{_GERMAN[hundred]}hundert"}:
            known[stem] = hundred * 100
            for word, value in below.items():
                known[f"{stem}{word}"] = known[f"{stem}and{word}"] = hundred * 100 + value
    return known


WORDS = _words()
_MEND = "Make the word and the figure say the same number"
_SPELLED = r"[A-Za-zÄÖÜäöüß]{1,40}(?:[- ][A-Za-zÄÖÜäöüß]{1,40}){0,5}"
_PAIR = re.compile(rf"\b(?P<word>{_SPELLED})\s*\(\s*(?P<figure>\d{{1,3}})\s*\)")
_REVERSED = re.compile(rf"\b(?P<figure>\d{{1,3}})\s*\(\s*(?P<word>{_SPELLED})\s*\)")


def find(text: Text, _known: Known) -> Iterator[Fault]:
    """Pairs such as "thirty (30)" and "14 (vierzehn)" that differ."""
    for pattern in (_PAIR, _REVERSED):
        for match in pattern.finditer(text.plain):
            word = _number(match["word"], whole=pattern is _REVERSED)
            if word is None:
                continue
            spelled, value = word
            if value != int(match["figure"]):
                shown = f"{spelled} ({match['figure']})" if pattern is _PAIR else " ".join(match.group().split())
                yield Fault("word_figure", text.line_at(match.end() - 1), shown, _MEND)


def _number(words: str, *, whole: bool) -> tuple[str, int] | None:
    """The longest number in words at the end of these; ``whole`` asks for nothing before it."""
    parts = re.findall(r"[^\s-]+", words.lower())
    for start in range(max(0, len(parts) - 5), len(parts)):
        value = WORDS.get("".join(parts[start:]))
        if value is not None:
            return (" ".join(parts[start:]), value) if not (whole and start) else None
    return None
