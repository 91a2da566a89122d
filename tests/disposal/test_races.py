"""Two at once, and a crash at any statement: an account goes once, is proved once, and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, connections, transaction
from django.test import Client, override_settings

from privacy.core.actors import Actor
from privacy.disposal import destroying
from privacy.disposal.closing import lock_again
from privacy.disposal.journal import files
from privacy.disposal.models import Captured, Closure, Sweep
from privacy.disposal.obstacles import Obstacle
from privacy.disposal.services import (
    AccountGone,
    Mandate,
    WrongState,
    close_account,
    run_closure,
    run_closures,
)
from privacy.evidence.models import EvidenceEntry
from privacy.promises.models import ProfileTable
from tests.disposal.planting import plant
from tests.disposal.searching import tables_with
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

BY_PASSWORD = Mandate("member", "page", "password")
NIGHT = Actor.system("night")
STATES = ("intended", "done")
only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run each act in a thread with a connection of its own; gives results, or what was raised."""
    ready = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            ready.wait(timeout=30)
            results[number] = act()
        except Exception as error:  # noqa: BLE001 the test looks at it
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def proofs(act: str) -> int:
    """How many accounts the evidence says this happened to."""
    counts = EvidenceEntry.objects.filter(act=act).values_list("counts", flat=True)
    return sum(found.get("accounts", 1) for found in counts)


def planned(user: Any, now: datetime, **values: Any) -> Closure:
    given = {"pseudonym": "p", "channel": "command", "closed_at": now, "due_at": now, "status": "planned"}
    return Closure.objects.create(subject_key=str(user.pk), **given | values)


def test_two_clicks_on_the_button_close_the_account_once(now: datetime, actor: Actor) -> None:
    user = plant("clicked")

    def click() -> Any:
        return close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)

    reports = at_once(click, click, click)

    assert [report for report in reports if isinstance(report, Exception)] == []
    assert {report.status for report in reports} <= {"done", "cut_off"}
    closure = Closure.objects.get()
    assert (closure.status, closure.errors) == ("done", [])
    assert len(closure.kept) == 2
    assert (proofs("disposal.account_erased"), proofs("disposal.finished")) == (1, 1)


def test_two_nights_at_once_erase_and_finish_each_account_once(now: datetime, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "BATCH_SIZE": 3}
    for number in range(12):
        planned(plant(f"crowd{number}", orders=1), now)

    def night() -> Any:
        return run_closures(now=now, horizon=now, actor=NIGHT)

    counts = at_once(night, night)

    assert [found for found in counts if isinstance(found, Exception)] == []
    night()  # what one left to the other, and the other had passed already
    assert set(Closure.objects.values_list("status", flat=True)) == {"done"}
    assert (proofs("disposal.account_erased"), proofs("disposal.finished")) == (12, 12)
    assert [closure.pk for closure in Closure.objects.all() if not closure.kept] == []
    assert tables_with("crowd") == []


def test_a_night_and_the_admins_button_at_once_share_one_closure(now: datetime, actor: Actor) -> None:
    closure = planned(plant("shared"), now)

    results = at_once(
        lambda: run_closures(now=now, horizon=now, actor=NIGHT),
        lambda: run_closure(closure=closure, now=now, actor=actor),
    )

    assert [found for found in results if isinstance(found, Exception) and not isinstance(found, WrongState)] == []
    run_closures(now=now, horizon=now, actor=NIGHT)
    closure.refresh_from_db()
    assert closure.status == "done"
    assert {item["model"] for item in closure.kept} == {"host.Order", "host.Invoice"}
    assert (proofs("disposal.account_erased"), proofs("disposal.finished")) == (1, 1)


def test_an_account_that_is_gone_tells_what_became_of_it(now: datetime, actor: Actor) -> None:
    user = plant("gone")
    first = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    assert close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor) == first
    assert proofs("disposal.finished") == 1
    stranger = get_user_model().objects.create_user("stranger")
    users = get_user_model().objects.filter(pk=stranger.pk)
    users._raw_delete(users.db)
    with pytest.raises(AccountGone, match="user"):
        close_account(user=stranger, mandate=BY_PASSWORD, now=now, actor=actor)


class Crash(BaseException):
    """The process dies: nothing of ours catches it."""


class DieAt:
    """Dies before the n-th statement, or lives on when there are fewer."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.left == 0:
            raise Crash
        self.left -= 1
        return execute(sql, params, many, context)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # who dies closes no cursor
@pytest.mark.parametrize("by_night", [False, True])
def test_a_crash_at_any_statement_is_repaired_by_the_next_run(now: datetime, actor: Actor, by_night: bool) -> None:
    def close(user: Any) -> None:
        if by_night:
            run_closures(now=now, horizon=now, actor=NIGHT)
        else:
            close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)

    def begin(name: str) -> Any:
        user = plant(name)
        if by_night:
            planned(user, now)
        return user

    close(begin("xqfirst"))  # caches are warm from here on
    counting, second = DieAt(10_000), begin("xqsecond")
    with connection.execute_wrapper(counting):
        close(second)
    total = 10_000 - counting.left
    assert total > 100
    erased = 2
    for number in range(0, total, total // 15):
        user = begin(f"xqdied{number}x")
        with connection.execute_wrapper(DieAt(number)), pytest.raises(Crash):
            close(user)
        connection.close()
        if Closure.objects.count() == erased:
            # The first request died before it committed anything: nobody was told that the account is closed.
            assert get_user_model().objects.filter(pk=user.pk, is_active=True).exists()
            close(user)
        later = now + timedelta(days=1)
        run_closures(now=later, horizon=later, actor=NIGHT)
        erased += 1
        assert tables_with(f"xqdied{number}x") == [], number
        assert not Closure.objects.open().exists(), number
        assert (proofs("disposal.account_erased"), proofs("disposal.finished")) == (erased, erased), number
    assert not Sweep.objects.exists()
    assert not Captured.objects.exists()


def test_inside_the_doors_own_transaction_the_report_says_only_what_is_true_by_then(
    now: datetime, actor: Actor
) -> None:
    """ATOMIC_REQUESTS: files and stores follow when the door's transaction commits."""
    user = plant("atomic")
    with transaction.atomic():
        report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
        assert (report.status, report.errors) == ("cut_off", ())
        assert Sweep.objects.exists()
    closure = Closure.objects.get()
    assert (closure.status, closure.subject_key) == ("done", "")
    assert not Sweep.objects.exists()


def test_a_reopened_account_stays_although_the_database_refuses_its_batch(now: datetime, actor: Actor) -> None:
    """A batch that fails is taken apart: what was sorted out before must stay sorted out."""
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    reopened, stuck = plant("reopened"), plant("stuck", orders=0)
    for user in (reopened, stuck):
        close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    get_user_model().objects.filter(pk=reopened.pk).update(is_active=True)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE stranger (user_id integer REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED)")
        cursor.execute("INSERT INTO stranger VALUES (%s)", [stuck.pk])
    later = now + timedelta(days=200)
    try:
        counts = run_closures(now=later, horizon=later, actor=NIGHT)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE stranger")
    assert counts == {"accounts": 0, "partial": 1, "reopened": 1}
    assert get_user_model().objects.get(pk=reopened.pk).is_active
    assert host.Order.objects.filter(customer=reopened).count() == 2


def test_running_a_closure_again_takes_it_back_when_its_account_was_reopened(now: datetime, actor: Actor) -> None:
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    user = plant("button")
    close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    get_user_model().objects.filter(pk=user.pk).update(is_active=True)

    report = run_closure(closure=Closure.objects.get(), now=now + timedelta(days=200), actor=actor)

    assert report.status == "cancelled"
    assert get_user_model().objects.get(pk=user.pk).is_active


def test_a_page_that_fails_behind_the_closing_does_not_undo_it(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """ATOMIC_REQUESTS: the privacy page keeps its own transactions."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    user, client = plant("xqpage"), Client(raise_request_exception=False)
    client.force_login(user)
    with override_settings(TEMPLATES=[]):  # no farewell can be drawn
        answer = client.post("/account/privacy/close/", {"password": "secret xqpage", "understood": "on"})
    assert answer.status_code == 500
    assert Closure.objects.get().status == "done"
    assert tables_with("xqpage") == []


def test_a_closure_that_another_run_finished_is_not_held_again_in_place_of_one_that_it_erased(now: datetime) -> None:
    mine, theirs = planned(plant("mine"), now, erased_at=now), planned(plant("theirs"), now)
    Closure.objects.filter(pk=mine.pk).update(status="done")
    Closure.objects.filter(pk=theirs.pk).update(erased_at=now)
    with transaction.atomic():
        assert lock_again([mine], Closure.objects.unfinished().erased(), wait=True) == []


def test_of_closures_that_are_locked_again_those_that_changed_meanwhile_are_left_out(now: datetime) -> None:
    gone, still = (planned(plant(name), now, erased_at=now) for name in ("gone", "still"))
    Closure.objects.filter(pk=gone.pk).update(status="done")
    with transaction.atomic():
        assert lock_again([gone, still], Closure.objects.unfinished().erased(), wait=True) == [still]


@only_postgresql
def test_what_another_run_held_when_it_was_intended_is_left_to_it_by_every_attempt(
    now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has told the journal that it is about to go."""
    planned(plant("mine"), now)
    theirs = planned(plant("theirs"), now)
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Closure.objects.select_for_update().get(pk=theirs.pk)
            held.set()
            free.wait(timeout=30)

    other: list[threading.Thread] = []

    def obstacles(closures: Any) -> list[Obstacle]:
        """Somebody is in the way, and the other run begins."""
        other.append(threading.Thread(target=lambda: at_once(hold)))
        other[0].start()
        assert held.wait(timeout=30)
        return [Obstacle("in the way of nobody", frozenset())]

    def fails_once(closures: Any, **about: Any) -> Any:
        monkeypatch.setattr(destroying, "destroy_together", destroy_together)
        free.set()
        other[0].join(timeout=30)
        raise ValueError

    destroy_together = destroying.destroy_together
    monkeypatch.setattr(destroying, "_obstacles", obstacles)
    monkeypatch.setattr(destroying, "destroy_together", fails_once)
    with override_settings(PRIVACY={**settings.PRIVACY, "JOURNAL_DIR": str(tmp_path)}):
        run_closures(now=now, horizon=now, actor=NIGHT)
        told = {state: {each.line.id for each in files.lines_since() if each.line.state == state} for state in STATES}
    assert told["done"] <= told["intended"]
    assert str(theirs.pk) not in told["done"]
