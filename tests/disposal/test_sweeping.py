"""Files and cache entries on their way out: none is lost, none of somebody else's goes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection, transaction

from privacy.core.actors import Actor
from privacy.core.registries import NightContext, night_steps
from privacy.datamap import graph
from privacy.disposal.models import Closure, Sweep
from privacy.disposal.services import Mandate, close_account, run_closure
from privacy.disposal.sweeping import sweep
from privacy.evidence.models import EvidenceEntry
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

BY_PASSWORD = Mandate("member", "page", "password")


def queued(name: str, now: datetime, *, place: str = "host.Upload.file") -> Sweep:
    return Sweep.objects.create(kind="file", place=place, name=name, queued_at=now)


@pytest.fixture
def roomy() -> Iterator[None]:
    """A column for names of any length; SQLite never minds."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE host_upload ALTER COLUMN file TYPE text")
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM host_upload")
            cursor.execute("ALTER TABLE host_upload ALTER COLUMN file TYPE varchar(100)")


def test_a_very_long_name_is_swept_whole(now: datetime, actor: Actor, roomy: None) -> None:
    user = get_user_model().objects.create_user("long")
    name = default_storage.save("/".join(["d" * 90] * 7) + "/file.txt", ContentFile(b"long"))
    assert len(name) > 600
    host.Upload.objects.create(owner=user, file=name)
    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    assert (report.status, report.errors) == ("done", ())
    assert not default_storage.exists(name)


def test_a_file_that_somebody_elses_row_names_as_well_stays(now: datetime, actor: Actor, settings: Any) -> None:
    user, other = plant("sharing"), get_user_model().objects.create_user("other")
    name = host.Upload.objects.get(owner=user).file.name
    host.Upload.objects.create(owner=other, file=name)

    assert close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor).status == "done"
    assert (Path(settings.MEDIA_ROOT) / name).exists()
    assert not Sweep.objects.exists()

    assert close_account(user=other, mandate=BY_PASSWORD, now=now, actor=actor).status == "done"
    assert not (Path(settings.MEDIA_ROOT) / name).exists()


def test_who_leaves_nothing_outside_is_done_in_the_transaction_that_erases_them(
    now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for declared in graph.declared():
        monkeypatch.setattr(declared.data, "caches", ())
    with_file, without = plant("filed"), get_user_model().objects.create_user("plain")
    with transaction.atomic():
        waits = close_account(user=with_file, mandate=BY_PASSWORD, now=now, actor=actor)
        done = close_account(user=without, mandate=BY_PASSWORD, now=now, actor=actor)
        assert (waits.status, done.status) == ("cut_off", "done")
        assert Closure.objects.get(pk=done.closure_id).subject_key == ""
    assert Closure.objects.get(pk=waits.closure_id).status == "done"
    finished = EvidenceEntry.objects.filter(act="disposal.finished")
    assert [entry.counts for entry in finished] == [{"accounts": 1}] * 2


def test_a_file_that_another_run_is_about_to_claim_makes_no_closure_partial(
    now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its claim is not committed yet: this run gets hold of nothing, and sees nothing that is held."""
    with monkeypatch.context() as patched:
        patched.setattr("privacy.disposal.finishing.sweeping.sweep", lambda _rows: 0)
        report = close_account(user=plant("claimed"), mandate=BY_PASSWORD, now=now, actor=actor)
    assert (report.status, report.errors) == ("cut_off", ())
    run_closure(closure=Closure.objects.get(), now=now, actor=actor)
    assert Closure.objects.get().status == "done"


class Picky(FileSystemStorage):
    """Refuses to delete what is not there, as some storages do."""

    def delete(self, name: str) -> None:
        if not self.exists(name):
            raise FileNotFoundError(name)
        super().delete(name)


def test_what_a_run_that_crashed_had_removed_already_counts_as_gone(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host.Upload._meta.get_field("file"), "storage", Picky())
    queued("uploads/gone.txt", now)
    assert sweep(Sweep.objects.all()) == 1


@pytest.mark.parametrize("place", ["host.Upload.thumbnail", "host.Picture.file", "removed.Upload.file"])
def test_a_field_that_the_site_removed_since_keeps_no_other_file(now: datetime, place: str) -> None:
    stuck = queued("uploads/a.txt", now, place=place)
    name = default_storage.save("uploads/b.txt", ContentFile(b"b"))
    queued(name, now)

    assert sweep(Sweep.objects.all()) == 1

    assert not default_storage.exists(name)
    assert Sweep.objects.get().pk == stuck.pk
    assert Sweep.objects.get().error in ("FieldDoesNotExist", "LookupError")


def test_a_path_out_of_the_storage_is_told_and_left_alone(now: datetime, settings: Any) -> None:
    outside = Path(settings.MEDIA_ROOT).parent / "outside.txt"
    outside.write_text("not ours")
    queued("../outside.txt", now)
    assert sweep(Sweep.objects.all()) == 0
    assert Sweep.objects.get().error == "SuspiciousFileOperation"
    assert outside.exists()


def test_a_cache_that_is_gone_is_told_by_its_kind(now: datetime) -> None:
    batch = uuid.uuid4()
    Sweep.objects.create(kind="cache", place="elsewhere", name="member:7", batch=batch, queued_at=now)
    cache.set("member:8", "x")
    Sweep.objects.create(kind="cache", place="default", name="member:8", batch=batch, queued_at=now)
    assert sweep(Sweep.objects.filter(batch=batch)) == 1
    assert cache.get("member:8") is None
    assert Sweep.objects.get().error == "InvalidCacheBackendError"


def test_one_persons_file_that_stays_marks_nobody_else_of_the_batch(
    now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stubborn(FileSystemStorage):
        def delete(self, name: str) -> None:
            if "stuck" in name:
                raise PermissionError(name)
            super().delete(name)

    from privacy.disposal.services import run_closures

    for name in ("stuck", "free"):
        user = plant(name)
        Closure.objects.create(
            subject_key=str(user.pk), pseudonym="p", channel="command", closed_at=now, due_at=now, status="planned"
        )
    monkeypatch.setattr(host.Upload._meta.get_field("file"), "storage", Stubborn())
    assert run_closures(now=now, horizon=now, actor=actor) == {"accounts": 1, "partial": 1, "reopened": 0}


def test_files_go_in_the_same_night_as_their_rows() -> None:
    order = {step.name: step.order for step in night_steps}
    assert order["disposal.files"] > max(order["disposal.closures"], order["retention.schedules"])


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite keeps its log beside the file")
def test_the_night_leaves_no_erased_value_in_sqlites_file_or_log(now: datetime) -> None:
    token = b"xqwrittenahead"
    user = get_user_model().objects.create_user(token.decode())
    user.delete()
    name = Path(connection.settings_dict["NAME"])
    files = [name, name.with_name(f"{name.name}-wal")]
    assert any(token in path.read_bytes() for path in files)
    context = NightContext(now, now, uuid.uuid4(), False, Actor.system("night"), lambda *_: None)
    night_steps.get("disposal.files").run(context)
    assert not any(token in path.read_bytes() for path in files)
