"""Run by ``test_two_databases`` in a process of its own; not collected by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.datamap import graph
from privacy.disposal import finishing
from privacy.disposal.expiry import expire
from privacy.disposal.models import Captured, Closure, Sweep
from privacy.disposal.orphans import open_orphans
from privacy.disposal.services import Mandate, close_account, preview_account, run_closures
from privacy.evidence.models import EvidenceEntry
from privacy.promises.models import ProfileTable
from tests.host_two import models as host

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "archive"])

BY_MEMBER = Mandate("member", "page", "password")
NIGHT = Actor.system("night")


def person(name: str, now: datetime) -> Any:
    user = get_user_model().objects.create_user(name, f"{name}@example.org", "secret")
    basket = host.Basket.objects.create(owner=user, text=name)
    event = host.Event.objects.create(user_id=user.pk, text=name, at=now)
    host.EventTag.objects.create(event=event, text=name)
    letter = host.Letter(address=f"{name}@Example.org")
    letter.file.save(f"{name}.txt", ContentFile(b"a letter"))
    host.Receipt.objects.create(user_key=str(user.pk), billed_to=name, total=9, at=now)
    host.Detail.objects.create(basket_id=basket.pk, text=name)
    return user


def letter_of(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / "letters" / f"{name}.txt"


def found(name: str) -> list[str]:
    """Tables of both databases that hold the name anywhere."""
    tables = []
    for alias in ("default", "archive"):
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connections[alias].ops.quote_name(table)}")
                if any(name in str(value).lower() for row in cursor.fetchall() for value in row):
                    tables.append(f"{alias}.{table}")
    return tables


class Refusing:
    """The archive takes no deletion for a while."""

    def __enter__(self) -> None:
        with connections["archive"].cursor() as cursor:
            if connections["archive"].vendor == "sqlite":
                cursor.execute(
                    "CREATE TRIGGER refuse BEFORE DELETE ON host_two_event BEGIN SELECT RAISE(ABORT, 'no'); END"
                )
            else:
                cursor.execute(
                    "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql"
                )
                cursor.execute(
                    "CREATE TRIGGER refuse BEFORE DELETE ON host_two_event FOR EACH ROW EXECUTE FUNCTION refuse()"
                )

    def __exit__(self, *args: object) -> None:
        with connections["archive"].cursor() as cursor:
            if connections["archive"].vendor == "sqlite":
                cursor.execute("DROP TRIGGER refuse")
            else:
                cursor.execute("DROP TRIGGER refuse ON host_two_event")
                cursor.execute("DROP FUNCTION refuse")


def test_check_finds_nothing_wrong_with_two_databases() -> None:
    call_command("check", databases=["default", "archive"])


def test_an_account_goes_from_both_databases_in_one_closure(now: datetime, actor: Actor) -> None:
    gone, _stays = person("xqgone", now), person("xqstays", now)
    before = found("xqstays")
    planned = {step.model: step.rows for step in preview_account(user=gone, now=now).steps}

    report = close_account(user=gone, mandate=BY_MEMBER, now=now, actor=actor)

    assert (report.status, report.errors) == ("done", ())
    assert found("xqgone") == []
    assert not letter_of("xqgone").exists()
    assert letter_of("xqstays").exists()
    assert found("xqstays") == before
    assert host.Receipt.objects.filter(user_key="", billed_to="", total=9).count() == 1
    done = {step.model: step.rows for step in report.steps}
    assert {model: done[model] for model in planned if model.startswith("host_two")} == {
        model: rows for model, rows in planned.items() if model.startswith("host_two")
    }
    assert [(item.model, item.rows) for item in report.kept] == [("host_two.Receipt", 1)]
    assert EvidenceEntry.objects.get(act="disposal.elsewhere_erased").counts == {"rows": 5, "files": 1}
    assert not Captured.objects.exists()
    assert not Sweep.objects.exists()


def test_a_second_database_that_fails_leaves_the_closure_partial_and_the_next_run_completes(
    now: datetime, actor: Actor
) -> None:
    user = person("xqgone", now)
    with Refusing():
        report = close_account(user=user, mandate=BY_MEMBER, now=now, actor=actor)
        assert report.status == "partial"
        assert report.errors[0].startswith("archive: ")
        assert not host.Basket.objects.exists(), "the accounts' own database has committed"
        assert host.EventTag.objects.exists(), "nothing of a database that failed is changed"
        assert letter_of("xqgone").exists(), "a row still names it"
        assert run_closures(now=now, horizon=now, actor=NIGHT)["partial"] == 1

    assert run_closures(now=now, horizon=now, actor=NIGHT)["accounts"] == 1
    assert Closure.objects.get().status == "done"
    assert found("xqgone") == []
    assert not letter_of("xqgone").exists()
    assert not Captured.objects.exists()


def test_a_crash_between_the_databases_is_repaired_by_the_next_run(
    now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = person("xqgone", now)

    def die(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(finishing.elsewhere, "carry_out", die)
        with pytest.raises(KeyboardInterrupt):
            close_account(user=user, mandate=BY_MEMBER, now=now, actor=actor)
    assert not get_user_model().objects.exists()
    assert Closure.objects.get().status == "cut_off", "nothing is told done before every database has committed"

    assert run_closures(now=now, horizon=now, actor=NIGHT)["accounts"] == 1
    assert found("xqgone") == []
    assert not letter_of("xqgone").exists()


def test_a_door_that_rolls_back_leaves_the_second_database_as_it_was(now: datetime, actor: Actor) -> None:
    user = person("xqgone", now)
    before = found("xqgone")
    with transaction.atomic():
        close_account(user=user, mandate=BY_MEMBER, now=now, actor=actor)
        transaction.set_rollback(True)
    assert [table for table in found("xqgone") if "privacy" not in table] == before
    assert letter_of("xqgone").exists()


def test_a_user_whom_other_code_deletes_goes_from_both_databases(now: datetime) -> None:
    person("xqgone", now).delete()
    assert Closure.objects.get().status == "done"
    assert found("xqgone") == []


def test_rows_in_a_second_database_that_was_restored_are_found_by_the_night(now: datetime) -> None:
    host.Event.objects.create(user_id=987, text="xqgone", at=now)
    host.Receipt.objects.create(user_key="988", billed_to="xqgone", total=9, at=now)
    assert open_orphans(now=now, actor=NIGHT, dry_run=True) == {"accounts": 2}
    assert open_orphans(now=now, actor=NIGHT) == {"found": 2}
    run_closures(now=now, horizon=now, actor=NIGHT)
    assert found("xqgone") == []
    assert host.Receipt.objects.get().total == 9


def test_rows_of_a_second_database_reach_the_end_of_their_own_time(now: datetime, actor: Actor) -> None:
    person("old", now - timedelta(days=90))
    person("young", now)
    declared = graph.find(host.Event)
    assert declared is not None

    report = expire(
        declared=declared, expiry=declared.expiries[0], cutoff=now - timedelta(days=30), now=now, actor=actor
    )

    assert (report.rows, report.children) == (1, 1)
    assert host.Event.objects.get().text == "young"
    proof = EvidenceEntry.objects.get(act="disposal.rows_expired")
    assert proof.counts == {"rows": 1, "taken_along": 1}


def test_an_expiry_that_a_second_database_refuses_proves_nothing(now: datetime, actor: Actor) -> None:
    person("old", now - timedelta(days=90))
    declared = graph.find(host.Event)
    assert declared is not None
    with Refusing(), pytest.raises(Exception, match="no"):
        expire(declared=declared, expiry=declared.expiries[0], cutoff=now, now=now, actor=actor)
    assert host.EventTag.objects.exists()
    assert not EvidenceEntry.objects.filter(act="disposal.rows_expired").exists()


def test_queries_grow_with_batches_and_never_with_people(now: datetime) -> None:
    ProfileTable.objects.create(name="closure", table={})

    def queries_for(count: int) -> int:
        for number in range(count):
            user = person(f"n{count}x{number}", now)
            Closure.objects.create(
                subject_key=str(user.pk), pseudonym="p", channel="command", closed_at=now, due_at=now
            )
        with CaptureQueriesContext(connections["archive"]) as found_there:
            assert run_closures(now=now, horizon=now, actor=NIGHT)["accounts"] == count
        return len(found_there)

    queries_for(1)
    assert queries_for(9) == queries_for(3)  # more would be more batches: on SQLite the first has ten people
