"""The oldest backup that may still exist: the journal must reach back to it, and no further."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from privacy.backups import services
from privacy.backups.models import Backup, RegisteredCopy
from privacy.backups.queries import oldest_backup
from privacy.core.actors import Actor

pytestmark = pytest.mark.django_db
Put = Callable[..., str]


def copy(now: datetime, **values: object) -> RegisteredCopy:
    given = {"name": "c", "kind": "host", "place": "p", "region": "EU", "kept_for": "P10D", "confirmed_by": "the host"}
    return RegisteredCopy.objects.create(**{**given, "registered_at": now, "changed_at": now, **values})  # type: ignore[misc]


def test_a_storage_that_was_never_listed_may_hold_anything(dumps: Path, now: datetime) -> None:
    assert oldest_backup(now=now) == datetime.min.replace(tzinfo=UTC)


def test_there_is_none(dumps: Path, one_month: None, now: datetime, actor: Actor) -> None:
    services.reconcile(now=now, actor=actor)
    assert oldest_backup(now=now) is None


def test_the_oldest_file_counts_and_one_that_is_gone_does_not(
    one_month: None, put: Put, now: datetime, actor: Actor
) -> None:
    put("default-server-2026-03-01-033000.dump")
    put("default-server-2026-03-10-033000.dump")
    services.reconcile(now=now, actor=actor)
    assert oldest_backup(now=now) == datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    Backup.objects.filter(name__contains="03-01").update(status="gone", destroyed_at=now)
    assert oldest_backup(now=now) == datetime(2026, 3, 10, 2, 30, tzinfo=UTC)


def test_a_file_that_vanished_may_lie_elsewhere_until_its_time_is_over(
    one_month: None, put: Put, now: datetime, actor: Actor
) -> None:
    put("default-server-2026-03-01-033000.dump")
    services.reconcile(now=now, actor=actor)
    Backup.objects.update(status="vanished")
    assert oldest_backup(now=now) == datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    assert oldest_backup(now=now + timedelta(days=30)) is None


def test_copies_elsewhere_and_standing_rules_count(dumps: Path, one_month: None, now: datetime, actor: Actor) -> None:
    services.reconcile(now=now, actor=actor)
    single = copy(now, taken_at=now - timedelta(days=5), ends_at=now + timedelta(days=5))
    assert oldest_backup(now=now) == now - timedelta(days=5)
    copy(now, name="rule", every="P1D")
    assert oldest_backup(now=now) == now - timedelta(days=10)
    RegisteredCopy.objects.filter(name="rule").update(destroyed_at=now)
    assert oldest_backup(now=now) == now - timedelta(days=5)
    RegisteredCopy.objects.filter(pk=single.pk).update(destroyed_at=now)
    assert oldest_backup(now=now) is None
