"""Filters over messages, mailings and what people chose."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.db.models import Q

from privacy.core.among import Among
from privacy.messages.classes import PROMOTIONAL

if TYPE_CHECKING:
    from privacy.messages.models import MailEvent, Mailing, OutboxMessage, Preference, Suppression


class MailingQuerySet(models.QuerySet["Mailing"]):
    """Mailings by what is to be done."""

    def at_work(self) -> MailingQuerySet:
        return self.filter(state__in=("preparing", "running"))


class OutboxQuerySet(models.QuerySet["OutboxMessage"]):
    """Messages by where they are."""

    def queued(self) -> OutboxQuerySet:
        return self.filter(state="queued")

    def released(self) -> OutboxQuerySet:
        """Of no mailing, or of one that goes on."""
        return self.filter(Q(mailing__isnull=True) | Q(mailing__state__in=("preparing", "running")))

    def due(self, now: datetime) -> OutboxQuerySet:
        return self.queued().released().filter(not_before__lte=now)

    def sending(self) -> OutboxQuerySet:
        return self.filter(state="sending")

    def ambiguous(self) -> OutboxQuerySet:
        return self.filter(state="ambiguous")

    def sent(self) -> OutboxQuerySet:
        """What left, tests of staff excepted."""
        return self.filter(state="sent", test=False)

    def perhaps_sent(self) -> OutboxQuerySet:
        """What left, is leaving just now, or may have left; tests of staff excepted."""
        return self.filter(state__in=("sent", "sending", "ambiguous"), test=False)

    def promotional(self) -> OutboxQuerySet:
        return self.filter(kind__in=PROMOTIONAL)

    def mine(self, claim: UUID) -> OutboxQuerySet:
        return self.filter(claim=claim)

    def of_digests(self, digests: Collection[str]) -> OutboxQuerySet:
        return self.filter(Among("digest", digests))


class MailEventQuerySet(models.QuerySet["MailEvent"]):
    """Events of mails."""

    def watched(self) -> MailEventQuerySet:
        """What people did with a mail, not what became of it."""
        return self.filter(kind__in=("opened", "clicked"))


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    """Opt-outs."""

    def in_force(self) -> SuppressionQuerySet:
        return self.filter(lifted_at__isnull=True)

    def of(self, channel: str, digests: Collection[str]) -> SuppressionQuerySet:
        return self.filter(Among("digest", digests), channel=channel)


class PreferenceQuerySet(models.QuerySet["Preference"]):
    """Choices of members."""

    def of(self, user_keys: Iterable[str]) -> PreferenceQuerySet:
        return self.filter(Among("user_key", list(user_keys)))
