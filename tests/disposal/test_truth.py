"""When something stands in the way, the account is cut off, the reason is told, and the night tries again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import FileSystemStorage
from django.db import connection, models
from django.db.models.signals import pre_delete
from django.test import Client

from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Promised, Status
from privacy.datamap.declarations import Delete, ExternalStore, PersonalData
from privacy.datamap.registry import registry
from privacy.disposal.models import Closure, Sweep
from privacy.disposal.promises import closed_accounts_empty, erasures_complete
from privacy.disposal.services import Mandate, close_account, run_closures
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

BY_PASSWORD = Mandate("member", "page", "password")
PROMISE = Promised("HTC-10-3", "§10", "Contents of a closed account are deleted at once.")


def close(user: Any, now: datetime) -> Closure:
    close_account(user=user, mandate=BY_PASSWORD, now=now, actor=Actor.member(user))
    return Closure.objects.get(subject_key=str(user.pk))


def expect_partial(closure: Closure, reason: str, now: datetime) -> None:
    """Cut off, partial, with the reason, and the promise broken."""
    assert closure.status == Closure.Status.PARTIAL
    assert any(reason in error for error in closure.errors), closure.errors
    assert closure.cut_off_at == now
    assert closed_accounts_empty(CheckContext(now, PROMISE)).status is Status.BROKEN
    assert erasures_complete(CheckContext(now, PROMISE)).status is Status.BROKEN


def expect_mended(now: datetime) -> None:
    """The next night finishes it, and the promise is kept again."""
    night = now + timedelta(days=1)
    run_closures(now=night, horizon=night, actor=Actor.system("night"))
    closure = Closure.objects.get()
    assert (closure.status, closure.errors) == (Closure.Status.DONE, [])
    assert closed_accounts_empty(CheckContext(night, PROMISE)).status is Status.KEPT


def cannot_sign_in(user: Any) -> bool:
    return not Client().login(username=user.username, password=f"secret {user.username}")


@pytest.fixture
def without_foreign_keys() -> Iterator[Callable[[Any], None]]:
    """A table as older code left it: the model says that the database holds its links, and the database does not."""
    dropped: list[tuple[str, str, str]] = []

    def drop(model: Any) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite's constraints are not relied upon")
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE contype = 'f' AND conrelid = %s::regclass",
                [table],
            )
            for name, definition in cursor.fetchall():
                dropped.append((table, name, definition))
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')

    yield drop
    with connection.cursor() as cursor:
        for table, name, definition in dropped:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def test_a_handler_that_fails_leaves_the_account_partial_and_the_next_night_retries(now: datetime) -> None:
    class HookedComments(PersonalData):
        subject = "author"
        category = "posts"
        purpose = "membership"
        legal_basis = "contract"
        on_erasure = Delete()
        holds = ("text",)
        hooks = True

    def refuse(**kwargs: Any) -> None:
        raise RuntimeError("the text of a person")

    registry.withdraw(host.Comment)
    registry.declare(host.Comment, HookedComments)
    registry.changed()
    user = plant("hooked")
    pre_delete.connect(refuse, sender=host.Comment)
    try:
        closure = close(user, now)
    finally:
        pre_delete.disconnect(refuse, sender=host.Comment)

    expect_partial(closure, "RuntimeError", now)
    assert "the text of a person" not in str(closure.errors)
    assert cannot_sign_in(user)
    expect_mended(now)


def test_a_protect_outside_the_plan_leaves_the_account_partial_and_names_the_field(now: datetime) -> None:
    user = plant("protected")
    registry.withdraw(host.Review)
    registry.exclude("host.Review", reason="for this test")
    registry.changed()

    closure = close(user, now)

    expect_partial(closure, "host.Review.author", now)
    assert get_user_model().objects.filter(pk=user.pk).exists()
    host.Review.objects.all().delete()
    expect_mended(now)


def test_a_file_that_cannot_be_deleted_leaves_the_account_partial(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stubborn(FileSystemStorage):
        def delete(self, name: str) -> None:
            raise PermissionError(name)

    user = plant("stubborn")
    field = host.Upload._meta.get_field("file")
    monkeypatch.setattr(field, "storage", Stubborn())

    closure = close(user, now)

    expect_partial(closure, "host.Upload.file: a file could not be removed (PermissionError)", now)
    assert "stubborn.txt" not in str(closure.errors)
    assert not get_user_model().objects.filter(pk=user.pk).exists()
    assert Sweep.objects.count() == 1
    monkeypatch.undo()
    expect_mended(now)
    assert not Sweep.objects.exists()


@pytest.fixture
def unplanned() -> Iterator[type[models.Model]]:
    """A table with a link to the user that no declaration knows, met at run time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE stranger (id integer PRIMARY KEY, user_id integer NOT NULL "
            "REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED)"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE stranger")


def test_a_deferred_constraint_that_would_fail_at_commit_leaves_the_account_cut_off(
    now: datetime, unplanned: None
) -> None:
    user = plant("deferred")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO stranger VALUES (1, %s)", [user.pk])

    closure = close(user, now)

    expect_partial(closure, "stranger: its rows still point at rows that are to be deleted", now)
    assert cannot_sign_in(user)
    assert host.Order.objects.filter(customer=user, address="deferred").count() == 2
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM stranger")
    expect_mended(now)


def test_a_model_met_outside_the_plan_stops_the_run_and_is_named(now: datetime) -> None:
    user = plant("undeclared")
    registry.withdraw(host.Comment)

    closure = close(user, now)

    expect_partial(closure, "host.Comment.author", now)
    assert host.Comment.objects.filter(author=user).exists()
    host.Comment.objects.filter(author=user).delete()
    expect_mended(now)


@pytest.mark.parametrize("held_by_the_database", [True, False])
@pytest.mark.parametrize("model", [host.NewsletterContact, host.PageView, host.Comment])
def test_rows_that_a_trigger_keeps_from_being_deleted_are_residue(
    model: Any, held_by_the_database: bool, now: datetime, without_foreign_keys: Callable[[Any], None]
) -> None:
    """Found by address, by a link, and by a link that no step before has read, with the database's help or without."""
    user = plant("spared")
    if not held_by_the_database:
        without_foreign_keys(model)
    by_link = model is not host.NewsletterContact and connection.vendor == "postgresql"
    told = "its rows still point at" if by_link and held_by_the_database else "rows were still there after they were"
    with connection.cursor() as cursor:
        table = model._meta.db_table
        if connection.vendor == "sqlite":
            cursor.execute(f"CREATE TRIGGER spare BEFORE DELETE ON {table} BEGIN SELECT RAISE(IGNORE); END")
        else:
            cursor.execute("CREATE FUNCTION spare() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql")
            cursor.execute(f"CREATE TRIGGER spare BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION spare()")
    try:
        closure = close(user, now)
    finally:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("DROP TRIGGER spare")
            else:
                cursor.execute("DROP FUNCTION spare CASCADE")

    expect_partial(closure, f"{model._meta.label}: {told}", now)
    expect_mended(now)


def test_an_anonymised_value_that_stayed_is_residue(now: datetime) -> None:
    user = plant("stayed")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "CREATE TRIGGER put_back AFTER UPDATE OF address ON host_order WHEN NEW.address = '' "
                "BEGIN UPDATE host_order SET address = OLD.address WHERE id = NEW.id; END"
            )
        else:
            cursor.execute(
                "CREATE FUNCTION put_back() RETURNS trigger AS $$ BEGIN NEW.address := OLD.address; RETURN NEW; END $$ "
                "LANGUAGE plpgsql"
            )
            cursor.execute(
                "CREATE TRIGGER put_back BEFORE UPDATE ON host_order FOR EACH ROW EXECUTE FUNCTION put_back()"
            )
    try:
        closure = close(user, now)
    finally:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("DROP TRIGGER put_back")
            else:
                cursor.execute("DROP TRIGGER put_back ON host_order")
                cursor.execute("DROP FUNCTION put_back()")

    expect_partial(closure, "host.Order.address", now)
    expect_mended(now)


def test_an_external_store_that_is_silent_or_fails_leaves_the_account_partial(now: datetime) -> None:
    records: dict[str, int] = {}

    class Mailer(ExternalStore):
        name = "mailer"
        category = "newsletter"
        deaf = True

        def erase(self, keys: Any) -> None:
            if not self.deaf:
                for key in keys:
                    records.pop(key, None)

        def verify(self, keys: Any) -> int:
            return sum(records.get(key, 0) for key in keys)

    registry.add_store(Mailer)
    user = plant("outside")
    records[str(user.pk)] = 3

    closure = close(user, now)

    expect_partial(closure, "mailer: 3 records left", now)
    Mailer.deaf = False
    expect_mended(now)


def test_one_account_that_fails_does_not_keep_the_others(now: datetime, actor: Actor) -> None:
    users = [plant(f"many{number}", orders=0) for number in range(9)]
    registry.withdraw(host.Review)
    registry.exclude("host.Review", reason="for this test")
    registry.changed()
    host.Review.objects.exclude(author=users[4]).delete()
    for user in users:
        Closure.objects.create(
            subject_key=str(user.pk), pseudonym="x", channel="command", closed_at=now, due_at=now, status="planned"
        )

    counts = run_closures(now=now, horizon=now, actor=actor)

    assert counts == {"accounts": 8, "partial": 1, "reopened": 0}
    assert Closure.objects.get(status="partial").subject_key == str(users[4].pk)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL is asked before the commit")
def test_a_commit_that_the_database_refuses_still_cuts_the_account_off(
    now: datetime, unplanned: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last net: nothing asked the deferred constraint in time, and the commit itself fails."""
    user = plant("refused")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO stranger VALUES (1, %s)", [user.pk])
    monkeypatch.setattr("privacy.disposal.execution.settle", lambda using: None)

    closure = close(user, now)

    expect_partial(closure, "IntegrityError", now)
    assert cannot_sign_in(user)
    monkeypatch.undo()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM stranger")
    expect_mended(now)


def test_one_refused_commit_in_a_night_does_not_keep_the_others(
    now: datetime, unplanned: None, monkeypatch: pytest.MonkeyPatch, actor: Actor
) -> None:
    users = [plant(f"night{number}", orders=0) for number in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO stranger VALUES (1, %s)", [users[1].pk])
    monkeypatch.setattr("privacy.disposal.execution.settle", lambda using: None)
    for user in users:
        Closure.objects.create(
            subject_key=str(user.pk), pseudonym="x", channel="command", closed_at=now, due_at=now, status="planned"
        )

    counts = run_closures(now=now, horizon=now, actor=actor)

    assert counts == {"accounts": 2, "partial": 1, "reopened": 0}
    assert Closure.objects.get(status="partial").subject_key == str(users[1].pk)
