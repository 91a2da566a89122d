"""Filters on purposes, wordings, the ledger and the flags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import F, Q, QuerySet

from privacy.consent.people import Person
from privacy.core.among import Among
from privacy.evidence.querysets import WrittenOnceQuerySet

if TYPE_CHECKING:
    from privacy.consent.models import ConsentContext, ConsentRecord, Flag, Purpose, Wording  # noqa: F401


class PurposeQuerySet(QuerySet["Purpose"]):
    """Purposes."""

    def in_force(self) -> PurposeQuerySet:
        return self.filter(retired_at__isnull=True)

    def asking(self) -> PurposeQuerySet:
        """Those for which people are asked."""
        return self.in_force().filter(legal_basis="consent")


class WordingQuerySet(WrittenOnceQuerySet["Wording"]):
    """Wordings."""

    def of(self, purpose: str) -> WordingQuerySet:
        return self.filter(purpose=purpose)

    def newest_first(self) -> WordingQuerySet:
        return self.order_by("-made_at", "-version")


class ConsentRecordQuerySet(WrittenOnceQuerySet["ConsentRecord"]):
    """The immutable half of the ledger."""

    def oldest_first(self) -> ConsentRecordQuerySet:
        return self.order_by("pk")


class ConsentContextQuerySet(QuerySet["ConsentContext"]):
    """The erasable half of the ledger."""

    def of(self, person: Person) -> ConsentContextQuerySet:
        """Everything about one person."""
        return self.filter(_is(person))

    def of_any(self, people: Sequence[Person]) -> ConsentContextQuerySet:
        """Everything about some people, in one statement."""
        return self.filter(_is_any(people))

    def last_words(self) -> ConsentContextQuerySet:
        """The ledger's last word about each person and purpose."""
        return self.filter(is_last=True)

    def granting(self, now: datetime) -> ConsentContextQuerySet:
        """Grants that stand at this moment."""
        return self.last_words().filter(record__decision="given", record__expires_at__gt=now)

    def run_out(self, now: datetime) -> ConsentContextQuerySet:
        """Grants whose time is over, and of which the ledger does not say so yet."""
        return self.last_words().filter(record__decision="given", record__expires_at__lte=now)


class FlagQuerySet(QuerySet["Flag"]):
    """Restrictions and objections."""

    def of(self, person: Person) -> FlagQuerySet:
        return self.filter(_is(person))

    def of_any(self, people: Sequence[Person]) -> FlagQuerySet:
        return self.filter(_is_any(people))

    def stopping(self) -> FlagQuerySet:
        """Those that keep data from being used: neither lifted nor rejected."""
        return self.filter(lifted_at__isnull=True).exclude(outcome="rejected")

    def stopping_promotion(self) -> FlagQuerySet:
        """The same, and an objection to everything even where it was rejected (GDPR Art. 21(3))."""
        stops = ~Q(outcome="rejected") | Q(kind="objection", purpose="")
        return self.filter(stops, lifted_at__isnull=True)

    def about(self, purpose: str) -> FlagQuerySet:
        """Those that stop this purpose, by its name or with all others."""
        return self.filter(purpose__in=("", purpose))

    def waiting(self) -> FlagQuerySet:
        """Objections that nobody has decided."""
        return self.stopping().filter(kind="objection", outcome="pending").order_by(F("raised_at"))


def _is(person: Person) -> Q:
    return Q(user_key=person.user_key) if person.user_key else Q(digest__in=person.digests)


def _is_any(people: Sequence[Person]) -> Q:
    keys = [person.user_key for person in people if person.user_key]
    digests = [digest for person in people for digest in person.digests]
    found = Q(pk__in=[])
    if keys:
        found |= Q(Among("user_key", keys))
    if digests:
        found |= Q(Among("digest", digests))
    return found
