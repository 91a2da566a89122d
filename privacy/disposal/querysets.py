"""Filters on the disposal room's own rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models

from privacy.core.among import Among

if TYPE_CHECKING:
    from privacy.disposal.models import Captured, Closure, Hold, JournalPage, SessionIndex, StoreReceipt, Sweep

AT_REST = ("done", "cancelled", "held", "undecided")


class ClosureQuerySet(models.QuerySet["Closure"]):
    """Closures by what is still to be done."""

    def open(self) -> ClosureQuerySet:
        """Not finished and not cancelled; held ones included."""
        return self.exclude(status__in=("done", "cancelled"))

    def unfinished(self) -> ClosureQuerySet:
        """Everything the night must look at again."""
        return self.exclude(status__in=AT_REST)

    def due(self, horizon: datetime) -> ClosureQuerySet:
        """Unfinished and due before ``horizon``, or already cut off."""
        return self.unfinished().filter(models.Q(due_at__lte=horizon) | models.Q(status__in=("cut_off", "partial")))

    def overdue(self, now: datetime) -> ClosureQuerySet:
        """Past its due moment and neither done nor held."""
        return self.unfinished().filter(due_at__lte=now)

    def erased(self) -> ClosureQuerySet:
        """Gone from the database; files, caches or external stores may still be left."""
        return self.filter(erased_at__isnull=False)

    def unerased(self) -> ClosureQuerySet:
        """Nothing of the account is destroyed yet."""
        return self.filter(erased_at__isnull=True)

    def these(self, keys: Sequence[UUID]) -> ClosureQuerySet:
        """By primary key, however many."""
        return self.filter(Among("pk", keys))

    def held(self) -> ClosureQuerySet:
        """Cut off, with data that a legal hold keeps."""
        return self.filter(status="held")

    def of(self, subject_key: str) -> ClosureQuerySet:
        return self.filter(subject_key=subject_key)


class SweepQuerySet(models.QuerySet["Sweep"]):
    """What still lies outside the database."""

    def files(self) -> SweepQuerySet:
        return self.filter(kind="file")

    def failed(self) -> SweepQuerySet:
        return self.exclude(error="")


class StoreReceiptQuerySet(models.QuerySet["StoreReceipt"]):
    """Answers of external stores."""

    def open(self) -> StoreReceiptQuerySet:
        """The place has not confirmed yet that nothing is left."""
        return self.filter(verified_at__isnull=True)

    def confirmed(self) -> StoreReceiptQuerySet:
        return self.filter(verified_at__isnull=False)


class CapturedQuerySet(models.QuerySet["Captured"]):
    """Keys captured for one batch."""

    def of(self, batch: UUID, place: str) -> CapturedQuerySet:
        return self.filter(batch=batch, place=place)


class SessionIndexQuerySet(models.QuerySet["SessionIndex"]):
    """Sessions by person."""

    def of(self, user_keys: Iterable[str]) -> SessionIndexQuerySet:
        return self.filter(Among("user_key", list(user_keys)))


class JournalPageQuerySet(models.QuerySet["JournalPage"]):
    """Pages of the journal."""

    def unwritten(self) -> JournalPageQuerySet:
        """Committed, and not in the files yet."""
        return self.filter(written=False)


class HoldQuerySet(models.QuerySet["Hold"]):
    """Holds by whether they hold, and by what must be done about them."""

    def in_force(self) -> HoldQuerySet:
        """Not released. One whose end has passed is in force until a person says otherwise."""
        return self.filter(released_at__isnull=True)

    def over(self, now: datetime) -> HoldQuerySet:
        """In force although its end has passed."""
        return self.in_force().filter(ends_at__lte=now)

    def unreviewed(self, now: datetime) -> HoldQuerySet:
        """In force, and nobody looked again by the date that was set."""
        return self.in_force().filter(review_at__lte=now)

    def of_case(self, case: str) -> HoldQuerySet:
        return self.filter(case=case)
