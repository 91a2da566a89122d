"""One line of the journal: what was told, in one spelling, with a code that only the site's key makes."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from privacy.core.errors import PrivacyError
from privacy.core.pseudonyms import known_key_ids, naming, pseudonym, pseudonym_key_id, pseudonyms
from privacy.core.replayers import Told
from privacy.core.reports import jsonable

_spell = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode


class Unreadable(PrivacyError):
    """A line that cannot be relied on.

    Attributes:
        reason: ``"cut"`` by a crash, ``"altered"`` since, or ``"key"``: written under a key that is gone.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            field="PRIVACY['JOURNAL_DIR']",
            problem=_PROBLEMS[reason],
            mend="Put the key back at the end of PRIVACY['PSEUDONYM_KEYS']" if reason == "key" else "Look at its file",
        )


_PROBLEMS = {
    "cut": "a line of the journal was cut by a crash or a full disk",
    "altered": "a line of the journal is not what was written",
    "key": "a line of the journal was written under a pseudonym key that is gone",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What is told of one thing.

    Attributes:
        kind: of its replayer, ``"closure"``.
        id: of the row it is about; the same through all states.
        state: ``"intended"``, ``"done"``, ``"void"``, or a word of its kind.
        who: fingerprints by what was fingerprinted; no personal value.
        facts: moments, labels and figures that its replayer needs; no personal value.
        others: ids of further things that came to the same state; who they are stands in earlier lines of theirs.
    """

    kind: str
    id: str
    state: str
    who: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    others: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        said = {
            "kind": self.kind,
            "id": self.id,
            "state": self.state,
            "who": dict(self.who),
            "facts": jsonable(dict(self.facts)),
        }
        return {**said, "others": list(self.others)} if self.others else said


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line as it was read back; ``page`` is the row of the database that told it, 0 where none did."""

    line: Line
    at: datetime
    page: int
    key: str


def fingerprint(what: str, value: str) -> str:
    """The keyed fingerprint of a value under the newest key; ``what`` says what it is (``"account"``)."""
    return pseudonym(f"journal {what}", value)


def fingerprinting(what: str) -> Callable[[str], str]:
    """``fingerprint`` for many values."""
    return naming(f"journal {what}")


def fingerprints(what: str, value: str) -> tuple[str, ...]:
    """The same under every key, the newest first."""
    return pseudonyms(f"journal {what}", value)


def written(told: Iterable[Mapping[str, Any]], *, at: datetime, page: int = 0) -> list[bytes]:
    """The bytes of each line, its end included."""
    common = {"at": at.astimezone(UTC).isoformat(), "page": page, "key": pseudonym_key_id()}
    code = naming("journal line")
    texts = [_spell({**line, **common}) for line in told]
    return [f'{text[:-1]},"code":"{code(text)}"}}\n'.encode("ascii") for text in texts]


def read(raw: bytes) -> list[ReadLine]:
    """What one line tells: of a single thing, or of some.

    Raises:
        Unreadable: it cannot be relied on, and why.
    """
    try:
        said = json.loads(raw)
        code, key = said.pop("code"), said["key"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("cut") from None
    if key not in known_key_ids():
        raise Unreadable("key")
    text = _spell(said)
    if not any(hmac.compare_digest(str(code), one) for one in pseudonyms("journal line", text)):
        raise Unreadable("altered")
    at, page = datetime.fromisoformat(said["at"]), int(said["page"])
    line = Line(said["kind"], said["id"], said["state"], said["who"], said["facts"])
    others = [Line(line.kind, other, line.state) for other in said.get("others", ())]
    return [ReadLine(each, at, page, key) for each in (line, *others)]


def gathered(lines: Iterable[ReadLine]) -> dict[tuple[str, str], Told]:
    """What was told of each thing in the end, by kind and id. Memory grows with the things told of."""
    found: dict[tuple[str, str], Told] = {}
    for each in sorted(lines, key=lambda each: each.at):
        line, before = each.line, found.get((each.line.kind, each.line.id))
        found[line.kind, line.id] = Told(
            kind=line.kind,
            id=line.id,
            state=line.state,
            states=(*(before.states if before else ()), line.state),
            at=each.at,
            who={**(before.who if before else {}), **line.who},
            facts={**(before.facts if before else {}), **line.facts},
        )
    return found
