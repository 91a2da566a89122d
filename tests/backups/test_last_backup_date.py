"""Each person is told the date after which no backup holds them; never too early."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from privacy.backups import services
from privacy.backups.models import Backup
from privacy.backups.queries import last_backup_date
from privacy.core.actors import Actor
from privacy.core.periods import NO_END
from privacy.core.registries import providers

pytestmark = pytest.mark.django_db
Put = Callable[..., str]
DUMP = "default-server-2026-03-01-033000.dump"
A_MONTH_ON = datetime.fromisoformat("2026-04-16T11:00:00+00:00")  # noon of summer time begins an hour earlier


@pytest.fixture
def listed(put: Put, now: datetime, actor: Actor) -> Callable[..., None]:
    def scan(*names: str) -> None:
        for name in names:
            put(name)
        services.reconcile(now=now, actor=actor)

    return scan


def test_nothing_holds_them_when_the_storage_is_known_to_be_empty(
    dumps: Path, one_month: None, listed: Callable[..., None], now: datetime
) -> None:
    listed()
    assert providers.get("last_backup_date")(now=now) is None


@pytest.mark.parametrize("name", [DUMP, "server-2026-03-01-033000.tar.gz", "copy.sql"])
def test_a_dump_in_the_making_counts_wherever_there_are_backups(
    one_month: None, listed: Callable[..., None], now: datetime, name: str
) -> None:
    listed(name)
    assert last_backup_date(now=now) == A_MONTH_ON


def test_a_backup_that_could_not_be_deleted_still_holds_them(
    one_month: None, listed: Callable[..., None], now: datetime
) -> None:
    listed(DUMP)
    Backup.objects.update(status="failed", error="refused")
    assert last_backup_date(now=now) == A_MONTH_ON


def test_a_file_that_vanished_may_lie_elsewhere_until_its_time_is_over(
    one_month: None, listed: Callable[..., None], now: datetime
) -> None:
    listed(DUMP)
    Backup.objects.update(status="vanished")
    assert last_backup_date(now=now) == A_MONTH_ON
    assert last_backup_date(now=now + timedelta(days=30)) is None


def test_what_is_gone_holds_nobody(one_month: None, listed: Callable[..., None], now: datetime) -> None:
    listed(DUMP)
    Backup.objects.update(status="gone", destroyed_at=now)
    assert last_backup_date(now=now) is None


def test_a_storage_that_was_never_listed_may_hold_them(dumps: Path, one_month: None, now: datetime) -> None:
    assert last_backup_date(now=now) == A_MONTH_ON


def test_without_a_promised_period_there_is_no_end(listed: Callable[..., None], now: datetime) -> None:
    listed(DUMP)
    assert last_backup_date(now=now) == NO_END


def test_a_site_without_backups_says_so(settings: Any, now: datetime) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "dbbackup"]
    settings.STORAGES = {name: entry for name, entry in settings.STORAGES.items() if name != "dbbackup"}
    assert last_backup_date(now=now) is None
