"""Reading seals, leaves and entries for a check or an export, in batches.

Whatever the owner of a database left there is read: SQLite keeps any value in any column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Exists, Max, Model, OuterRef, QuerySet

from privacy.evidence.models import EvidenceDetail, EvidenceEntry, Seal, SealLeaf
from privacy.evidence.queries import verify_commitment
from privacy.evidence.statements import entry_text

M = TypeVar("M", bound=Model)
T = TypeVar("T")

BATCH = 500
_WINDOW = 2_000
#: SQLite keeps a text in a column of numbers, and sorts it behind every number.
HIGHEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SealRow:
    """A seal as it stands in the database; ``made_at`` is None where no moment can be read."""

    number: int
    made_at: datetime | None
    size: int
    root: str
    previous: str
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class LeafRow:
    """A leaf with what its entry says now.

    Attributes:
        text: None where the entry is gone, empty where a column of it cannot be read.
        has_detail, detail_holds: whether the erasable half is there, and is what was committed to.
    """

    seal: int
    position: int
    entry: int
    hash: str
    text: str | None = None
    has_detail: bool = False
    detail_holds: bool = True

    @property
    def digest(self) -> bytes:
        """The stored leaf; empty when it is none."""
        try:
            return bytes.fromhex(self.hash)
        except ValueError:
            return b""


def head(using: str) -> int:
    """The number of the latest seal; 0 when there is none."""
    found = Seal.objects.using(using).filter(number__lte=HIGHEST).aggregate(Max("number"))["number__max"]
    return int(found or 0)


def windows(using: str, head: int) -> Iterator[list[SealRow]]:
    """The seals by rising number up to ``head``, in lists over about two thousand entries."""
    held: list[SealRow] = []
    entries, last = 0, None
    while True:
        rows = Seal.objects.using(using).filter(number__lte=head).order_by("number")
        page = _seals(rows if last is None else rows.filter(number__gt=last))
        for seal in page:
            held.append(seal)
            entries += seal.size
            if entries >= _WINDOW:
                yield held
                held, entries = [], 0
        if len(page) < BATCH:
            break
        last = page[-1].number
    if held:
        yield held


def seals_by_number(using: str, numbers: list[int]) -> list[SealRow]:
    return _seals(Seal.objects.using(using).filter(number__in=numbers).order_by("number"))


def leaves(using: str, lower: int | None, upper: int) -> Iterator[LeafRow]:
    """The leaves of the seals above ``lower`` up to ``upper``, in their order, with their entries."""
    rows = SealLeaf.objects.using(using).filter(seal_id__lte=upper)
    if lower is not None:
        rows = rows.filter(seal_id__gt=lower)
    found = rows.order_by("seal_id", "position", "pk").values_list("seal_id", "position", "pk", "hash")
    for some in batches(found.iterator(chunk_size=_WINDOW)):
        yield from filled(using, [_leaf(*row) for row in some])


def leaves_of(using: str, ids: list[int]) -> dict[int, LeafRow]:
    """The leaves of these entries, by key."""
    rows = SealLeaf.objects.using(using).filter(pk__in=ids).values_list("seal_id", "position", "pk", "hash")
    return {leaf.entry: leaf for leaf in filled(using, [_leaf(*row) for row in rows])}


def filled(using: str, leaves: list[LeafRow]) -> Iterator[LeafRow]:
    """The same leaves with what their entries and details say now: two queries."""
    ids = [leaf.entry for leaf in leaves]
    entries = _readable(EvidenceEntry.objects.using(using), ids)
    details = _readable(EvidenceDetail.objects.using(using), ids)
    for leaf in leaves:
        if leaf.entry not in entries:
            yield leaf
            continue
        entry, detail = entries[leaf.entry], details.get(leaf.entry)
        yield replace(leaf, text=_text(entry), has_detail=leaf.entry in details, detail_holds=_holds(entry, detail))


def seals_of_leaves_behind(using: str, head: int) -> list[int]:
    """Numbers above ``head`` that leaves name and no seal has."""
    rows = SealLeaf.objects.using(using).filter(seal_id__gt=head, seal_id__lte=HIGHEST)
    gone = rows.filter(~Exists(Seal.objects.filter(pk=OuterRef("seal_id"))))
    return list(gone.order_by("seal_id").values_list("seal_id", flat=True).distinct())


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """An iterable in lists of at most ``BATCH``."""
    walk = iter(items)
    while some := list(islice(walk, BATCH)):
        yield some


def _leaf(seal: int, position: Any, entry: int, leaf: Any) -> LeafRow:
    return LeafRow(seal, _number(position), entry, str(leaf))


def _seal(number: int, made_at: datetime | None, size: Any, *words: Any) -> SealRow:
    return SealRow(number, made_at, _number(size), *map(str, words))


def _number(value: Any) -> int:
    """-1, which is no place and no size, for what is no number."""
    return value if isinstance(value, int) else -1


def _seals(rows: QuerySet[Seal]) -> list[SealRow]:
    fields = ("number", "made_at", "size", "root", "previous", "key", "signature")
    try:
        return [_seal(*row) for row in rows.values_list(*fields)[:BATCH]]
    except (TypeError, ValueError):
        found = []
        for number, *rest in rows.values_list("number", *fields[2:])[:BATCH]:
            try:
                moment = rows.model._default_manager.using(rows.db).values_list("made_at", flat=True).get(pk=number)
            except (TypeError, ValueError):
                moment = None
            found.append(_seal(number, moment, *rest))
        return found


def _readable(rows: QuerySet[M], ids: list[int]) -> dict[int, M | None]:
    """By key; None for a row with a column that Django cannot read, which SQLite lets an owner write."""
    try:
        return dict(rows.in_bulk(ids))
    except (TypeError, ValueError):
        if len(ids) == 1:
            return {ids[0]: None}
        half = len(ids) // 2
        return {**_readable(rows, ids[:half]), **_readable(rows, ids[half:])}


def _text(entry: EvidenceEntry | None) -> str:
    try:
        return entry_text(entry) if entry else ""
    except (TypeError, ValueError):
        return ""


def _holds(entry: EvidenceEntry | None, detail: EvidenceDetail | None) -> bool:
    try:
        return entry is not None and detail is not None and verify_commitment(entry, detail)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
