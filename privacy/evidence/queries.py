"""Reading evidence, and checking its two halves against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import router
from django.db.models import Count, Max, Min, Q, Sum
from django.utils.text import capfirst

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.registries import night_steps
from privacy.core.words import model_words
from privacy.evidence import triggers
from privacy.evidence.commitments import Opening, content_of, opens
from privacy.evidence.models import EvidenceDetail, EvidenceEntry, Seal, SealLeaf
from privacy.evidence.querysets import EvidenceEntryQuerySet


@dataclass(frozen=True, slots=True)
class SealState:
    """How far the sealing has come, by what the seals themselves say; only ``privacy_verify`` compares it.

    Attributes:
        seals, signed: how many there are, and how many of them have a signature.
        latest: when the last was made; None when there is none.
        unsealed: entries that wait for the next one.
    """

    seals: int
    signed: int
    latest: datetime | None
    unsealed: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of the evidence in figures.

    Attributes:
        entries: how many there are.
        details: how many of them still have their erasable half.
        next_end: when the next detail ends; None when there is none.
        guarded: whether the database refuses changes now.
        sealing: how far the sealing has come.
    """

    entries: int
    details: int
    next_end: datetime | None
    guarded: bool
    sealing: SealState


def overview() -> Overview:
    """Two counts, a look at the triggers and one at the seals."""
    using = router.db_for_read(EvidenceEntry)
    left = EvidenceDetail.objects.aggregate(count=Count("pk"), first=Min("until"))
    guarded = settings.evidence_triggers and not triggers.missing(using)
    sealing = seal_state()
    return Overview(EvidenceEntry.objects.count(), left["count"], left["first"], guarded, sealing)


def seal_state() -> SealState:
    """Two queries, neither of which looks at every leaf."""
    made = Seal.objects.aggregate(
        count=Count("pk"), signed=Count("pk", filter=~Q(signature="")), latest=Max("made_at"), entries=Sum("size")
    )
    unsealed = max(0, EvidenceEntry.objects.count() - (made["entries"] or 0))
    return SealState(made["count"], made["signed"], made["latest"], unsealed)


def unsealed() -> int:
    """How many entries no seal holds, counted exactly."""
    return EvidenceEntry.objects.unsealed().count()


def seal_of(entry: EvidenceEntry) -> Seal | None:
    """The seal that the entry is under; None while it waits for one."""
    leaf = SealLeaf.objects.filter(pk=entry.pk).select_related("seal").first()
    return leaf.seal if leaf else None


def entries() -> EvidenceEntryQuerySet:
    """Every entry with ``details_left``, in one query."""
    return EvidenceEntry.objects.with_details_left()


def acts_in_use() -> list[str]:
    """The names of the acts that occur, sorted."""
    return list(EvidenceEntry.objects.order_by("act").values_list("act", flat=True).distinct())


def label_words(label: str) -> str:
    """A model's name as its app writes it, ``"Closures"``; a plain word without underscores, any other as it stands."""
    model, separator, rest = label.partition(":")
    name = model_words(model)
    if name != model:
        return f"{capfirst(name)}{separator}{rest}"
    return label.replace("_", " ") if label.islower() and "." not in label else label


def sums(counts: Mapping[str, int]) -> dict[str, int]:
    """A night's counts without its steps and single schedules, all others as they are; the largest first.

    The same word in two steps is the same people or rows seen twice, so the larger figure stands.
    """
    found: dict[str, int] = {}
    for step, part in counts_by_step(counts).items():
        for name, amount in part.items():
            if not step or ":" not in name:
                found[name] = max(amount, found.get(name, amount))
    # PostgreSQL gives the keys of a JSON column back in an order of its own.
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def counts_by_step(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """A night's ``"retention.schedules: deleted"`` taken apart, by the step's title; other counts under ``""``.

    Steps come in the order of the night, and the counts of each by name.
    """
    found: dict[tuple[int, str], dict[str, int]] = {}
    for name, amount in sorted(counts.items()):
        first, separator, rest = name.partition(": ")
        step = night_steps.find(first) if separator else None
        place = (step.order, str(step.title)) if step else (-1, "")
        found.setdefault(place, {})[rest if step else name] = amount
    return {title: part for (_order, title), part in sorted(found.items())}


def detail_of(entry: EvidenceEntry) -> EvidenceDetail | None:
    """The erasable half, or None when it is gone. One query an entry."""
    try:
        return entry.detail
    except EvidenceDetail.DoesNotExist:
        return None


def details_left(entry: EvidenceEntry) -> bool:
    """Whether the erasable half still exists; costs nothing for rows of ``entries``."""
    known = getattr(entry, "details_left", None)
    return detail_of(entry) is not None if known is None else bool(known)


def verify_commitment(entry: EvidenceEntry, detail: Opening) -> bool:
    """True when the detail (the row, or a ``Revealed`` exported earlier) is what the entry committed to.

    For a row its look-up columns are compared with the committed content as well.
    """
    if not opens(entry, detail):
        return False
    return not isinstance(detail, EvidenceDetail) or _columns_agree(detail)


def proof_holds(entry: EvidenceEntry) -> bool | None:
    """Whether the details match the commitment; None when they are erased."""
    detail = detail_of(entry)
    return None if detail is None else verify_commitment(entry, detail)


def _columns_agree(detail: EvidenceDetail) -> bool:
    told = content_of(
        actor=Actor(detail.actor_kind, detail.actor_key, detail.actor_name),  # type: ignore[arg-type]
        subject_key=detail.subject_key,
        subject=detail.subject,
        details=detail.details,
    )
    return told == detail.content
