"""Words of a declaration that are of the wrong kind: a text where a list belongs, a class instead of its instance.

They are told before anything resolves them, so that ``check`` names the word instead of failing on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from privacy.datamap.declarations import Anonymise, Delete, Expire, Generic, Keep, LogFile, PersonalData
from privacy.datamap.shapes import BrokenDeclaration

_TEXTS = ("category", "purpose", "legal_basis", "scope", "controller", "kind", "source", "clause")
_LISTS = ("collected_at", "holds", "export")
_REASONS = {
    "plain": 'plain = {"number": "our own running number"}',
    "required": 'required = {"phone": "the courier calls before delivery"}',
    "event_fields": 'event_fields = {"path": "page"}',
}


def misshapen(label: str, data: type[PersonalData]) -> list[BrokenDeclaration]:
    """E106 for each word whose value is not of the kind it takes."""
    return [
        BrokenDeclaration(code="privacy.E106", field=f"{label}.{word}", problem=problem, mend=mend)
        for word, problem, mend in _wrong(data)
    ]


def _wrong(data: type[PersonalData]) -> Iterator[tuple[str, str, str]]:
    for word in _TEXTS:
        if not isinstance(getattr(data, word), str):
            yield word, "it is no text", f'Write {word} = "…"'
    for word in _LISTS:
        yield from _list(word, getattr(data, word))
    for word, example in _REASONS.items():
        yield from _reasons(word, getattr(data, word), example)
    subjects = data.subject if isinstance(data.subject, tuple | list) else (data.subject,)
    if not all(isinstance(item, str | Generic) for item in subjects):
        yield "subject", "it is no path", 'Write subject = "customer", a Generic(…), or a tuple of these'
    yield from _erasures(data.on_erasure)
    yield from _kept(data.fields)
    yield from _ends(data.expires)
    yield from _logs(data.log_files)


def _list(word: str, value: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield word, "it is one text, and a list of names belongs here", f'Write {word} = ("{value}",), with the comma'
    elif not isinstance(value, tuple | list | set | frozenset) or not all(isinstance(item, str) for item in value):
        yield word, "it is no list of names", f'Write {word} = ("…", "…")'


def _reasons(word: str, value: Any, example: str) -> Iterator[tuple[str, str, str]]:
    if not isinstance(value, Mapping):
        yield word, "it gives no reasons", f"Say why beside each name: {example}"
        return
    for name, reason in value.items():
        if not isinstance(reason, str) or not reason.strip():
            yield word, f'"{name}" has no reason', f"Say why beside each name: {example}"


def _erasures(value: Any) -> Iterator[tuple[str, str, str]]:
    for item in value.values() if isinstance(value, Mapping) else (value,):
        if isinstance(item, type):
            yield "on_erasure", f"{item.__name__} is written without brackets", f"Write {item.__name__}(…)"
        elif not isinstance(item, Delete | Anonymise | Keep):
            mend = "Write Delete(), Anonymise(…) or Keep(…); for several sides a dict of them"
            yield "on_erasure", "it is no action", mend


def _kept(value: Any) -> Iterator[tuple[str, str, str]]:
    example = 'fields = {"total": Keep("tax law, 10 years", until="P10Y from placed_at")}'
    if not isinstance(value, Mapping):
        yield "fields", "it says of no field why it is kept", f"Write {example}"
        return
    for name, keep in value.items():
        if not isinstance(keep, Keep):
            yield "fields", f'"{name}" is not kept by a Keep', f"Write {example}"
        elif not str(keep.ground).strip():
            yield "fields", f'"{name}" is kept without a ground', f"Write {example}"


def _ends(value: Any) -> Iterator[tuple[str, str, str]]:
    items = value if isinstance(value, tuple | list) else (value,)
    if not all(isinstance(item, str | Expire) for item in items):
        mend = 'Write expires = "P13M from placed_at", an Expire(…), or a tuple of these'
        yield "expires", "it names no end", mend


def _logs(value: Any) -> Iterator[tuple[str, str, str]]:
    example = 'Write log_files = ("logs/access.log",), or with a LogFile("logs/access.log", expires="P3M")'
    if not isinstance(value, tuple | list) or not all(isinstance(item, str | LogFile) for item in value):
        yield "log_files", "it is no list of log files", example
    elif not all(str(item.path if isinstance(item, LogFile) else item).strip() for item in value):
        yield "log_files", "it names a log file without a path", example
