"""Each account stands in the journal once, whatever crashes, and nothing goes that does not stand in it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from privacy.core.actors import Actor
from privacy.disposal import services
from privacy.disposal.journal import closures as journalling
from privacy.disposal.journal import files, telling
from privacy.disposal.journal.keeping import keep_journal
from privacy.disposal.models import Closure, JournalPage
from privacy.promises.models import ProfileTable
from tests.disposal.journal.conftest import head_of, text_of, told
from tests.disposal.planting import plant

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = services.Mandate("member", "page", "password")


def close(user: Any, now: datetime, actor: Actor) -> services.ClosureReport:
    return services.close_account(user=user, mandate=PASSWORD, now=now, actor=actor)


def test_a_closure_is_told_before_and_after_and_names_nobody(journal: Path, now: datetime, actor: Actor) -> None:
    user = plant("telltale")
    report = close(user, now, actor)
    assert report.status == "done"
    assert told() == [(str(report.closure_id), "intended"), (str(report.closure_id), "done")]
    assert "telltale" not in text_of(journal)
    page = JournalPage.objects.get()
    assert (page.told, page.written) == ([], True)
    assert head_of(journal) == {"page": page.pk, "token": page.token}


def test_a_batch_tells_each_account_once(journal: Path, now: datetime, actor: Actor) -> None:
    people = [plant(f"many{number}") for number in range(4)]
    users = get_user_model().objects.filter(pk__in=[user.pk for user in people])
    services.close_accounts(users=users, mandate=services.Mandate("site", "command"), now=now, actor=actor)
    assert Counter(state for _, state in told()) == {"intended": 4, "done": 4}
    assert len({name for name, _ in told()}) == 4


def test_nothing_is_destroyed_that_the_journal_cannot_be_told(journal: Path, now: datetime, actor: Actor) -> None:
    user = plant("fulldisk")
    journal.write_text("no folder")
    report = close(user, now, actor)
    assert report.status == "partial"
    assert "journal" in report.errors[0]
    assert get_user_model().objects.filter(pk=user.pk, is_active=False).exists()
    journal.unlink()
    closure = Closure.objects.get()
    assert services.run_closure(closure=closure, now=now, actor=actor).status == "done"
    assert [state for _, state in told()] == ["intended", "done"]


def test_an_attempt_that_failed_is_not_told_twice(
    journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = plant("twice")
    with monkeypatch.context() as patched:
        patched.setattr("privacy.disposal.destroying.erase", _fails)
        assert close(user, now, actor).status == "partial"
    assert [state for _, state in told()] == ["intended"]
    services.run_closures(now=now, horizon=now + timedelta(days=1), actor=actor)
    assert [state for _, state in told()] == ["intended", "done"]


def _fails(**_: Any) -> None:
    raise RuntimeError


def test_what_a_crash_kept_from_the_files_is_appended_by_the_night(
    journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(telling, "_append_own", lambda page: None)  # the process dies right after the commit
        close(plant("late"), now, actor)
    assert [state for _, state in told()] == ["intended"]
    for _ in range(2):
        keep_journal(now=now + timedelta(hours=2))
        assert [state for _, state in told()] == ["intended", "done"]


def test_what_was_appended_and_not_marked_is_not_appended_again(
    journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(telling, "_written", lambda page: None)  # the process dies right after the append
        close(plant("once"), now, actor)
    assert JournalPage.objects.unwritten().count() == 1
    assert keep_journal(now=now + timedelta(hours=2)).appended == 0
    assert [state for _, state in told()] == ["intended", "done"]
    assert not JournalPage.objects.unwritten().exists()


def test_an_intention_whose_transaction_never_came_to_be_is_told_void(
    journal: Path, now: datetime, actor: Actor
) -> None:
    user = plant("rolledback")
    with transaction.atomic():
        close(user, now, actor)
        transaction.set_rollback(True)
    assert [state for _, state in told()] == ["intended"]
    assert keep_journal(now=now).void == 0, "its transaction may still be open"
    assert keep_journal(now=now + timedelta(hours=2)).void == 1
    assert keep_journal(now=now + timedelta(hours=3)).void == 0
    assert [state for _, state in told()] == ["intended", "void"]


def test_a_closure_that_waits_and_one_that_is_taken_back_are_told(journal: Path, now: datetime, actor: Actor) -> None:
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    close(plant("waits"), now, actor)
    closure = Closure.objects.get()
    services.cancel_closure(closure=closure, now=now, actor=actor)
    assert [state for _, state in told()] == ["opened", "void"]


def test_segments_go_with_the_last_backup_that_was_taken_before_their_day_was_over(
    journal: Path, now: datetime, actor: Actor
) -> None:
    from privacy.core.registries import providers

    close(plant("segment"), now, actor)
    [segment] = files.segments()
    tomorrow = datetime.combine(segment.day + timedelta(days=1), datetime.min.time(), UTC)
    for oldest, kept in (
        (tomorrow - timedelta(minutes=1), True),
        (datetime.min.replace(tzinfo=UTC), True),
        (tomorrow, False),
    ):
        providers._entries["oldest_backup"] = lambda *, now, oldest=oldest: oldest
        keep_journal(now=tomorrow + timedelta(days=3), dry_run=True)
        assert files.segments()
        keep_journal(now=tomorrow + timedelta(days=3))
        assert bool(files.segments()) == kept, oldest
    assert text_of(journal) == ""


def test_of_today_nothing_goes_even_without_a_backup(journal: Path, now: datetime, actor: Actor) -> None:
    from privacy.core.registries import providers

    providers._entries["oldest_backup"] = lambda *, now: None
    close(plant("today"), now, actor)
    keep_journal(now=datetime.now(UTC))
    assert files.segments()
    keep_journal(now=datetime.now(UTC) + timedelta(days=1))
    assert not files.segments()


def test_without_a_folder_nothing_is_written_anywhere(now: datetime, actor: Actor) -> None:
    assert close(plant("nojournal"), now, actor).status == "done"
    assert not JournalPage.objects.exists()


def test_pages_are_forgotten_but_the_one_the_head_names(journal: Path, now: datetime, actor: Actor) -> None:
    for number in range(3):
        close(plant(f"page{number}"), now, actor)
    keep_journal(now=now)
    assert [page.pk for page in JournalPage.objects.all()] == [head_of(journal)["page"]]


def test_telling_a_batch_takes_the_same_number_of_queries_for_two_and_for_twenty(
    journal: Path, now: datetime, django_assert_num_queries: Any
) -> None:
    users = get_user_model().objects.bulk_create(get_user_model()(username=f"q{n}") for n in range(20))
    closures = [Closure(subject_key=str(user.pk), closed_at=now, due_at=now, channel="page") for user in users]
    Closure.objects.bulk_create(closures)
    for size in (2, 20):
        with django_assert_num_queries(5), transaction.atomic():
            journalling.done(closures[:size], now=now)
