"""Must show, Tampering: real transactions that commit out of id order or roll back raise no false alarm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction

from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry, SealLeaf
from privacy.evidence.sealing import seal
from privacy.evidence.services import record
from privacy.evidence.verifying import verify
from tests.evidence.test_verify import stranger_finds

ACT = "evidence.details_expired"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer: ids commit in their order"),
]


@contextmanager
def open_entry(now: datetime, actor: Actor, *, rolls_back: bool = False) -> Iterator[int]:
    """An entry written by another connection whose transaction stays open for the block; gives its id."""
    written: Queue[int] = Queue()
    end = Event()

    def work() -> None:
        try:
            with transaction.atomic():
                written.put(record(act=ACT, now=now, actor=actor).pk)
                end.wait(timeout=30)
                transaction.set_rollback(rolls_back)
        finally:
            connections.close_all()

    thread = Thread(target=work)
    thread.start()
    try:
        yield written.get(timeout=30)
    finally:
        end.set()
        thread.join(timeout=30)


def test_entries_that_committed_out_of_id_order_are_each_sealed_once_and_raise_no_false_alarm(
    now: datetime, actor: Actor, tmp_path: Path
) -> None:
    with open_entry(now, actor) as lower:
        higher = record(act=ACT, now=now, actor=actor).pk
        assert lower < higher
        seal(now=now, actor=actor)
        assert verify(now=now).intact
    assert EvidenceEntry.objects.unsealed().count() == 1
    seal(now=now + timedelta(hours=1), actor=actor)
    under = dict(SealLeaf.objects.filter(entry_id__in=(lower, higher)).values_list("entry_id", "seal_id"))
    assert under[lower] > under[higher]
    assert verify(now=now).intact
    assert stranger_finds(tmp_path, now) == set()


def test_a_gap_that_a_rolled_back_transaction_left_raises_no_false_alarm(
    now: datetime, actor: Actor, tmp_path: Path
) -> None:
    with open_entry(now, actor, rolls_back=True) as lost:
        higher = record(act=ACT, now=now, actor=actor).pk
        seal(now=now, actor=actor)
    assert lost < higher
    seal(now=now, actor=actor)
    assert not EvidenceEntry.objects.filter(pk=lost).exists()
    assert verify(now=now).intact
    assert stranger_finds(tmp_path, now) == set()
