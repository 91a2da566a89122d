"""Verification: walks over every seal, leaf and entry in constant memory, and names what does not agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from django.db import router
from django.db.models import Exists, OuterRef

from privacy.core.batches import keyset
from privacy.core.readonly import read_only
from privacy.evidence import exported, reading
from privacy.evidence.gaps import Gap, gaps, is_here, remembered
from privacy.evidence.keys import SealKeys, load_keys, signature_holds
from privacy.evidence.merkle import Tree
from privacy.evidence.models import EvidenceDetail, EvidenceEntry, SealLeaf
from privacy.evidence.reading import LeafRow, SealRow
from privacy.evidence.statements import seal_hash, seal_text, text_hash

#: Findings that are listed; behind them they are only counted, so that memory stays constant.
LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that does not agree.

    Attributes:
        what: a stable name, ``"entry_altered"``; ``docs/reference/evidence.md`` lists them.
        seal: the number of the seal, where it is about one.
        entry: the key of the evidence entry, where it is about one.
        why: one sentence.
    """

    what: str
    seal: int | None
    entry: int | None
    why: str


@dataclass(slots=True)
class Verification:
    """What a verification saw.

    Attributes:
        checked_at: the moment it was asked for.
        seals, sealed, unsealed: seals, the entries under them, and those that wait for the next one.
        unsigned: seals without a signature.
        details: erasable halves that were compared with their commitments.
        keys: ids of the keys that are known.
        gaps: what restores took, as the evidence itself has recorded it; ``excused`` findings are explained by them.
        found: how many findings there are; ``findings`` lists the first ``LISTED``.
    """

    checked_at: datetime
    seals: int = 0
    sealed: int = 0
    unsealed: int = 0
    unsigned: int = 0
    details: int = 0
    keys: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    excused: int = 0
    found: int = 0
    findings: list[Discrepancy] = field(default_factory=list)
    _known: set[tuple[str, int | None, int | None]] = field(default_factory=set)

    @property
    def intact(self) -> bool:
        return not self.found

    def add(self, what: str, why: str, *, seal: int | None = None, entry: int | None = None) -> None:
        """Note a finding, once."""
        if (what, seal, entry) in self._known:
            return
        self.found += 1
        if len(self.findings) < LISTED:
            self._known.add((what, seal, entry))
            self.findings.append(Discrepancy(what, seal, entry, why))

    def excuses(self, number: int, made_at: datetime | None) -> bool:
        """Whether a recorded restore is why this seal is not there any more; counted when it is."""
        excused = any(gap.excuses(number, made_at) for gap in self.gaps)
        self.excused += excused
        return excused

    def as_json(self) -> dict[str, object]:
        return {
            "checked_at": self.checked_at,
            "intact": self.intact,
            "seals": self.seals,
            "sealed": self.sealed,
            "unsealed": self.unsealed,
            "unsigned": self.unsigned,
            "details": self.details,
            "keys": self.keys,
            "gaps": self.gaps,
            "excused": self.excused,
            "found": self.found,
            "findings": self.findings,
        }


def verify(*, now: datetime, against: Path | None = None) -> Verification:
    """Verify every seal, every sealed entry, and every detail that still exists.

    Args:
        now: goes into the report.
        against: an earlier export of the seals; what it holds and the database does not is found as well.

    Raises:
        UnusableKey: a key of the site cannot be read.
        NotAnExport: ``against`` is none.
    """
    keys = load_keys()
    told = Verification(checked_at=now, keys=list(keys.public))
    using = router.db_for_read(EvidenceEntry)
    with read_only(using):
        _Walk(told, keys, using).run()
        told.gaps = gaps(using)
        _remembered(told, using)
        if against is not None:
            _compare(told, exported.read(against), using)
    return told


class _Walk:
    """One pass over the seals of a database, by rising number."""

    def __init__(self, told: Verification, keys: SealKeys, using: str) -> None:
        self.told = told
        self.keys = keys
        self.using = using
        self.last: SealRow | None = None
        self.signed = False

    def run(self) -> None:
        # What is sealed while this runs waits for the next verification.
        head = reading.head(self.using)
        lower: int | None = None
        for window in reading.windows(self.using, head):
            self._window(window, lower)
            lower = window[-1].number
        self._leaves_behind(head)
        self._unsealed()
        orphans = EvidenceDetail.objects.using(self.using).filter(
            ~Exists(EvidenceEntry.objects.filter(pk=OuterRef("pk"))),
            ~Exists(SealLeaf.objects.filter(pk=OuterRef("pk"))),
        )
        for ids in keyset(orphans, reading.BATCH):
            for pk in ids:
                self.told.add("details_orphaned", "They are there, and their entry is gone.", entry=pk)

    def _window(self, seals: list[SealRow], lower: int | None) -> None:
        leaves = reading.leaves(self.using, lower, seals[-1].number)
        groups = groupby(leaves, key=lambda leaf: leaf.seal)
        number, group = next(groups, (None, iter(())))
        for seal in seals:
            while number is not None and number < seal.number:
                self._missing(number, number)
                number, group = next(groups, (None, iter(())))
            self._seal(seal)
            if number == seal.number:
                self._leaves(seal, group)
                number, group = next(groups, (None, iter(())))
            else:
                self._leaves(seal, ())

    def _seal(self, seal: SealRow) -> None:
        """Its number, its link to the one before, and its signature."""
        told, last = self.told, self.last
        told.seals += 1
        expected = last.number + 1 if last else 1
        if seal.number != expected:
            self._missing(expected, seal.number - 1)
        elif seal.previous != (seal_hash(last) if last else ""):
            why = f"It is not chained to seal {last.number} as that one stands now." if last else "It is the first."
            told.add("chain_broken", why, seal=seal.number)
        self.last = seal
        if not seal.key and not seal.signature:
            told.unsigned += 1
            if self.signed:
                told.add("unsigned", "The seals before it are signed.", seal=seal.number)
            return
        self.signed = True
        key = self.keys.public.get(seal.key)
        if key is None:
            told.add("key_unknown", f"No key with the id {seal.key} is among PRIVACY['SEAL_KEYS'].", seal=seal.number)
        elif not signature_holds(key, seal.signature, seal_text(seal)):
            told.add("signature_wrong", "The signature is not over what the seal says now.", seal=seal.number)

    def _leaves(self, seal: SealRow, leaves: Iterable[LeafRow]) -> None:
        """Its places, its entries, and the root over both."""
        told = self.told
        stored, actual = Tree(), Tree()
        disagreeing: list[int] = []
        explained = False
        place, before = 0, None
        for leaf in leaves:
            told.sealed += 1
            if place < leaf.position < seal.size:
                told.add("leaf_missing", _places(place, leaf.position - 1), seal=seal.number)
                explained = True
            if place <= leaf.position < seal.size:
                place = leaf.position + 1
            else:
                told.add("leaf_added", "The seal has no such place.", seal=seal.number, entry=leaf.entry)
                explained = True
            if before is not None and leaf.entry <= before:
                why = f"It stands behind entry {before}; within a seal entries stand by rising key."
                told.add("reordered", why, seal=seal.number, entry=leaf.entry)
                explained = True
            before = leaf.entry
            stored.add(leaf.digest)
            if leaf.text is None:
                told.add("entry_removed", "It was sealed, and it is gone.", seal=seal.number, entry=leaf.entry)
                actual.add(leaf.digest)
                explained = True
                continue
            now = text_hash(leaf.text)
            actual.add(bytes.fromhex(now))
            if now != leaf.hash:
                disagreeing.append(leaf.entry)
            else:
                self._detail(leaf)
        if place < seal.size:
            told.add("leaf_missing", _places(place, seal.size - 1), seal=seal.number)
            explained = True
        fits = actual.root().hex() == seal.root
        if not explained and not fits and stored.root().hex() != seal.root:
            why = "The leaves do not give the sealed root: the root, or an entry with its leaf, was altered."
            told.add("root_wrong", why, seal=seal.number)
        for pk in disagreeing:
            if fits:
                told.add("leaf_altered", "The entry is as sealed; its leaf is not.", seal=seal.number, entry=pk)
            else:
                told.add("entry_altered", "It is not what was sealed.", seal=seal.number, entry=pk)

    def _detail(self, leaf: LeafRow) -> None:
        if not leaf.has_detail:
            return
        self.told.details += 1
        if not leaf.detail_holds:
            self.told.add("details_altered", "They are not what the entry committed to.", entry=leaf.entry)

    def _unsealed(self) -> None:
        """No seal speaks for them yet, but their details must fit."""
        unsealed = EvidenceEntry.objects.using(self.using).unsealed()
        for ids in keyset(unsealed, reading.BATCH):
            self.told.unsealed += len(ids)
            for leaf in reading.filled(self.using, [LeafRow(0, 0, pk, "") for pk in ids]):
                self._detail(leaf)

    def _leaves_behind(self, head: int) -> None:
        """Leaves of seals that are gone from the end."""
        for number in reading.seals_of_leaves_behind(self.using, head):
            self._missing(number, number)

    def _missing(self, first: int, last: int) -> None:
        for number in range(first, min(last, first + LISTED) + 1):
            self.told.add("seal_missing", "It is gone; a later one or its own leaves are left.", seal=number)


def _places(first: int, last: int) -> str:
    return f"Place {first} is empty." if first == last else f"Places {first} to {last} are empty."


def _remembered(told: Verification, using: str) -> None:
    """The newest seal, as it is remembered outside the database, must be there, or be lost by a recorded restore."""
    head = remembered()
    if head is None or is_here(head, using) or told.excuses(head.number, head.made_at):
        return
    if head.number > reading.head(using):
        why = "The journal outside the database remembers it: the chain was cut, or restored and not replayed."
        told.add("seal_missing", why, seal=head.number)
    else:
        told.add("seal_differs", "It is not the seal that the journal outside remembers.", seal=head.number)


def _compare(told: Verification, export: exported.Export, using: str) -> None:
    """What an earlier export holds must still be there, unaltered."""
    head = reading.head(using)
    lost: set[int] = set()
    for some in reading.batches(export.seals):
        rows = {row.number: row for row in reading.seals_by_number(using, [seal.number for seal in some])}
        for seal in some:
            here = rows.get(seal.number)
            if here is not None and seal_text(here) == seal_text(seal) and here.signature == seal.signature:
                continue
            if told.excuses(seal.number, seal.made_at):
                lost.add(seal.number)
            elif here is None:
                cut = seal.number > head
                why = "The export holds it, and the chain ends before it." if cut else "The export holds it."
                told.add("seal_missing", why, seal=seal.number)
            else:
                told.add("seal_differs", "It is not the seal that was exported.", seal=seal.number)
    for entries in reading.batches(export.entries()):
        leaves = reading.leaves_of(using, [one.entry for one in entries])
        for one in entries:
            if one.seal in lost:
                continue
            leaf = leaves.get(one.entry)
            if leaf is None:
                told.add("leaf_missing", "The export holds it; now no seal does.", seal=one.seal, entry=one.entry)
            elif leaf.text is None:
                told.add("entry_removed", "The export holds it.", seal=one.seal, entry=one.entry)
            elif leaf.text != one.text:
                told.add("entry_altered", "It is not what was exported.", seal=one.seal, entry=one.entry)
            elif (leaf.seal, leaf.position) != (one.seal, one.position):
                told.add("leaf_moved", "The export holds it in another place.", seal=one.seal, entry=one.entry)
