"""Would a restored backup be cleaned? In pairs: a planted breach is broken, its mending kept, no data cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Promised, Status, live_checks, providers
from privacy.disposal import services
from privacy.disposal.journal import files
from privacy.disposal.models import Closure, JournalPage
from tests.disposal.planting import plant

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[..., Status]


@pytest.fixture
def ask(now: datetime) -> Ask:
    def answer(at: datetime = now) -> Status:
        context = CheckContext(at, Promised("X-1", "§1", "a promise"))
        return live_checks.get("disposal.erasures_replayable").run(context).status

    return answer


@pytest.fixture
def oldest() -> Callable[[datetime | None], None]:
    def is_(moment: datetime | None) -> None:
        providers._entries["oldest_backup"] = lambda *, now: moment

    return is_


def close(now: datetime, actor: Actor) -> None:
    mandate = services.Mandate("member", "page", "password")
    services.close_account(user=plant("someone"), mandate=mandate, now=now, actor=actor)


def test_without_backups_and_journal_nobody_can_tell_and_with_backups_it_is_broken(
    ask: Ask, oldest: Callable[..., None], now: datetime
) -> None:
    oldest(None)
    assert ask() is Status.CANNOT_TELL
    oldest(now)
    assert ask() is Status.BROKEN


def test_an_empty_journal_cannot_tell_and_one_that_tells_is_kept(
    journal: Path, ask: Ask, now: datetime, actor: Actor
) -> None:
    assert ask() is Status.CANNOT_TELL
    close(now, actor)
    assert ask() is Status.KEPT


def test_a_page_that_is_not_written_breaks_it_until_it_is(journal: Path, ask: Ask, now: datetime, actor: Actor) -> None:
    close(now, actor)
    JournalPage.objects.update(written=False)
    assert ask(now + timedelta(hours=2)) is Status.BROKEN
    JournalPage.objects.update(written=True)
    assert ask(now + timedelta(hours=2)) is Status.KEPT


def test_a_restore_that_waits_breaks_it_until_the_replay(journal: Path, ask: Ask, now: datetime, actor: Actor) -> None:
    close(now, actor)
    files.set_marker("signal", now)
    assert ask() is Status.BROKEN
    files.clear_marker()
    assert ask() is Status.KEPT


def test_an_undecided_account_breaks_it_until_somebody_decides(
    journal: Path, ask: Ask, now: datetime, actor: Actor
) -> None:
    close(now, actor)
    Closure.objects.update(status="undecided")
    assert ask() is Status.BROKEN
    Closure.objects.update(status="done")
    assert ask() is Status.KEPT


def test_an_emptied_folder_breaks_it_until_the_journal_is_back(
    journal: Path, ask: Ask, now: datetime, actor: Actor
) -> None:
    close(now, actor)
    journal.rename(journal.with_name("elsewhere"))
    assert ask() is Status.BROKEN
    journal.with_name("elsewhere").rename(journal)
    assert ask() is Status.KEPT


def test_a_segment_that_outlives_the_last_backup_breaks_it_until_it_goes(
    journal: Path, ask: Ask, oldest: Callable[..., None], now: datetime, actor: Actor
) -> None:
    close(now, actor)
    later = datetime.now(UTC) + timedelta(days=3)
    oldest(None)
    assert ask(later) is Status.BROKEN
    files.delete(files.segments()[0])
    close(now, actor)
    oldest(datetime.now(UTC) - timedelta(days=1))
    assert ask(later) is Status.KEPT


def ids() -> set[str]:
    return {
        str(found.id) for found in run_checks() if str(found.id) in ("privacy.W210", "privacy.W211", "privacy.E212")
    }


def test_a_journal_without_the_guard_is_told(journal: Path, settings: Any) -> None:
    assert ids() == {"privacy.W211"}
    settings.MIDDLEWARE = ["privacy.disposal.middleware.RestoreGuard", *settings.MIDDLEWARE]
    assert ids() == set()


def test_a_folder_that_is_none_is_told(journal: Path, settings: Any) -> None:
    settings.MIDDLEWARE = ["privacy.disposal.middleware.RestoreGuard", *settings.MIDDLEWARE]
    journal.write_text("a file")
    assert ids() == {"privacy.E212"}


def test_a_live_site_without_a_journal_is_told(settings: Any, journal: Path) -> None:
    def told() -> bool:
        return any(found.id == "privacy.W210" for found in run_checks(include_deployment_checks=True))

    assert not told()
    settings.PRIVACY = {key: value for key, value in settings.PRIVACY.items() if key != "JOURNAL_DIR"}
    assert told()


@pytest.mark.parametrize("value", ["relative/folder", 7])
def test_a_folder_must_be_named_absolutely(settings: Any, value: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "JOURNAL_DIR": value}
    [found] = [found for found in run_checks() if found.id == "privacy.E002"]
    assert "JOURNAL_DIR" in str(found.msg)
