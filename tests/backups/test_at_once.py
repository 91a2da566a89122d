"""Two nights that compare and expire the same backups at once tell each file once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.backups import services
from privacy.backups.models import Backup
from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry
from tests.disposal.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
OLD = [f"default-server-2026-01-{day:02}-033000.dump" for day in range(1, 13)]


def told(act: str, word: str) -> int:
    return sum(entry.counts.get(word, 0) for entry in EvidenceEntry.objects.filter(act=act))


def test_two_scans_and_expiries_at_once_tell_each_file_and_byte_once(
    put: Callable[..., str], dumps: Path, one_month: None, now: datetime, actor: Actor
) -> None:
    for name in OLD:
        put(name)
    young = put("default-server-2026-03-16-033000.dump")
    size = sum((dumps / name).stat().st_size for name in OLD)

    def night() -> Any:
        services.reconcile(now=now, actor=actor)
        return services.expire(now=now, horizon=now, actor=actor)

    reports = at_once(night, night, night)

    assert [found for found in reports if isinstance(found, Exception)] == []
    assert [path.name for path in dumps.iterdir()] == [young]
    assert Backup.objects.filter(status="gone").count() == len(OLD)
    assert told("backups.expired", "files") == len(OLD)
    assert told("backups.expired", "bytes") == size
    assert told("backups.vanished", "files") == 0


def test_a_scan_beside_an_expiry_takes_no_file_for_vanished(
    put: Callable[..., str], dumps: Path, one_month: None, now: datetime, actor: Actor
) -> None:
    for name in OLD:
        put(name)
    services.reconcile(now=now, actor=actor)
    found = at_once(
        lambda: services.expire(now=now, horizon=now, actor=actor),
        lambda: [services.reconcile(now=now, actor=actor) for _ in range(5)],
    )
    assert [each for each in found if isinstance(each, Exception)] == []
    services.reconcile(now=now, actor=actor)
    assert told("backups.expired", "files") == len(OLD)
    assert not Backup.objects.filter(status="vanished").exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_rows_are_locked_in_one_order_before_they_are_changed(
    put: Callable[..., str], one_month: None, now: datetime, actor: Actor
) -> None:
    """Two runs that lock in two orders wait for each other; a change of many rows at once locks them in any order."""
    for name in OLD:
        put(name)
    with CaptureQueriesContext(connection) as asked:
        services.reconcile(now=now, actor=actor)
        services.expire(now=now, horizon=now, actor=actor)
    locks = [
        query["sql"] for query in asked if "FOR UPDATE" in query["sql"] and 'FROM "privacy_backup"' in query["sql"]
    ]
    assert locks
    assert all(re.search(r'SELECT "privacy_backup"."id" AS "pk".* ORDER BY 1 ASC FOR UPDATE', sql) for sql in locks)
    kinds = [
        "lock" if query["sql"] in locks else "change"
        for query in asked
        if query["sql"] in locks or query["sql"].startswith('UPDATE "privacy_backup"')
    ]
    assert "change" in kinds
    assert all(before == "lock" for before, kind in pairwise(kinds) if kind == "change")
