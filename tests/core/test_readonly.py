"""Inside ``read_only`` the database itself refuses writes; behind it everything is as before."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction

from privacy.core.readonly import read_only


def _write(name: str = "x") -> None:
    Group.objects.create(name=name)


def _delete_all() -> None:
    Group.objects.all().delete()


def _raw() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_group SET name = 'changed'")


@pytest.mark.django_db
@pytest.mark.parametrize("act", [_write, _delete_all, _raw])
def test_a_write_is_refused_and_what_was_there_stays(act: Any) -> None:
    _write("before")
    with pytest.raises(DatabaseError), read_only():
        act()
    assert list(Group.objects.values_list("name", flat=True)) == ["before"]


@pytest.mark.django_db
def test_reads_go_through_and_writes_are_allowed_again_behind_it() -> None:
    _write("before")
    with read_only():
        assert Group.objects.count() == 1
    _write("after")
    assert Group.objects.count() == 2


@pytest.mark.django_db
def test_a_refused_write_does_not_leave_the_database_read_only() -> None:
    with pytest.raises(DatabaseError), read_only():
        _write()
    _write("after")
    assert Group.objects.count() == 1


@pytest.mark.django_db
def test_an_inner_block_does_not_open_the_outer_one() -> None:
    def read_and_write() -> None:
        with read_only():
            Group.objects.count()
        _write()

    with pytest.raises(DatabaseError), read_only():
        read_and_write()


@pytest.mark.django_db
def test_a_savepoint_inside_does_not_open_it() -> None:
    with read_only():
        with pytest.raises(DatabaseError), transaction.atomic():
            _write()
        assert Group.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [_write, _delete_all, _raw])
def test_outside_any_transaction_it_refuses_as_well(act: Any) -> None:
    _write("before")
    with pytest.raises(DatabaseError), read_only():
        act()
    assert not connection.in_atomic_block
    _write("after")
    assert sorted(Group.objects.values_list("name", flat=True)) == ["after", "before"]


@pytest.mark.django_db(transaction=True)
def test_outside_any_transaction_a_transaction_inside_may_still_read() -> None:
    with read_only(), transaction.atomic():
        assert Group.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_on_sqlite_no_write_lock_is_taken() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a matter of SQLite")
    other = connection.copy()
    try:
        with read_only():
            Group.objects.count()
            with other.cursor() as cursor:
                cursor.execute("INSERT INTO auth_group (name) VALUES ('from another connection')")
            assert Group.objects.count() == 0  # one state of the database
    finally:
        other.close()
    assert Group.objects.count() == 1
