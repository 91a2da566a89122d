"""Two windows, two workers, one person: the ledger keeps every decision, and one last word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections

from privacy.consent.models import Choice, ConsentContext, ConsentRecord
from privacy.consent.people import Person
from privacy.consent.queries import last_word
from privacy.consent.services import expire_grants
from privacy.core.actors import Actor
from tests.consent.conftest import answer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="a database in memory has one connection"),
]


def test_decisions_of_one_person_at_the_same_time_come_one_after_the_other(stranger: Person, now: datetime) -> None:
    def decides(number: int) -> None:
        try:
            answer(stranger, now + timedelta(seconds=number), Choice.REFUSED if number % 3 else Choice.GIVEN)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decides, range(24)))
    records = list(ConsentRecord.objects.oldest_first())
    assert len(records) == 24
    assert [record.previous_id for record in records] == [None, *(record.pk for record in records[:-1])]
    assert ConsentContext.objects.last_words().get().pk == records[-1].pk
    assert last_word(stranger, "newsletter") == records[-1]


def test_a_night_and_a_renewal_at_the_same_time_leave_one_last_word(
    stranger: Person, now: datetime, actor: Actor
) -> None:
    later = now + timedelta(days=500)
    for turn in range(6):
        answer(stranger, now)

        def night(_turn: int) -> None:
            try:
                expire_grants(now=later, actor=actor)
            finally:
                connections.close_all()

        def renews(number: int) -> None:
            try:
                answer(stranger, later + timedelta(seconds=number))
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            for future in (pool.submit(night, turn), pool.submit(renews, turn)):
                future.result()
        last = ConsentContext.objects.last_words().get()
        assert last.pk == ConsentRecord.objects.oldest_first().last().pk  # type: ignore[union-attr]
        assert last.record.decision == "given"
