"""Who sweeps what: rows are claimed in a short transaction, so that each thing is asked for once.

No transaction is open while a storage is asked, which may take minutes or hang. A claim is held for a while and
renewed as long as its holder comes on. When the holder has died on this machine the rows come back at once, elsewhere
when the claim runs out. Its time is the database's: the machines that share it have one clock between them, and a night
that began hours ago is not in the past.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta

from django.db import connections, router, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from privacy.core.processes import may_live, this_process
from privacy.disposal.models import Sweep

#: How long a claim holds unless it is renewed.
CLAIM_FOR = timedelta(minutes=10)
_RENEW_AFTER = CLAIM_FOR.total_seconds() / 2
_at_work: set[uuid.UUID] = set()


class Claims:
    """The claims of one sweep."""

    def __init__(self) -> None:
        self._token = uuid.uuid4()
        self._renewed = 0.0

    def chunks(self, rows: QuerySet[Sweep], size: int) -> Iterator[list[Sweep]]:
        """Free rows by rising key, claimed in lists of at most ``size``; what others hold is left to them."""
        _free_what_the_dead_hold(rows)
        last = 0
        _at_work.add(self._token)
        try:
            while chunk := self._claim(rows.filter(pk__gt=last), size):
                last = chunk[-1].pk
                try:
                    yield chunk
                finally:
                    _release(self._mine())
        finally:
            _at_work.discard(self._token)

    def renew(self) -> bool:
        """Keep what is held when half of its time is over; True when it was time to."""
        if time.monotonic() - self._renewed < _RENEW_AFTER:
            return False
        self._renewed = time.monotonic()
        self._mine().update(claimed_until=Now() + CLAIM_FOR)
        return True

    def _claim(self, rows: QuerySet[Sweep], size: int) -> list[Sweep]:
        using = router.db_for_write(Sweep)
        skips = connections[using].features.has_select_for_update_skip_locked
        with transaction.atomic(using=using):
            free = rows.exclude(held()).order_by("pk")
            chunk = list((free.select_for_update(skip_locked=True) if skips else free)[:size])
            keys = [row.pk for row in chunk]
            Sweep.objects.filter(pk__in=keys).update(
                claim=self._token, claimed_by=this_process(), claimed_until=Now() + CLAIM_FOR
            )
        self._renewed = time.monotonic()
        return chunk

    def _mine(self) -> QuerySet[Sweep]:
        return Sweep.objects.filter(claim=self._token)


def held() -> Q:
    """Claimed now. What ends later than any claim can was claimed while the clock was ahead, and is free."""
    return Q(claim__isnull=False, claimed_until__gt=Now(), claimed_until__lte=Now() + CLAIM_FOR)


def _free_what_the_dead_hold(rows: QuerySet[Sweep]) -> None:
    holders = rows.filter(held()).order_by().values_list("claim", "claimed_by").distinct()
    me = this_process()
    dead = [claim for claim, by in holders if not may_live(by) or (by == me and claim not in _at_work)]
    if dead:
        _release(Sweep.objects.filter(claim__in=dead))


def _release(rows: QuerySet[Sweep]) -> None:
    rows.update(claim=None, claimed_by="", claimed_until=None)
