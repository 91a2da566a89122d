"""External stores: nothing but a plain "nothing is left" counts, and what is open is asked again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.checks import run_checks
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Promised, Status
from privacy.disposal import receipts
from privacy.disposal.models import Closure, StoreReceipt, Sweep
from privacy.disposal.promises import erasures_complete, stores_confirmed
from privacy.disposal.queries import store_standings
from privacy.disposal.services import (
    Mandate,
    NothingToSettle,
    StoreStillDeclared,
    close_account,
    run_closures,
    settle_store,
)
from privacy.evidence.models import EvidenceEntry
from privacy.retention.execution import run_night
from privacy.retention.services import approve_night
from tests.disposal.outside import Place, answers, declare, place, withdraw
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = Actor.system("night")
PROMISE = Promised("HTC-5.1-4", "§5.1", "On request any reference to the person is deleted.")
BAD = ("refuses", "hangs", "lies", "silent")
SAID = {"refuses": "refused", "hangs": "late", "lies": "left", "silent": "silent"}
REASON = {
    "refuses": "mailer: HTTPError",
    "hangs": "mailer: no answer within 0.3 s",
    "lies": "mailer: 3 records left",
    "silent": "mailer: it did not say what is left",
}


@pytest.fixture
def mailer() -> Iterator[Place]:
    with place("mailer", timeout=0.3) as found:
        yield found


def people(count: int, outside: Place | None = None) -> list[Any]:
    users = [get_user_model().objects.create_user(f"member{number}") for number in range(count)]
    if outside is not None:
        outside.records = {str(user.pk): 3 for user in users}
    return users


def close(user: Any, now: datetime) -> Closure:
    report = close_account(user=user, mandate=Mandate("member", "page", "password"), now=now, actor=Actor.member(user))
    return Closure.objects.get(pk=report.closure_id)


def plan(users: list[Any], now: datetime) -> None:
    Closure.objects.bulk_create(
        Closure(subject_key=str(user.pk), pseudonym="x", channel="page", closed_at=now, due_at=now) for user in users
    )


def ledger(now: datetime) -> Status:
    return stores_confirmed(CheckContext(now, PROMISE)).status


def wait_for(said: Any) -> None:
    for _ in range(200):
        if said():
            return
        time.sleep(0.02)
    raise AssertionError("it never came true")


# --- what counts as success ----------------------------------------------------------------


def test_a_store_that_confirms_closes_its_receipt_in_the_closing_request(mailer: Place, now: datetime) -> None:
    [user] = people(1, mailer)

    closure = close(user, now)

    receipt = StoreReceipt.objects.get()
    assert (closure.status, mailer.records) == ("done", {})
    assert (receipt.store, receipt.answer, receipt.attempts) == ("mailer", "confirmed", 1)
    assert receipt.asked_at == receipt.verified_at == now
    fields = {field.attname for field in StoreReceipt._meta.concrete_fields}
    assert not fields & {"subject_key", "user_id", "key"}, "the closure alone knows whose it is"
    assert closure.subject_key == ""


@pytest.mark.parametrize("mood", BAD)
def test_a_store_that_raises_hangs_lies_or_is_silent_is_never_counted_as_success(
    mood: str, mailer: Place, now: datetime
) -> None:
    [user] = people(1, mailer)
    mailer.mood = mood

    closure = close(user, now)

    assert (closure.status, closure.errors) == ("partial", [REASON[mood]])
    assert closure.subject_key == str(user.pk)
    receipt = StoreReceipt.objects.get()
    assert (receipt.answer, receipt.verified_at, receipt.attempts) == (SAID[mood], None, 1)
    assert ledger(now) is Status.BROKEN
    assert erasures_complete(CheckContext(now, PROMISE)).status is Status.BROKEN


@pytest.mark.parametrize("said", [None, True, -1, "0", 0.0])
def test_only_a_whole_number_says_what_is_left(said: Any, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    store = declare("odd", Place())
    monkeypatch.setattr(store, "erase", lambda self, keys: None)
    monkeypatch.setattr(store, "verify", lambda self, keys: said)

    assert close(*people(1), now).errors == ["odd: it did not say what is left"]


def test_a_store_that_cannot_even_be_made_keeps_no_account_open(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Any) -> None:
        raise KeyError("CRM_TOKEN")

    monkeypatch.setattr(declare("crm", Place()), "__init__", fail)
    [user] = people(1)

    closure = close(user, now)

    assert (closure.status, closure.errors) == ("partial", ["crm: KeyError"])
    assert closure.erased_at == now
    assert not get_user_model().objects.filter(pk=user.pk).exists()


# --- slow, or not there at all ---------------------------------------------------------------


@pytest.mark.parametrize("mood", BAD)
def test_an_external_store_that_answers_slowly_or_not_at_all_is_reported_nothing_is_lost_and_the_next_night_repairs_it(
    mood: str, mailer: Place, now: datetime
) -> None:
    """Must show: the night with an external store that answers slowly or not at all."""
    users = people(6, mailer)
    run_night(now=now, actor=NIGHT)
    approve_night(now=now, actor=NIGHT)
    run_night(now=now, actor=NIGHT)
    plan(users, now)
    mailer.mood = mood

    bad = run_night(now=now + timedelta(days=1), actor=NIGHT)

    if bad.status == "awaiting_approval":  # six of so few accounts are a large night
        approve_night(now=now, actor=NIGHT)
        bad = run_night(now=now + timedelta(days=1, minutes=1), actor=NIGHT)
    steps = {step.name: step for step in bad.steps}
    assert bad.status == "failed"
    assert "6 accounts are partial" in steps["disposal.closures"].error
    assert steps["disposal.stores"].error == f"mailer: 6 people unconfirmed ({SAID[mood]} 6)"
    assert answers(StoreReceipt.objects.open()) == {SAID[mood]: 6}
    assert set(Closure.objects.values_list("subject_key", flat=True)) == {str(user.pk) for user in users}

    mailer.mood = "well"
    mailer.let_go.set()
    if mood == "hangs":
        wait_for(lambda: not any(t.is_alive() for t in _late().values()))
    mended = now + timedelta(days=2)
    good = run_night(now=mended, actor=NIGHT)

    assert {step.name: step for step in good.steps}["disposal.stores"].counts == {"open": 0, "confirmed": 6}
    assert mailer.records == {}
    assert set(Closure.objects.values_list("status", "subject_key")) == {("done", "")}
    assert ledger(mended) is Status.KEPT


def test_a_storage_that_answers_slowly_or_not_at_all_is_reported_nothing_is_lost_and_the_next_night_repairs_it(
    now: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Must show: the night with a storage that answers slowly or not at all."""
    settings.PRIVACY = {**settings.PRIVACY, "STORAGE_TIMEOUT": 1}
    let_go = threading.Event()

    class Hanging(FileSystemStorage):
        def delete(self, name: str) -> None:
            let_go.wait(60)
            super().delete(name)

    users = people(3)
    for user in users:
        host.Upload(owner=user, title="one").file.save(f"{user.pk}.txt", ContentFile(b"of a person"))
    field = host.Upload._meta.get_field("file")
    monkeypatch.setattr(field, "storage", Hanging())
    plan(users, now)

    counts = run_closures(now=now, horizon=now, actor=NIGHT)

    assert (counts["accounts"], counts["partial"]) == (0, 3)
    assert [closure.errors for closure in Closure.objects.all()] == [
        ["host.Upload.file: a file could not be removed (Late)"]
    ] * 3
    assert Sweep.objects.count() == 3
    report = run_night(now=now, actor=NIGHT, step="disposal.files", dry_run=True)
    assert report.steps[0].counts == {"files": 3}

    let_go.set()
    wait_for(lambda: not any(thread.is_alive() for thread in _late().values()))
    assert run_closures(now=now, horizon=now, actor=NIGHT)["accounts"] == 3
    assert not Sweep.objects.exists()
    assert list(Path(settings.MEDIA_ROOT).rglob("*.txt")) == []
    assert set(Closure.objects.values_list("status", flat=True)) == {"done"}


def _late() -> dict[str, Any]:
    from privacy.disposal.patience import _late

    return _late


def test_a_store_that_hangs_is_waited_for_once_and_costs_no_second_thread(mailer: Place, now: datetime) -> None:
    first, second = people(2, mailer)
    mailer.mood = "hangs"
    close(first, now)

    closure = close(second, now)

    assert closure.errors == ["mailer: no answer within 0.3 s"]
    assert len(mailer.asked["/erase"]) == 1, "the first answer is still awaited"
    assert sum(thread.name == "privacy: store mailer" for thread in threading.enumerate()) == 1


def test_an_answer_that_comes_too_late_is_no_confirmation(mailer: Place, now: datetime) -> None:
    [user] = people(1, mailer)
    mailer.mood = "hangs"
    close(user, now)
    mailer.mood = "well"
    mailer.let_go.set()
    wait_for(lambda: mailer.records == {})

    assert StoreReceipt.objects.get().verified_at is None


def test_one_store_that_is_down_keeps_none_of_the_others(mailer: Place, now: datetime) -> None:
    with place("archive") as archive, place("zoo") as zoo:
        [user] = people(1)
        for outside in (mailer, archive, zoo):
            outside.records = {str(user.pk): 1}
        mailer.mood = "refuses"

        closure = close(user, now)

        assert closure.errors == ["mailer: HTTPError"]
        assert archive.records == zoo.records == {}
        mailer.mood = "well"
        run_closures(now=now, horizon=now, actor=NIGHT)
        assert Closure.objects.get().status == "done"
        assert [len(outside.asked["/erase"]) for outside in (archive, zoo)] == [1, 1], "the night asks what is open"


# --- crashes -------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_a_crash_between_erase_and_verify_repeats_safely(
    moment: str, mailer: Place, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    def crash(*args: Any, **kwargs: Any) -> None:
        if moment == "between":
            mailer.answer("/erase", [str(user.pk)])
        raise Crash

    [user] = people(1, mailer)
    monkeypatch.setattr(receipts, {"before": "ask_stores", "between": "ask", "after": "_write_down"}[moment], crash)
    with pytest.raises(Crash):
        close(user, now)
    monkeypatch.undo()
    assert not get_user_model().objects.exists()
    assert answers(StoreReceipt.objects.open()) == {"waiting": 1}
    assert ledger(now) is Status.BROKEN

    run_closures(now=now, horizon=now, actor=NIGHT)

    assert (Closure.objects.get().status, mailer.records) == ("done", {})
    receipt = StoreReceipt.objects.get()
    assert (receipt.answer, receipt.attempts) == ("confirmed", 1 if moment == "before" else 2)


def test_a_confirmation_is_never_taken_back_by_a_slower_run(mailer: Place, now: datetime) -> None:
    [user] = people(1, mailer)
    mailer.mood = "lies"
    closure = close(user, now)
    [receipt] = StoreReceipt.objects.all()
    mailer.mood = "well"
    run_closures(now=now, horizon=now, actor=NIGHT)

    receipts._write_down("mailer", {receipt.pk: receipts.Answer("left", left=3)}, now=now, actor=NIGHT)

    assert StoreReceipt.objects.get().answer == "confirmed"
    closure.refresh_from_db()
    assert closure.status == "done"


# --- many people ---------------------------------------------------------------------------


def test_receipts_cost_queries_by_batch_and_never_by_person(mailer: Place, now: datetime) -> None:
    def queries_for(count: int) -> int:
        Closure.objects.all().delete()
        get_user_model().objects.all().delete()
        plan(people(count), now)
        with CaptureQueriesContext(connection) as queries:
            run_closures(now=now, horizon=now, actor=NIGHT)
        assert StoreReceipt.objects.confirmed().count() == count
        return sum("storereceipt" in query["sql"] for query in queries)

    queries_for(2)
    assert queries_for(9) == queries_for(3)  # more would be more batches: on SQLite the first has ten people


def test_evidence_tells_receipts_by_counts_and_names_nobody(mailer: Place, now: datetime) -> None:
    users = people(5, mailer)
    plan(users, now)
    mailer.mood = "silent"
    run_closures(now=now, horizon=now, actor=NIGHT)
    mailer.mood = "well"
    run_closures(now=now, horizon=now, actor=NIGHT)

    told = EvidenceEntry.objects.filter(act="disposal.store_answered").order_by("pk")
    assert [(entry.label, entry.counts) for entry in told] == [
        ("privacy.StoreReceipt: mailer", {"silent": 5}),
        ("privacy.StoreReceipt: mailer", {"confirmed": 5}),
    ]


@pytest.mark.parametrize("name", ["crm2", "2nd place", "Käfer & Söhne", "a/b"])
def test_any_name_of_a_store_can_be_told_in_evidence(name: str, now: datetime) -> None:
    with place(name) as outside:
        close(*people(1, outside), now)
    assert EvidenceEntry.objects.filter(act="disposal.store_answered").count() == 1
    assert StoreReceipt.objects.get().store == name


def test_receipts_go_with_their_closure(mailer: Place, now: datetime) -> None:
    from privacy.datamap import graph
    from privacy.disposal.expiry import expire

    close(*people(1, mailer), now)
    declared = graph.find(Closure)
    assert declared is not None
    expire(declared=declared, expiry=declared.expiries[0], cutoff=now, now=now, actor=NIGHT)
    assert not Closure.objects.exists()
    assert not StoreReceipt.objects.exists()


# --- declarations that come and go ------------------------------------------------------------


def test_a_store_declared_later_is_asked_about_every_closure_that_is_still_open(mailer: Place, now: datetime) -> None:
    [user] = people(1, mailer)
    mailer.mood = "refuses"
    close(user, now)
    with place("late") as late:
        late.records = {str(user.pk): 2}
        mailer.mood = "well"
        run_closures(now=now, horizon=now, actor=NIGHT)
        assert late.records == {}
    assert Closure.objects.get().status == "done"
    assert answers(StoreReceipt.objects.all()) == {"confirmed": 2}


def test_a_store_declared_after_accounts_were_erased_is_told_until_it_is_first_asked(now: datetime) -> None:
    user, other = people(2)
    close(user, now)
    with place("late"):
        assert [message.id for message in checks()] == ["privacy.W521"]
        assert ledger(now) is Status.CANNOT_TELL
        close(other, now)
        assert checks() == []
        assert ledger(now) is Status.KEPT


def test_a_store_removed_while_receipts_are_open_is_told_and_the_closure_stays_partial(
    mailer: Place, now: datetime
) -> None:
    [user] = people(1, mailer)
    mailer.mood = "refuses"
    close(user, now)
    withdraw("mailer")

    run_closures(now=now, horizon=now, actor=NIGHT)

    closure = Closure.objects.get()
    assert closure.status == "partial"
    assert closure.errors == ["mailer: it is not declared any more, and never confirmed"]
    assert [message.id for message in checks()] == ["privacy.W520"]
    assert ledger(now) is Status.BROKEN
    report = run_night(now=now, actor=NIGHT, step="disposal.stores")
    assert report.steps[0].error.startswith("mailer: not declared any more, and 1 people unconfirmed")

    declare("mailer", mailer)
    mailer.mood = "well"
    run_closures(now=now, horizon=now, actor=NIGHT)
    assert (Closure.objects.get().status, mailer.records) == ("done", {})


def test_a_person_confirms_for_a_store_that_is_gone_and_the_next_night_finishes(mailer: Place, now: datetime) -> None:
    mailer.mood = "refuses"
    close(*people(1, mailer), now)
    with pytest.raises(StoreStillDeclared):
        settle_store(store="mailer", now=now, actor=NIGHT)
    withdraw("mailer")

    assert settle_store(store="mailer", now=now, actor=NIGHT) == 1

    with pytest.raises(NothingToSettle):
        settle_store(store="mailer", now=now, actor=NIGHT)
    run_closures(now=now, horizon=now, actor=NIGHT)
    assert Closure.objects.get().status == "done"
    entry = EvidenceEntry.objects.get(act="disposal.store_settled")
    assert (entry.label, entry.counts) == ("privacy.StoreReceipt: mailer", {"accounts": 1})
    assert checks() == []


def checks() -> list[Any]:
    return [message for message in run_checks(databases=["default"]) if message.id in ("privacy.W520", "privacy.W521")]


# --- the live check --------------------------------------------------------------------------


def test_a_store_that_was_not_asked_yet_has_the_tolerance_of_the_promise(mailer: Place, now: datetime) -> None:
    closure = close(*people(1, mailer), now)
    StoreReceipt.objects.update(answer="waiting", verified_at=None, opened_at=now)
    promise = Promised("HTC-10-3", "§10", "At once.", params={"tolerance": "PT5M"})

    assert closure.status == "done"
    assert stores_confirmed(CheckContext(now + timedelta(minutes=4), promise)).status is not Status.BROKEN
    assert stores_confirmed(CheckContext(now + timedelta(minutes=6), promise)).status is Status.BROKEN


def test_without_a_store_or_a_receipt_nobody_can_tell(now: datetime) -> None:
    assert ledger(now) is Status.CANNOT_TELL
    with place("mailer"):
        assert ledger(now) is Status.CANNOT_TELL


# --- screens -------------------------------------------------------------------------------


@pytest.fixture
def staff(client: Client) -> Client:
    user = get_user_model().objects.create_user("clerk", is_staff=True)
    codes = ("view_closure", "view_storereceipt", "settle_store")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="privacy", codename__in=codes))
    client.force_login(user)
    return client


def test_the_closures_page_shows_the_receipt_of_each_store(staff: Client, mailer: Place) -> None:
    with place("archive"):
        mailer.mood = "lies"
        closure = close(*people(1, mailer), timezone.now())
    page = staff.get(reverse("admin:privacy_closure_change", args=[closure.pk])).content.decode()
    assert "What outside places confirmed" in page
    assert page.index("archive") < page.index("something left")
    assert "3 records left" in page


def test_the_list_of_places_shows_each_and_lets_staff_confirm_for_one_that_is_gone(
    staff: Client, mailer: Place, django_assert_max_num_queries: Any
) -> None:
    mailer.mood = "refuses"
    for user in people(4, mailer):
        close(user, timezone.now())
    url = reverse("admin:privacy_storereceipt_changelist")
    with django_assert_max_num_queries(16):
        page = staff.get(url).content.decode()
    assert "Not every place has confirmed" in page
    assert "HTTPError" in page
    assert "It is gone" not in page
    withdraw("mailer")
    page = staff.get(url).content.decode()
    assert "did not confirm for 4 people" in page
    assert "It is gone" in page

    answer = staff.post(reverse("admin:privacy_storereceipt_settle"), {"store": "mailer"}, follow=True)

    assert "Confirmed for 4 people" in answer.content.decode()
    assert store_standings() == []


def test_nobody_confirms_for_a_store_without_the_permission(client: Client, mailer: Place, now: datetime) -> None:
    mailer.mood = "refuses"
    close(*people(1, mailer), now)
    withdraw("mailer")
    user = get_user_model().objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_storereceipt"))
    client.force_login(user)
    assert "It is gone" not in client.get(reverse("admin:privacy_storereceipt_changelist")).content.decode()
    assert client.post(reverse("admin:privacy_storereceipt_settle"), {"store": "mailer"}).status_code == 403
    assert StoreReceipt.objects.open().count() == 1


@pytest.mark.parametrize(
    ("language", "mood", "says"),
    [
        ("en", "well", "Mailer: confirmed that nothing of yours is left"),
        ("en", "lies", "Mailer: has not confirmed yet; we ask again every night"),
        ("de", "well", "Mailer: hat bestätigt, dass nichts mehr von Ihnen da ist"),
    ],
)
def test_the_farewell_says_which_outside_places_confirmed(
    language: str, mood: str, says: str, mailer: Place, client: Client, settings: Any
) -> None:
    settings.LANGUAGE_CODE = language
    user = get_user_model().objects.create_user("leaving", password="a long secret")
    mailer.records = {str(user.pk): 3}
    mailer.mood = mood
    client.force_login(user)
    page = client.post("/account/privacy/close/", {"password": "a long secret", "understood": "on"}).content.decode()
    assert says in page
    assert host.Order.objects.count() == 0
