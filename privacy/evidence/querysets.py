"""Filters on entries, their details and their seals, and the refusal to change what is written once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from privacy.core.errors import PrivacyError

if TYPE_CHECKING:
    from privacy.evidence.models import EvidenceDetail, EvidenceEntry  # noqa: F401 - the second stands in a text

M = TypeVar("M", bound=Model)


class EvidenceImmutable(PrivacyError):
    """Evidence is written once. ``label`` names the model, ``"privacy.EvidenceEntry"``."""

    def __init__(self, label: str) -> None:
        super().__init__(
            field=label,
            problem="what is written here is never changed and never removed",
            mend="Record what happened since as a new row",
        )


class WrittenOnceQuerySet(QuerySet[M]):
    """Rows that stay as they were written. The database refuses changes as well; here the refusal is in words."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise EvidenceImmutable(self.model._meta.label)

    def delete(self) -> NoReturn:
        raise EvidenceImmutable(self.model._meta.label)

    update.alters_data = True  # type: ignore[attr-defined]
    delete.alters_data = True  # type: ignore[attr-defined]


class EvidenceEntryQuerySet(WrittenOnceQuerySet["EvidenceEntry"]):
    """Entries."""

    def of_act(self, *names: str) -> EvidenceEntryQuerySet:
        return self.filter(act__in=names)

    def with_details_left(self) -> EvidenceEntryQuerySet:
        """Adds ``details_left``: whether the erasable half still exists. No join, no detail is read."""
        details = self.model._meta.get_field("detail").related_model
        found = Exists(details._default_manager.filter(entry=OuterRef("pk")))
        return self.annotate(details_left=found)

    def unsealed(self) -> EvidenceEntryQuerySet:
        """Those that no leaf holds. Never a range of keys: an entry may commit after one with a higher key."""
        leaves = self.model._meta.get_field("leaf").related_model
        return self.filter(~Exists(leaves._default_manager.filter(entry=OuterRef("pk"))))


class EvidenceDetailQuerySet(QuerySet["EvidenceDetail"]):
    """The erasable halves."""

    def over(self, moment: datetime) -> EvidenceDetailQuerySet:
        """Those whose end is at or before ``moment``."""
        return self.filter(until__lte=moment)

    def naming(self, keys: Sequence[str]) -> EvidenceDetailQuerySet:
        """Those in which one of these people acts or is acted upon."""
        return self.filter(Q(actor_key__in=keys) | Q(subject_key__in=keys))
