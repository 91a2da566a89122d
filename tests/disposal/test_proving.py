"""What the database refuses by itself is not looked at twice; what it does not refuse is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, models, transaction

from privacy.core.actors import Actor
from privacy.datamap.declarations import Delete
from privacy.disposal.models import Closure
from privacy.disposal.plan import Step, route
from privacy.disposal.proving import Proof
from privacy.disposal.services import run_closures
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)
on_sqlite_only = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL is asked before the commit")


def covered(*deleted: type[models.Model], by_commit: bool = True) -> set[type[models.Model]]:
    """Models of which the database proves that nothing is left, in a transaction; those ``deleted`` go whole."""
    steps = [_deleting(step) if step.declared.model in deleted else step for step in route()]
    with transaction.atomic():
        proof = Proof(steps, using="default", by_commit=by_commit)
        return {step.declared.model for step in steps if proof.covers(step)}


def _deleting(step: Step) -> Step:
    return replace(step, side=replace(step.side, erasure=Delete()))


def test_a_foreign_key_to_the_account_proves_that_nothing_is_left_along_it() -> None:
    found = covered()
    assert {host.PageView, host.Comment, host.Order} <= found
    assert host.NewsletterContact not in found, "an address is no foreign key"
    assert host.Note not in found, "a generic key is none either"


def test_rows_of_rows_are_proven_where_both_go() -> None:
    assert host.OrderLine in covered(host.Order, host.OrderLine)
    assert host.OrderLine not in covered(host.OrderLine), "the order stays, so that nothing is refused"
    assert host.OrderLine not in covered(host.Order), "a line that stays must be seen to be empty"


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
