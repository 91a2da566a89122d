"""What a restore took from the evidence: the seals that were made since the backup are gone, and an entry says so.

Somebody outside the database remembers the newest seal. When the chain ends before it, either a restore took
the rest, and then whoever applied the journal again has recorded the gap, or somebody cut it off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import router

from privacy.core.actors import Actor
from privacy.core.afresh import holds_now
from privacy.core.registries import providers
from privacy.evidence.models import EvidenceEntry, Seal
from privacy.evidence.services import record
from privacy.evidence.statements import seal_hash

ACT = "evidence.gap_recorded"
_FIRST, _LAST = "first lost seal", "last lost seal"


@dataclass(frozen=True, slots=True)
class SealHead:
    """A seal as somebody outside the database remembers it: its number, when it was made, the hash of its statement."""

    number: int
    made_at: datetime
    hash: str

    @classmethod
    def of(cls, seal: Seal) -> SealHead:
        return cls(seal.number, seal.made_at, seal_hash(seal))

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> SealHead:
        return cls(int(said["number"]), datetime.fromisoformat(said["made_at"]), str(said["hash"]))


@dataclass(frozen=True, slots=True)
class Gap:
    """Seals that a restore took: their numbers from ``first`` to ``last``, those made until ``recorded_at``."""

    first: int
    last: int
    recorded_at: datetime

    def excuses(self, number: int, made_at: datetime | None) -> bool:
        """Whether this gap is why a seal with that number, made then, is not there any more."""
        return self.first <= number <= self.last and (made_at is None or made_at <= self.recorded_at)


def remembered() -> SealHead | None:
    """The newest seal as it is remembered outside the database; None where nobody does."""
    ask = providers.find("newest_seal_outside")
    found: SealHead | None = ask() if ask else None
    return found


def is_here(head: SealHead, using: str) -> bool:
    """Whether the database holds this very seal, by now: a verification sees it as it was when that began."""

    def holds() -> bool:
        seal = Seal.objects.using(using).filter(number=head.number).first()
        return seal is not None and seal_hash(seal) == head.hash

    return holds_now(holds, using)


def record_gap(*, now: datetime, actor: Actor) -> tuple[int, ...]:
    """Enter in the evidence which seals a restore took; the chain goes on behind what is left of it.

    Returns:
        The numbers of the first and last lost seal; empty when none is lost.
    """
    head = remembered()
    using = router.db_for_write(EvidenceEntry)
    if head is None or is_here(head, using):
        return ()
    newest = Seal.objects.using(using).order_by("-number").values_list("number", flat=True).first() or 0
    first = min(newest, head.number - 1) + 1
    record(act=ACT, now=now, actor=actor, label="privacy.Seal", counts={_FIRST: first, _LAST: head.number})
    return first, head.number


def gaps(using: str) -> list[Gap]:
    """Every recorded gap; an entry that cannot be read as one is none."""
    found = []
    for at, counts in EvidenceEntry.objects.using(using).filter(act=ACT).values_list("at", "counts"):
        if gap := gap_of(at, counts):
            found.append(gap)
    return found


def gap_of(at: datetime, counts: Any) -> Gap | None:
    try:
        return Gap(int(counts[_FIRST]), int(counts[_LAST]), at)
    except (TypeError, KeyError, ValueError):
        return None
