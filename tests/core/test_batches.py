"""Walking in constant memory over integer, UUID and text keys."""

from __future__ import annotations

import re
import tracemalloc
import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from privacy.core.batches import chunks, keyset, windows, within
from privacy.retention.models import NightRun
from tests.host.models import PageView

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)


def _integers() -> QuerySet[Any]:
    Group.objects.bulk_create(Group(name=f"g{n}") for n in range(23))
    return Group.objects.all()


def _uuids() -> QuerySet[Any]:
    moments = {"as_of": START, "horizon": START, "created_at": START, "finished_at": START}
    NightRun.objects.bulk_create(NightRun(id=uuid.uuid4(), status=NightRun.Status.DONE, **moments) for _ in range(23))
    return NightRun.objects.all()


def _emails() -> QuerySet[Any]:
    words = [f"{chr(97 + n % 5)}.{'Zz'[n % 2]}-{n}@example.org" for n in range(23)]
    Session.objects.bulk_create(Session(session_key=word, session_data="", expire_date=START) for word in words)
    return Session.objects.all()


@pytest.mark.parametrize("make", [_integers, _uuids, _emails])
@pytest.mark.parametrize("size", [1, 5, 23, 24])
def test_every_key_is_given_once_whatever_its_type(make: Any, size: int) -> None:
    rows = make()
    lists = list(keyset(rows.order_by("?"), size))
    assert [len(some) for some in lists[:-1]] == [size] * (len(lists) - 1)
    given = [key for some in lists for key in some]
    assert len(given) == 23
    assert set(given) == set(rows.values_list("pk", flat=True))


def test_rows_may_go_while_the_walk_goes_on() -> None:
    rows = _integers()
    for some in keyset(rows, 5):
        Group.objects.filter(pk__in=some).delete()
    assert not rows.exists()


def test_nothing_to_walk_gives_no_list(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert list(keyset(Group.objects.none() | Group.objects.filter(name="nobody"), 5)) == []


def test_a_list_costs_one_query(django_assert_num_queries: Any) -> None:
    rows = _integers()
    with django_assert_num_queries(5):  # 5, 5, 5, 5 and 3
        assert len(list(keyset(rows, 5))) == 5


def test_a_join_does_not_give_a_key_twice() -> None:
    rhythm = IntervalSchedule.objects.create(every=1, period="days")
    for n in range(7):
        PeriodicTask.objects.create(name=f"t{n}", task="t", interval=rhythm)
    rows = IntervalSchedule.objects.filter(periodictask__task="t")
    assert list(keyset(rows, 3)) == [[rhythm.pk]]


def test_memory_does_not_grow_with_the_rows() -> None:
    PageView.objects.bulk_create((PageView(path="/", viewed_at=START) for _ in range(12_000)), batch_size=2000)

    def peak(rows: QuerySet[Any]) -> int:
        tracemalloc.start()
        for _ in keyset(rows, 200):
            pass
        for _ in windows(rows, "viewed_at", until=START, size=200):
            pass
        peaked = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peaked

    first = PageView.objects.order_by("pk")[2000:2001].get().pk
    peak(PageView.objects.filter(pk__lt=first))  # warms caches
    few, many = peak(PageView.objects.filter(pk__lt=first)), peak(PageView.objects.all())
    assert many < few * 2


def _views(count: int, step: timedelta = timedelta(minutes=1)) -> QuerySet[Any]:
    PageView.objects.bulk_create(PageView(path="/", viewed_at=START + n * step) for n in range(count))
    return PageView.objects.all()


def test_windows_hold_about_the_asked_rows_and_leave_none_out() -> None:
    rows, until = _views(23), START + timedelta(minutes=20)
    spans = list(windows(rows, "viewed_at", until=until, size=5))
    counts = [rows.filter(within("viewed_at", lower, upper)).count() for lower, upper in spans]
    assert counts == [5, 5, 5, 5, 1]
    assert spans[0][0] is None
    assert spans[-1][1] == until
    assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_windows_go_on_while_their_rows_are_removed() -> None:
    rows = _views(23)
    for lower, upper in windows(rows, "viewed_at", until=START + timedelta(minutes=20), size=5):
        rows.filter(within("viewed_at", lower, upper)).delete()
    assert rows.count() == 2


def test_the_last_moment_belongs_to_the_last_window_and_nothing_later() -> None:
    rows = _views(3)
    assert list(windows(rows, "viewed_at", until=START, size=5)) == [(None, START)]
    assert list(windows(rows, "viewed_at", until=START - timedelta(seconds=1), size=5)) == []


def test_rows_of_one_moment_stay_in_one_window() -> None:
    rows = _views(12, timedelta(0))
    [(lower, upper)] = windows(rows, "viewed_at", until=START, size=5)
    assert rows.filter(within("viewed_at", lower, upper)).count() == 12


def test_rows_without_a_moment_are_in_no_window() -> None:
    rhythm = IntervalSchedule.objects.create(every=1, period="days")
    PeriodicTask.objects.create(name="never ran", task="t", interval=rhythm)
    assert list(windows(PeriodicTask.objects.all(), "last_run_at", until=START, size=5)) == []


def test_a_window_costs_one_query_and_the_end_one_more(django_assert_num_queries: Any) -> None:
    rows = _views(23)
    with django_assert_num_queries(6):
        list(windows(rows, "viewed_at", until=START + timedelta(minutes=22), size=5))


def _plan(sql: str) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql.replace('%', '%%')}")
        return " / ".join(str(row[-1]).strip() for row in cursor.fetchall())


def test_windows_and_what_is_removed_in_them_are_found_by_the_index_of_the_column() -> None:
    rows = _views(6000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as asked:
        for lower, upper in windows(rows, "viewed_at", until=START + timedelta(minutes=1500), size=500):
            rows.filter(within("viewed_at", lower, upper)).delete()
    plans = [_plan(query["sql"]) for query in asked if query["sql"].startswith(("DELETE", 'SELECT "'))]
    assert len(plans) >= 6
    for plan in plans:
        assert "INDEX host_pageview_viewed_at" in plan or "using host_pageview_viewed_at" in plan, plan
        assert not re.search(r"\bSort\b|TEMP B-TREE|Seq Scan|SCAN ", plan), plan


def test_a_walk_by_keys_is_found_by_the_primary_key() -> None:
    rows = _views(6000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as asked:
        list(keyset(rows, 500))
    for query in asked.captured_queries[1:]:
        plan = _plan(query["sql"])
        assert "INTEGER PRIMARY KEY" in plan or "using host_pageview_pkey" in plan, plan
        assert not re.search(r"\bSort\b|TEMP B-TREE|Seq Scan", plan), plan


def test_chunks_of_a_list_keep_its_order() -> None:
    assert list(chunks([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    assert list(chunks((), 2)) == []
