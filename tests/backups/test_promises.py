"""Live checks in pairs: a planted breach is broken, its mending kept, no data cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from privacy.backups import services
from privacy.backups.models import Backup
from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Finding, Promised, Status, live_checks
from tests.backups.conftest import Stubborn

pytestmark = pytest.mark.django_db
Put = Callable[..., str]
OLD = "default-server-2026-02-10-033000.dump"
YOUNG = "default-server-2026-03-10-033000.dump"


def ask(name: str, now: datetime, **promised: Any) -> Finding:
    promise = Promised("HTC-10-4", "§10", "Backups are kept for one month", **promised)
    return live_checks.get(f"backups.{name}").run(CheckContext(now, promise))


def test_a_backup_over_its_month_breaks_the_promise_and_its_end_mends_it(
    put: Put, one_month: None, now: datetime, actor: Actor
) -> None:
    put(OLD)
    put(YOUNG)
    services.reconcile(now=now, actor=actor)
    found = ask("none_over_age", now, figure="P1M")
    assert (found.status, found.figure) == (Status.BROKEN, "1 of 2")
    services.expire(now=now, horizon=now + timedelta(days=1), actor=actor)
    found = ask("none_over_age", now, figure="P1M")
    assert (found.status, found.figure) == (Status.KEPT, "0 of 1")


@pytest.mark.parametrize(
    ("taken", "end"),
    [
        ("2026-01-31-120000", "2026-02-28T11:00:00"),  # no 31 February
        ("2024-01-31-120000", "2024-02-29T11:00:00"),
        ("2026-02-28-120000", "2026-03-28T11:00:00"),  # a month, not the month's last day
        ("2026-02-28-150000", "2026-03-28T14:00:00"),
        ("2026-03-01-120000", "2026-04-01T10:00:00"),  # the clocks went forward in between
        ("2025-09-26-120000", "2025-10-26T11:00:00"),  # and back
    ],
)
def test_the_promise_breaks_at_the_very_second_at_which_the_calendar_month_is_over(
    put: Put, one_month: None, actor: Actor, taken: str, end: str
) -> None:
    put(f"default-server-{taken}.dump")
    over = datetime.fromisoformat(end).replace(tzinfo=UTC)
    services.reconcile(now=over - timedelta(seconds=1), actor=actor)
    assert ask("none_over_age", over - timedelta(seconds=1)).status == Status.KEPT
    assert ask("none_over_age", over).status == Status.BROKEN


def test_a_deletion_that_failed_breaks_it_even_before_the_month_is_over(
    put: Put, use_storage: Callable[..., None], one_month: None, now: datetime, actor: Actor
) -> None:
    put("default-server-2026-02-17-120000.dump")
    use_storage(Stubborn, refuses="02-17")
    services.reconcile(now=now, actor=actor)
    assert ask("none_over_age", now).status == Status.KEPT
    services.expire(now=now, horizon=now + timedelta(days=1), actor=actor)
    found = ask("none_over_age", now)
    assert found.status == Status.BROKEN
    assert "Permission denied" in found.why
    use_storage(Stubborn)
    services.expire(now=now, horizon=now + timedelta(days=1), actor=actor)
    assert ask("none_over_age", now).status == Status.KEPT


def test_a_missed_listing_breaks_it_and_a_new_one_mends_it(
    put: Put, one_month: None, now: datetime, actor: Actor
) -> None:
    put(YOUNG)
    services.reconcile(now=now, actor=actor)
    later = now + timedelta(hours=27)
    assert ask("none_over_age", now + timedelta(hours=26)).status == Status.KEPT
    assert ask("none_over_age", later).status == Status.BROKEN
    services.reconcile(now=later, actor=actor)
    assert ask("none_over_age", later).status == Status.KEPT


def test_a_listing_that_was_made_while_the_clock_was_ahead_proves_nothing(
    put: Put, one_month: None, now: datetime, actor: Actor
) -> None:
    put(YOUNG)
    services.reconcile(now=now + timedelta(days=400), actor=actor)
    assert ask("none_over_age", now).status == Status.BROKEN
    services.reconcile(now=now, actor=actor)
    assert ask("none_over_age", now).status == Status.KEPT


def test_nobody_can_tell_before_the_first_listing_and_without_any_backup(
    dumps: Path, one_month: None, now: datetime, actor: Actor
) -> None:
    assert ask("none_over_age", now, figure="P1M").status == Status.CANNOT_TELL
    services.reconcile(now=now, actor=actor)
    assert ask("none_over_age", now, figure="P1M").status == Status.CANNOT_TELL


def test_nobody_can_tell_without_a_period(put: Put, now: datetime, actor: Actor) -> None:
    put(OLD)
    services.reconcile(now=now, actor=actor)
    assert ask("none_over_age", now).status == Status.CANNOT_TELL


def test_a_backup_in_another_region_breaks_the_promise_and_its_move_mends_it(
    put: Put, one_month: None, now: datetime, actor: Actor, settings: Any
) -> None:
    put(YOUNG)
    settings.PRIVACY = {**settings.PRIVACY, "BACKUP_REGION": "us-east-1"}
    services.reconcile(now=now, actor=actor)
    found = ask("regions_within", now)
    assert (found.status, found.figure) == (Status.BROKEN, "1 of 1")
    settings.PRIVACY = {**settings.PRIVACY, "BACKUP_REGION": "EU"}
    services.reconcile(now=now, actor=actor)
    assert ask("regions_within", now).status == Status.KEPT


def test_nobody_can_tell_where_backups_are_without_a_region_a_backup_or_a_promise(
    put: Put, promised: Callable[..., None], now: datetime, actor: Actor
) -> None:
    assert ask("regions_within", now).status == Status.CANNOT_TELL
    promised(regions=["EU"])
    assert ask("regions_within", now).status == Status.CANNOT_TELL
    put(YOUNG)
    services.reconcile(now=now, actor=actor)
    assert Backup.objects.get().region == ""
    found = ask("regions_within", now)
    assert (found.status, "BACKUP_REGION" in found.why) == (Status.CANNOT_TELL, True)
