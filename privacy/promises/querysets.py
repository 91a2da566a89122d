"""Filters on frozen figures and on the history of the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import OuterRef, QuerySet

from privacy.evidence.querysets import WrittenOnceQuerySet

if TYPE_CHECKING:
    from privacy.promises.models import FrozenBound, PromiseResult, PromiseRun  # noqa: F401


class FrozenBoundQuerySet(WrittenOnceQuerySet["FrozenBound"]):
    """Figures that published versions promise."""

    def under(self, prefix: str) -> FrozenBoundQuerySet:
        """Those on every setting whose name begins so; all of them where ``prefix`` is empty."""
        return self.filter(setting__startswith=prefix).exclude(setting="")


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
