"""Several that seal at once make one chain, and nothing is sealed twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from django.db import connections

from privacy.core.actors import Actor
from privacy.evidence import sealing
from privacy.evidence.models import EvidenceEntry, Seal, SealLeaf
from privacy.evidence.sealing import seal
from privacy.evidence.services import Draft, record_many
from privacy.evidence.verifying import verify

ACT = "evidence.details_expired"


@pytest.mark.django_db(transaction=True)
def test_four_that_seal_while_two_write_make_one_unbroken_chain(
    now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "SEAL_SIZE", 30)
    barrier = Barrier(6)

    def write() -> int:
        try:
            barrier.wait()
            for n in range(10):
                record_many(drafts=[Draft(ACT, counts={"rows": n})] * 10, now=now, actor=actor)
            return 0
        finally:
            connections.close_all()

    def seal_thrice() -> int:
        try:
            barrier.wait()
            return sum(seal(now=now, actor=actor).entries for _ in range(3))
        finally:
            connections.close_all()

    before = EvidenceEntry.objects.count()
    record_many(drafts=[Draft(ACT)] * 200, now=now, actor=actor)
    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(work) for work in (seal_thrice, write, seal_thrice, write, seal_thrice, seal_thrice)]
        sealed = sum(job.result() for job in jobs)
    sealed += seal(now=now, actor=actor).entries
    assert sealed == SealLeaf.objects.count() == EvidenceEntry.objects.count() == before + 400
    seen = verify(now=now)
    assert (seen.found, seen.unsealed) == (0, 0)
    assert list(Seal.objects.order_by("number").values_list("number", flat=True)) == list(range(1, seen.seals + 1))
