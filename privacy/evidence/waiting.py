"""How long the evidence has waited for a seal, asked so that it costs the same after ten years."""

from __future__ import annotations

from datetime import datetime, timedelta

from privacy.evidence.models import EvidenceEntry, Seal


def oldest_unsealed(*, within: timedelta) -> datetime | None:
    """The moment of the oldest entry that no seal holds; None when all are sealed. Two queries.

    A seal takes whatever waits, so only entries since the last one are looked at, and those of ``within`` before it:
    the entries of a night bear the moment of its beginning, also when they are written hours later.
    """
    entries = EvidenceEntry.objects.unsealed()
    last = Seal.objects.order_by("-number").values_list("made_at", flat=True).first()
    if last is not None:
        entries = entries.filter(at__gte=last - within)
    return entries.order_by("at").values_list("at", flat=True).first()
