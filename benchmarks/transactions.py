"""The longest time that a night keeps SQLite's one writer: sign-ins wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from django.db import connection

from benchmarks.expiry import events, expire_events
from benchmarks.measuring import Result
from benchmarks.purging import ask_to_close, purge, site
from benchmarks.sizes import Size

_LIMIT = 2.0


def measure(size: Size) -> list[Result]:
    if connection.vendor != "sqlite":
        return []
    members = size.members[-1]
    site(members, size.share)
    ask_to_close(range(1, members + 1))
    with _writing() as purging:
        purge()
    events(size)
    with _writing() as expiring:
        expire_events()
    return [
        _told(f"longest write transaction, purge of {members} members", purging),
        _told(f"longest write transaction, expiry of {size.old} rows", expiring),
    ]


def _told(name: str, times: list[float]) -> Result:
    raw = {"transactions": len(times), "longest_seconds": [round(each, 4) for each in sorted(times)[-5:]]}
    return Result(name, round(max(times), 3), "s", _LIMIT, raw)


@contextmanager
def _writing() -> Iterator[list[float]]:
    """Seconds of every transaction, from its BEGIN IMMEDIATE to the end of its COMMIT, and of single statements."""
    times: list[float] = []
    began: list[float] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith("BEGIN"):
            result = execute(sql, params, many, context)
            began[:] = [perf_counter()]
            return result
        if connection.in_atomic_block:
            return execute(sql, params, many, context)
        started = perf_counter()
        result = execute(sql, params, many, context)
        if not sql.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            times.append(perf_counter() - started)
        return result

    def ended(inner: Any) -> Any:
        def end() -> None:
            inner()
            if began:
                times.append(perf_counter() - began.pop())

        return end

    connection.ensure_connection()
    ends = {name: getattr(connection, name) for name in ("_commit", "_rollback")}
    for name, inner in ends.items():
        setattr(connection, name, ended(inner))
    try:
        with connection.execute_wrapper(watch):
            yield times
    finally:
        for name in ends:
            delattr(connection, name)
