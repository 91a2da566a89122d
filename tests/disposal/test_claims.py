"""Sweeps are claimed: a file is asked for once, and what a dead process held comes back."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection, connections, transaction
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.core.processes import this_process
from privacy.core.registries import NightContext, night_steps
from privacy.disposal import claims, sweeping
from privacy.disposal.claims import CLAIM_FOR, held
from privacy.disposal.models import Closure, Sweep
from privacy.disposal.services import run_closures
from privacy.disposal.sweeping import sweep
from tests.disposal.planting import plant
from tests.disposal.test_races import at_once, planned, proofs
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = Actor.system("night")
ELSEWHERE = "elsewhere|pid:[1]|1|1"


def queued(now: datetime, count: int, **values: Any) -> list[Sweep]:
    names = [default_storage.save(f"uploads/{number}.txt", ContentFile(b"x")) for number in range(count)]
    words = {"kind": "file", "place": "host.Upload.file", "queued_at": now, **values}
    return Sweep.objects.bulk_create(Sweep(name=name, **words) for name in names)


class Listening(FileSystemStorage):
    """Keeps a list of what it was asked to delete; ``meanwhile`` runs in the middle of each."""

    def __init__(self, meanwhile: Any = None) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.meanwhile = meanwhile

    def delete(self, name: str) -> None:
        self.asked.append(name)
        if self.meanwhile:
            self.meanwhile()
        super().delete(name)


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Listening:
    found = Listening()
    monkeypatch.setattr(host.Upload._meta.get_field("file"), "storage", found)
    return found


def hold(rows: Any, *, by: str, until: datetime) -> None:
    rows.update(claim=uuid.uuid4(), claimed_by=by, claimed_until=until)


def test_two_sweeps_at_once_ask_for_each_file_once(now: datetime, storage: Listening, monkeypatch: Any) -> None:
    monkeypatch.setattr(sweeping, "_CHUNK", 5)
    queued(now, 40)
    gone = at_once(*[lambda: sweep(Sweep.objects.all())] * 3)
    assert sum(gone) == 40
    assert len(storage.asked) == len(set(storage.asked)) == 40
    assert not Sweep.objects.exists()


def test_no_transaction_is_open_while_a_storage_is_asked(now: datetime, storage: Listening) -> None:
    """A storage that hangs must keep no login waiting: another connection writes in the middle of a deletion."""
    queued(now, 3)
    written: list[Any] = []

    def meanwhile() -> None:
        def write() -> Any:
            with transaction.atomic():
                return Sweep.objects.create(kind="cache", place="default", name="k", queued_at=now).pk

        written.extend(at_once(write))

    storage.meanwhile = meanwhile
    assert sweep(Sweep.objects.filter(kind="file")) == 3
    assert [found for found in written if not isinstance(found, int)] == []
    assert len(written) == 3


def test_what_another_machine_holds_is_left_to_it_until_its_claim_runs_out(now: datetime, storage: Listening) -> None:
    queued(now, 2)
    hold(Sweep.objects.all(), by=ELSEWHERE, until=timezone.now() + CLAIM_FOR / 2)
    assert sweep(Sweep.objects.all()) == 0
    assert storage.asked == []
    hold(Sweep.objects.all(), by=ELSEWHERE, until=timezone.now() - timedelta(seconds=2))
    assert sweep(Sweep.objects.all()) == 2


def test_a_claim_of_a_clock_that_was_ahead_holds_nothing(now: datetime, storage: Listening) -> None:
    queued(now, 2)
    hold(Sweep.objects.all(), by=ELSEWHERE, until=timezone.now() + timedelta(days=2))
    assert sweep(Sweep.objects.all()) == 2


def test_what_a_process_of_this_machine_held_when_it_died_is_free_at_once(now: datetime, storage: Listening) -> None:
    queued(now, 2)
    dead = subprocess.run(
        [sys.executable, "-c", "from privacy.core.processes import this_process; print(this_process())"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    hold(Sweep.objects.all(), by=dead, until=timezone.now() + CLAIM_FOR / 2)
    assert sweep(Sweep.objects.all()) == 2


def test_a_sweep_that_broke_off_in_this_process_holds_nothing(now: datetime, storage: Listening) -> None:
    queued(now, 2)
    hold(Sweep.objects.all(), by=this_process(), until=timezone.now() + CLAIM_FOR / 2)
    assert sweep(Sweep.objects.all()) == 2


def test_a_slow_sweep_keeps_its_claims(now: datetime, storage: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    queued(now, 3)
    monkeypatch.setattr(claims, "_RENEW_AFTER", 0.0)
    ends: list[datetime] = []
    storage.meanwhile = lambda: ends.extend(
        at_once(lambda: Sweep.objects.filter(held()).order_by("-pk").values_list("claimed_until", flat=True)[0])
    )
    sweep(Sweep.objects.all())
    assert ends == sorted(ends)
    assert ends[0] < ends[-1]


def test_a_night_that_stops_in_the_middle_of_a_sweep_frees_the_rest(
    now: datetime, storage: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(BaseException):
        pass

    def told(gone: int) -> None:
        raise Stop

    queued(now, 5)
    monkeypatch.setattr(sweeping, "_TELL_EVERY", -1.0)
    with pytest.raises(Stop):
        sweep(Sweep.objects.all(), told=told)
    assert len(storage.asked) == 1
    assert (Sweep.objects.count(), Sweep.objects.filter(claim=None).count()) == (4, 4)


def test_a_closure_whose_files_another_run_removes_is_left_to_that_run(now: datetime, storage: Listening) -> None:
    """It is neither done nor partial: its file is not gone, and nothing failed."""
    planned(plant("shared"), now)
    inside, asked = threading.Event(), threading.Event()

    def meanwhile() -> None:
        inside.set()
        assert asked.wait(timeout=30)

    storage.meanwhile = meanwhile

    def second() -> Any:
        assert inside.wait(timeout=30)
        counts = run_closures(now=now, horizon=now, actor=NIGHT)
        status = Closure.objects.get().status
        asked.set()
        return counts, status

    first, (counts, status) = at_once(lambda: run_closures(now=now, horizon=now, actor=NIGHT), second)
    assert (counts, status) == ({"accounts": 0, "partial": 0, "reopened": 0}, "cut_off")
    assert first == {"accounts": 1, "partial": 0, "reopened": 0}
    assert (proofs("disposal.account_erased"), proofs("disposal.finished")) == (1, 1)
    assert len(storage.asked) == 1


def test_the_night_does_not_call_a_failure_what_another_run_is_at(now: datetime, storage: Listening) -> None:
    queued(now, 2)
    hold(Sweep.objects.all(), by=ELSEWHERE, until=timezone.now() + CLAIM_FOR / 2)
    context = NightContext(now, now, uuid.uuid4(), False, NIGHT, lambda *told: None)
    report = night_steps.get("disposal.files").run(context)
    assert (report.counts["files"], report.error) == (0, "")


def test_claims_go_by_the_clock_of_the_database(now: datetime, storage: Listening) -> None:
    queued(now, 1)
    until: list[Any] = []
    storage.meanwhile = lambda: until.extend(
        at_once(lambda: Sweep.objects.filter(held()).values_list("claimed_until", flat=True).get())
    )
    sweep(Sweep.objects.all())
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        clock = cursor.fetchone()[0]
    if isinstance(clock, str):
        clock = datetime.fromisoformat(clock).replace(tzinfo=UTC)
    assert abs(until[0] - clock - CLAIM_FOR) < timedelta(minutes=1)
    connections.close_all()
