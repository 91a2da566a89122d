"""What is read before its turn counts only while nobody else has written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from privacy.disposal import ahead as reading
from privacy.disposal.ahead import lock_to_erase, read_ahead
from privacy.disposal.journal import matching
from privacy.disposal.models import Closure
from tests.disposal.planting import plant

pytestmark = pytest.mark.django_db(transaction=True)
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="other databases lock rows")
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")


@pytest.fixture
def keys(journal: Path, now: datetime) -> list[Any]:
    """Two closures that wait to be carried out."""
    found = []
    for name in ("one", "two"):
        closure = Closure.objects.create(
            subject_key=str(plant(name).pk),
            pseudonym="x",
            channel="command",
            closed_at=now,
            due_at=now,
            status="planned",
        )
        found.append(closure.pk)
    return found


@on_sqlite
def test_closures_and_what_tells_their_accounts_apart_are_read_before_the_turn_and_not_again(
    keys: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = read_ahead(keys)
    assert ahead is not None
    assert {closure.pk for closure in ahead.closures} == set(keys)
    assert all(closure.fingerprints for closure in ahead.closures)
    monkeypatch.setattr(matching, "who", None)
    with transaction.atomic():
        locked = lock_to_erase(keys, ahead)
    assert locked is ahead.closures


@on_sqlite
def test_when_somebody_wrote_in_between_they_are_read_again(keys: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = read_ahead(keys)
    Closure.objects.filter(pk=keys[0]).update(status=Closure.Status.CANCELLED)
    # A database in memory has no second process; its own writes do not count as those of others.
    monkeypatch.setattr(reading, "commits_of_others", lambda connection: -1)
    with transaction.atomic():
        assert [closure.pk for closure in lock_to_erase(keys, ahead)] == keys[1:]


@on_sqlite
def test_what_somebody_wrote_while_they_were_read_counts_too(keys: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    commits = [1]
    monkeypatch.setattr(reading, "commits_of_others", lambda connection: commits[0])
    monkeypatch.setattr(reading.journalling, "prepare", lambda closures: commits.insert(0, 2))
    ahead = read_ahead(keys)
    assert ahead is not None
    with transaction.atomic():
        assert lock_to_erase(keys, ahead) is not ahead.closures


@on_postgresql
def test_where_rows_are_locked_nothing_is_read_ahead(keys: list[Any]) -> None:
    assert read_ahead(keys) is None
    with transaction.atomic():
        assert {closure.pk for closure in lock_to_erase(keys, None)} == set(keys)
