"""What the database refuses by itself is not looked at twice; what it does not refuse is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, models, transaction

from privacy.core.actors import Actor
from privacy.datamap.declarations import Delete
from privacy.disposal.models import Closure
from privacy.disposal.plan import Step, route
from privacy.disposal.proving import Proof, _foreign_keys
from privacy.disposal.relations import inbound, is_link_table
from privacy.disposal.services import run_closures
from tests.disposal.holding import hold
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)
on_sqlite_only = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL is asked before the commit")


def covered(
    *deleted: type[models.Model],
    by_commit: bool = True,
    only: Sequence[type[models.Model]] = (),
    circular: type[models.Model] | None = None,
) -> set[type[models.Model]]:
    """Models of which the database proves that nothing is left, in a transaction; those ``deleted`` go whole.

    ``only`` are those that there are at all, in their order.
    """
    steps = [_deleting(step) if step.declared.model in deleted else step for step in route()]
    steps = [replace(step, circular=step.declared.model is circular) for step in steps]
    if only:
        steps = [step for model in only for step in steps if step.declared.model is model]
    with transaction.atomic():
        proof = Proof(steps, using="default", by_commit=by_commit)
        return {step.declared.model for step in steps if proof.covers(step)}


def memberships() -> list[type[models.Model]]:
    """All tables of many-to-many links of an account."""
    return [field.model for field in inbound(get_user_model()) if is_link_table(field)]


def _deleting(step: Step) -> Step:
    return replace(step, side=replace(step.side, erasure=Delete()))


def test_a_foreign_key_to_the_account_proves_that_nothing_is_left_along_it() -> None:
    found = covered()
    assert {host.PageView, host.Comment, host.Order} <= found
    assert host.NewsletterContact not in found, "an address is no foreign key"
    assert host.Note not in found, "a generic key is none either"


def test_rows_of_rows_are_proven_where_both_go() -> None:
    alone = (*memberships(), host.OrderLine, host.Order, get_user_model())
    assert host.OrderLine in covered(host.Order, host.OrderLine, only=alone)
    assert host.OrderLine not in covered(host.OrderLine, only=alone), "the order stays, so that nothing is refused"
    assert host.OrderLine not in covered(host.Order, only=alone), "a line that stays must be seen to be empty"


@pytest.mark.parametrize("between", [host.Comment, host.Team.members.through])
def test_sqlite_proves_no_rows_of_rows_before_others_that_may_have_pointed_at_nothing(between: Any) -> None:
    """An answer to a comment that is gone already would make up for the line that is left."""
    before = [model for model in memberships() if model is not between]
    alone = (*before, host.OrderLine, host.Order, between, get_user_model())
    assert (host.OrderLine in covered(host.Order, host.OrderLine, only=alone)) == (connection.vendor != "sqlite")
    assert host.Order in covered(host.Order, host.OrderLine, only=alone), "the account is the last to go"


@on_sqlite_only
def test_sqlite_proves_no_rows_of_rows_where_the_account_takes_memberships_along() -> None:
    alone = (host.OrderLine, host.Order, get_user_model())
    assert host.OrderLine not in covered(host.Order, host.OrderLine, only=alone)
    assert host.Order in covered(host.Order, host.OrderLine, only=alone)


def test_sqlite_proves_no_rows_of_rows_before_a_handler_that_may_do_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = (*memberships(), host.OrderLine, host.Order, host.PageView, get_user_model())
    assert host.OrderLine in covered(host.Order, host.OrderLine, only=alone)
    [heard] = [step.declared.data for step in route() if step.declared.model is host.PageView]
    monkeypatch.setattr(heard, "hooks", True)
    assert (host.OrderLine in covered(host.Order, host.OrderLine, only=alone)) == (connection.vendor != "sqlite")


@on_sqlite_only
def test_sqlite_only_counts_what_points_at_nothing() -> None:
    """This is why."""
    user = plant("counted")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
        answer = host.Comment.objects.create(author=user, parent_id=10_000, text="to one that is gone")
        cursor.execute("PRAGMA foreign_keys = ON")
    order = host.Order.objects.filter(customer=user)[:1].get()
    with transaction.atomic():
        host.Order.objects.filter(pk=order.pk)._raw_delete("default")
        host.Comment.objects.filter(pk=answer.pk)._raw_delete("default")
    assert host.OrderLine.objects.filter(order_id=order.pk).exists(), "left, and not refused"
    host.OrderLine.objects.filter(order_id=order.pk).delete()


@pytest.mark.parametrize("circular", [host.OrderLine, host.Order])
def test_what_points_at_each_other_in_a_circle_is_read_back(circular: Any) -> None:
    """Its rows are reached by keys that were written down, whatever became of the link."""
    alone = (*memberships(), host.OrderLine, host.Order, get_user_model())
    assert host.OrderLine not in covered(host.Order, host.OrderLine, only=alone, circular=circular)


def test_where_the_account_stays_nothing_is_proven() -> None:
    steps = [step for step in route() if step.side.path]
    with transaction.atomic():
        proof = Proof(steps, using="default", by_commit=True)
        assert not any(proof.covers(step) for step in steps)


@on_sqlite_only
def test_sqlite_proves_by_its_own_commit_only() -> None:
    assert covered(by_commit=False) == set()
    with transaction.atomic():
        assert covered() == set(), "an outer transaction would be refused instead"


@on_sqlite_only
def test_sqlite_proves_nothing_while_its_foreign_keys_are_off() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
        try:
            assert covered() == set()
        finally:
            cursor.execute("PRAGMA foreign_keys = ON")


def test_only_a_foreign_key_of_one_column_that_refuses_every_row_proves_anything() -> None:
    """One that takes rows along, empties them, looks at two columns, or at new rows only, leaves something unsaid."""
    link = "integer REFERENCES strange_goal(id) DEFERRABLE INITIALLY DEFERRED"
    ways = ("CASCADE", "SET NULL")
    taking, emptying = (link.replace(" DEFERRABLE", f" ON DELETE {way} DEFERRABLE") for way in ways)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE strange_goal (id integer PRIMARY KEY, a integer, b integer, UNIQUE (a, b))")
        cursor.execute(
            f"CREATE TABLE strange (plain {link}, taking {taking}, emptying {emptying}, a integer, b integer,"
            " late integer, FOREIGN KEY (a, b) REFERENCES strange_goal(a, b))"
        )
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE strange ADD FOREIGN KEY (late) REFERENCES strange_goal(id) NOT VALID")
        found = [key for key in _foreign_keys("default", by_commit=True) if key.table == "strange"]
        transaction.set_rollback(True)
    assert [key[:4] for key in found if key.refuses] == [("strange", "plain", "strange_goal", "id")]
    if connection.vendor == "sqlite":
        assert {key.column for key in found} == {"plain", "taking", "emptying", "a", "b"}, "it counts along all of them"


@pytest.mark.parametrize("beside", [0, 3])
@pytest.mark.parametrize("model", [host.PageView, host.Comment])
def test_what_the_database_refuses_is_named_and_keeps_nobody_else(
    model: Any, beside: int, now: datetime, actor: Actor
) -> None:
    user = plant("spared")
    for number in range(beside):
        plant(f"beside{number}")
    for person in type(user).objects.filter(username__startswith="beside") | type(user).objects.filter(pk=user.pk):
        Closure.objects.create(
            subject_key=str(person.pk), pseudonym="x", channel="command", closed_at=now, due_at=now, status="planned"
        )
    field = "user_id" if model is host.PageView else "author_id"
    with _sparing(model._meta.db_table, field, user.pk):
        counts = run_closures(now=now, horizon=now, actor=actor)
    assert (counts["accounts"], counts["partial"]) == (beside, 1)
    [error] = Closure.objects.get(status="partial").errors
    assert error.startswith(f"{model._meta.label}: ")
    assert run_closures(now=now, horizon=now, actor=actor)["accounts"] == 1


def test_what_is_left_of_an_account_that_was_gone_already_is_named(now: datetime, actor: Actor) -> None:
    """No database refuses it: its row is not what goes."""
    key = plant("spared").pk
    _take_away(key)
    Closure.objects.create(
        subject_key=str(key), pseudonym="x", channel="orm", closed_at=now, due_at=now, status="planned"
    )
    with _sparing(host.PageView._meta.db_table, "user_id", key):
        counts = run_closures(now=now, horizon=now, actor=actor)
    assert (counts["accounts"], counts["partial"]) == (0, 1)
    [error] = Closure.objects.get(status="partial").errors
    assert error.startswith("host.PageView: ")
    assert run_closures(now=now, horizon=now, actor=actor)["accounts"] == 1
    assert not host.PageView.objects.filter(user_id=key).exists()


def test_of_a_person_who_is_held_in_part_what_goes_is_read_back(now: datetime, actor: Actor) -> None:
    """The account stays, so that no foreign key to it refuses anything."""
    user = plant("spared")
    hold(now, user, "documents")
    Closure.objects.create(
        subject_key=str(user.pk), pseudonym="x", channel="command", closed_at=now, due_at=now, status="planned"
    )
    with _sparing(host.PageView._meta.db_table, "user_id", user.pk):
        run_closures(now=now, horizon=now, actor=actor)
    closure = Closure.objects.get()
    assert (closure.status, closure.errors[0].partition(":")[0]) == ("partial", "host.PageView")
    run_closures(now=now, horizon=now, actor=actor)
    assert Closure.objects.get().status == "held"


def _take_away(key: Any) -> None:
    """The row of an account, by raw SQL that no foreign key refuses."""
    table = get_user_model()._meta.db_table
    on_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF" if on_sqlite else "SET session_replication_role = replica")
        try:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [key])
        finally:
            cursor.execute("PRAGMA foreign_keys = ON" if on_sqlite else "RESET session_replication_role")


@contextmanager
def _sparing(table: str, column: str, key: Any) -> Iterator[None]:
    """A trigger that silently keeps one person's rows."""
    when = f"WHEN (OLD.{column} = {key})"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"CREATE TRIGGER spare BEFORE DELETE ON {table} {when} BEGIN SELECT RAISE(IGNORE); END")
        else:
            cursor.execute("CREATE FUNCTION spare() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql")
            cursor.execute(
                f"CREATE TRIGGER spare BEFORE DELETE ON {table} FOR EACH ROW {when} EXECUTE FUNCTION spare()"
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER spare" if connection.vendor == "sqlite" else "DROP FUNCTION spare CASCADE")
