"""Filters on the history of the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import OuterRef, QuerySet

if TYPE_CHECKING:
    from privacy.promises.models import PromiseResult, PromiseRun


class PromiseRunQuerySet(QuerySet["PromiseRun"]):
    def of_site(self, code: str | OuterRef) -> PromiseRunQuerySet:
        return self.filter(site=code)

    def newest_first(self) -> PromiseRunQuerySet:
        return self.order_by("-checked_at", "-pk")

    def checked_until(self, moment: datetime) -> PromiseRunQuerySet:
        return self.filter(checked_at__lte=moment)


class PromiseResultQuerySet(QuerySet["PromiseResult"]):
    def of_promise(self, code: str) -> PromiseResultQuerySet:
        return self.filter(code=code)

    def newest_first(self) -> PromiseResultQuerySet:
        return self.order_by("-run__checked_at", "-run_id")
