"""Filters on entries and their details, and the refusal to change an entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from django.db.models import Exists, OuterRef, Q, QuerySet

from privacy.core.errors import PrivacyError

if TYPE_CHECKING:
    from privacy.evidence.models import EvidenceDetail, EvidenceEntry


class EvidenceImmutable(PrivacyError):
    """Evidence is written once."""

    def __init__(self) -> None:
        super().__init__(
            field="privacy.EvidenceEntry",
            problem="evidence is never changed and never removed",
            mend="Record what happened since as a new entry",
        )


class EvidenceEntryQuerySet(QuerySet["EvidenceEntry"]):
    """Entries. The database refuses changes as well; here the refusal is in words."""

    def of_act(self, *names: str) -> EvidenceEntryQuerySet:
        return self.filter(act__in=names)

    def with_details_left(self) -> EvidenceEntryQuerySet:
        """Adds ``details_left``: whether the erasable half still exists. No join, no detail is read."""
        details = self.model._meta.get_field("detail").related_model
        found = Exists(details._default_manager.filter(entry=OuterRef("pk")))
        return self.annotate(details_left=found)

    def update(self, **kwargs: Any) -> NoReturn:
        raise EvidenceImmutable

    def delete(self) -> NoReturn:
        raise EvidenceImmutable

    update.alters_data = True  # type: ignore[attr-defined]
    delete.alters_data = True  # type: ignore[attr-defined]


class EvidenceDetailQuerySet(QuerySet["EvidenceDetail"]):
    """The erasable halves."""

    def over(self, moment: datetime) -> EvidenceDetailQuerySet:
        """Those whose end is at or before ``moment``."""
        return self.filter(until__lte=moment)

    def naming(self, keys: Sequence[str]) -> EvidenceDetailQuerySet:
        """Those in which one of these people acts or is acted upon."""
        return self.filter(Q(actor_key__in=keys) | Q(subject_key__in=keys))
