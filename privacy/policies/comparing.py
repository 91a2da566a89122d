"""What changed between two versions, word for word. Blocks are matched first, then words within what is left.

The parts come out as plain words: a template writes them, so that the page is valid HTML whatever the texts hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from html.parser import HTMLParser
from typing import Literal

Op = Literal["same", "added", "removed"]

_BLOCKS = frozenset("p h1 h2 h3 h4 h5 h6 li td th dt dd caption pre blockquote".split())
_KINDS = {
    "li": "item",
    "td": "cell",
    "th": "cell",
    "dt": "item",
    "dd": "item",
    **{f"h{n}": "heading" for n in range(1, 7)},
}
#: Beyond so many pairs of words the two are shown one after the other: nobody reads such a comparison word by word.
_MOST_PAIRS = 4_000_000
#: Parts that have less in common than this are shown whole: single words in common tell nothing.
_LEAST_ALIKE = 0.25


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading, item or cell of a text."""

    kind: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Some words in a row with one fate."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One block of the comparison.

    Attributes:
        op: of the whole block; ``"changed"`` where its parts differ.
    """

    kind: str
    op: Op | Literal["changed"]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Blocks in a row that changed, or that did not."""

    changed: bool
    blocks: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two texts side by side: in order, with the number of words that came and went."""

    blocks: tuple[Compared, ...]
    added: int
    removed: int
    runs: tuple[Run, ...] = field(default=())

    @property
    def differs(self) -> bool:
        return bool(self.added or self.removed)


@lru_cache(maxsize=16)
def compare(before: str, after: str) -> Comparison:
    """Compare two rendered texts; what is compared are words, not how they are set."""
    old, new = blocks_of(before), blocks_of(after)
    found: list[Compared] = []
    for op, a, b in _opcodes(
        [(block.kind, block.words) for block in old], [(block.kind, block.words) for block in new]
    ):
        if op == "equal":
            found += [_whole(block, "same") for block in new[b]]
        else:
            found += _within(old[a], new[b])
    added, removed = (_count(found, op) for op in ("added", "removed"))
    return Comparison(tuple(found), added, removed, tuple(_runs(found)))


def blocks_of(html: str) -> list[Block]:
    """The blocks of a rendered text, in their order; empty ones are left out."""
    reader = _Blocks()
    reader.feed(html)
    reader.close()
    reader.end()
    return reader.blocks


class _Blocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._kind = "text"
        self._text: list[str] = []

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag in _BLOCKS:
            within = self._kind == "item" and tag == "p" and not "".join(self._text).strip()
            self.end()
            self._kind = "item" if within else _KINDS.get(tag, "text")
        elif tag in ("br", "hr"):
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.end()
            self._kind = "text"

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def end(self) -> None:
        words = tuple("".join(self._text).split())
        if words:
            self.blocks.append(Block(self._kind, words))
        self._text = []


#: Between two blocks, while words are compared.
_BREAK = ""


def _within(old: Sequence[Block], new: Sequence[Block]) -> list[Compared]:
    """The blocks of one place that differs, compared by words."""
    before, after = _flat(old), _flat(new)
    if not old or not new or len(before) * len(after) > _MOST_PAIRS:
        return _one_after_the_other(old, new)
    opcodes = _opcodes(before, after)
    alike = sum(len(before[a]) for op, a, _ in opcodes if op == "equal")
    if 2 * alike < _LEAST_ALIKE * (len(before) + len(after)):
        return _one_after_the_other(old, new)
    return list(_assembled(opcodes, before, after))


def _one_after_the_other(old: Sequence[Block], new: Sequence[Block]) -> list[Compared]:
    return [*(_whole(block, "removed") for block in old), *(_whole(block, "added") for block in new)]


def _flat(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    """A mark with the kind of each block, then its words."""
    return [token for block in blocks for token in ((_BREAK, block.kind), *((word, "") for word in block.words))]


def _assembled(
    opcodes: Iterable[tuple[str, slice, slice]], before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> Iterator[Compared]:
    kind, parts = "text", list[tuple[Op, list[str]]]()
    for op, a, b in opcodes:
        fates: tuple[tuple[Op, list[tuple[str, str]]], ...] = (
            (("same", after[b]),) if op == "equal" else (("removed", before[a]), ("added", after[b]))
        )
        for fate, tokens in fates:
            for word, of_kind in tokens:
                if word == _BREAK:
                    if parts:
                        yield _block(kind, parts)
                    kind, parts = of_kind, []
                elif parts and parts[-1][0] == fate:
                    parts[-1][1].append(word)
                else:
                    parts.append((fate, [word]))
    if parts:
        yield _block(kind, parts)


def _block(kind: str, parts: list[tuple[Op, list[str]]]) -> Compared:
    ops = {op for op, _ in parts}
    return Compared(
        kind, ops.pop() if len(ops) == 1 else "changed", tuple(Part(op, " ".join(words)) for op, words in parts)
    )


def _whole(block: Block, op: Op) -> Compared:
    return Compared(block.kind, op, (Part(op, " ".join(block.words)),))


def _opcodes(before: Sequence[object], after: Sequence[object]) -> list[tuple[str, slice, slice]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [(op, slice(i, j), slice(k, m)) for op, i, j, k, m in matcher.get_opcodes()]


def _count(blocks: Iterable[Compared], op: Op) -> int:
    return sum(len(part.text.split()) for block in blocks for part in block.parts if part.op == op)


def _runs(blocks: Sequence[Compared]) -> Iterator[Run]:
    run: list[Compared] = []
    for block in blocks:
        if run and (run[0].op == "same") != (block.op == "same"):
            yield Run(run[0].op != "same", tuple(run))
            run = []
        run.append(block)
    if run:
        yield Run(run[0].op != "same", tuple(run))
