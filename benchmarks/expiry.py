"""Removing many old rows: in windows over the time column, and all at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter

from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet

from privacy.core.batches import windows, within

END = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = 10_000
ROUNDS = 3


def measure(rows: int) -> Iterator[str]:
    """Time both ways on the same rows; the best of each is told."""
    at_once, in_windows, longest = [], [], []
    for _ in range(ROUNDS):
        at_once.append(_all_at_once(_filled(rows)))
        whole, worst = _by_windows(_filled(rows))
        in_windows.append(whole)
        longest.append(worst)
    ratio = min(in_windows) / min(at_once)
    yield f"one DELETE of all        {min(at_once):7.3f} s"
    yield f"windows of {WINDOW} rows   {min(in_windows):7.3f} s   {ratio:.2f} times one DELETE"
    yield f"longest window           {min(longest):7.3f} s"


def _filled(rows: int) -> QuerySet[Session]:
    Session.objects.all().delete()
    Session.objects.bulk_create(
        (
            Session(session_key=f"{number:032d}", session_data="x" * 100, expire_date=END - timedelta(seconds=number))
            for number in range(rows)
        ),
        batch_size=5_000,
    )
    if connection.vendor == "postgresql":
        # A site's table has statistics, and no hole from a round before.
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM ANALYZE {connection.ops.quote_name(Session._meta.db_table)}")
    return Session.objects.all()


def _all_at_once(sessions: QuerySet[Session]) -> float:
    began = perf_counter()
    old = sessions.filter(within("expire_date", None, END))
    old._raw_delete(old.db)
    return perf_counter() - began


def _by_windows(sessions: QuerySet[Session]) -> tuple[float, float]:
    began = perf_counter()
    longest = 0.0
    for lower, upper in windows(sessions, "expire_date", until=END, size=WINDOW):
        started = perf_counter()
        window = sessions.filter(within("expire_date", lower, upper))
        window._raw_delete(window.db)
        longest = max(longest, perf_counter() - started)
    return perf_counter() - began, longest
