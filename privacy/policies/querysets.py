"""Filters on drafts and versions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Max, QuerySet

from privacy.evidence.querysets import WrittenOnceQuerySet

if TYPE_CHECKING:
    from privacy.policies.models import (  # noqa: F401
        PolicyDraft,
        PolicyNotice,
        PolicyVersion,
        PolicyWithdrawal,
    )


class PolicyDraftQuerySet(QuerySet["PolicyDraft"]):
    """Texts that nobody has published yet."""

    def due(self, now: datetime) -> PolicyDraftQuerySet:
        """Those whose moment has come."""
        return self.filter(publish_at__lte=now)


class PolicyVersionQuerySet(WrittenOnceQuerySet["PolicyVersion"]):
    """Published versions."""

    def of(self, document: str, language: str = "") -> PolicyVersionQuerySet:
        rows = self.filter(document_id=document)
        return rows.filter(language=language) if language else rows

    def standing(self) -> PolicyVersionQuerySet:
        """Those that nobody withdrew."""
        return self.filter(withdrawal__isnull=True)

    def posted(self, now: datetime) -> PolicyVersionQuerySet:
        """Those that the page shows by now; mails may tell of others before."""
        return self.filter(published_at__lte=now)

    def newest_first(self) -> PolicyVersionQuerySet:
        return self.order_by("-number", "language")

    def without_text(self) -> PolicyVersionQuerySet:
        """For lists: the texts stay in the database."""
        return self.defer("text")

    def last_number(self) -> int:
        return int(self.aggregate(last=Max("number"))["last"] or 0)


class PolicyWithdrawalQuerySet(WrittenOnceQuerySet["PolicyWithdrawal"]):
    """Versions that were published by mistake."""


class PolicyNoticeQuerySet(QuerySet["PolicyNotice"]):
    """Who was told of what."""

    def of(self, user_key: str) -> PolicyNoticeQuerySet:
        return self.filter(user_key=user_key)

    def dispatched(self) -> PolicyNoticeQuerySet:
        """Those by mail."""
        return self.filter(dispatched_at__isnull=False)
