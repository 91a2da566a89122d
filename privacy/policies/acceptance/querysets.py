"""Filters on the ledger of acceptances."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from privacy.consent.people import Person
from privacy.evidence.querysets import WrittenOnceQuerySet

if TYPE_CHECKING:
    from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, AcceptedVersion  # noqa: F401


class AcceptanceQuerySet(WrittenOnceQuerySet["Acceptance"]):
    """The immutable half of the ledger."""


class AcceptedVersionQuerySet(WrittenOnceQuerySet["AcceptedVersion"]):
    """The documents of acceptances."""

    def of_member(self, user_key: str) -> AcceptedVersionQuerySet:
        """What one member accepted, in whatever way."""
        return self.filter(acceptance__context__user_key=user_key)

    def empty(self) -> AcceptedVersionQuerySet:
        """Documents of which no version was published when they were accepted."""
        return self.filter(version__isnull=True)


class AcceptanceContextQuerySet(QuerySet["AcceptanceContext"]):
    """The erasable half of the ledger."""

    def of(self, person: Person) -> AcceptanceContextQuerySet:
        """Everything about one person."""
        mine = Q(user_key=person.user_key) if person.user_key else Q(digest__in=person.digests)
        return self.filter(mine)

    def of_members(self) -> AcceptanceContextQuerySet:
        """Those whose account is open."""
        return self.exclude(user_key="")

    def ending(self, moment: datetime) -> AcceptanceContextQuerySet:
        """Those whose end comes before a moment."""
        return self.filter(until__lt=moment)
