"""Members and their rows, made by the database itself: the same statements on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from benchmarks.site import models

NOW = datetime(2026, 3, 16, 3, 30, tzinfo=UTC)

#: Rows a member leaves in each table.
ROWS = {
    models.Profile: 1,
    models.Address: 2,
    models.Order: 12,
    models.OrderLine: 36,
    models.PageView: 95,
    models.SignIn: 20,
    models.Message: 20,
    models.Comment: 15,
    models.Rating: 15,
    models.Subscription: 4,
}
_USED = NOW - timedelta(days=90)
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_WORDS = "a few words such as people write to each other when they have something to say"


def fill_members(members: int, share: float = 1.0) -> int:
    """Fill every table; returns how many rows a member has. ``share`` thins the larger tables out."""
    with _quickly() as cursor:
        _insert(
            cursor,
            get_user_model(),
            members,
            1,
            id="m.i",
            username="'member' || m.i",
            email="'member' || m.i || '@example.org'",
            first_name="'First'",
            last_name="'Last'",
            password="'!'",
            date_joined=f"'{_USED.isoformat(sep=' ')}'",
            is_active="TRUE",
            is_staff="FALSE",
            is_superuser="FALSE",
        )
        for model, columns in _COLUMNS.items():
            _insert(cursor, model, members, _thinned(model, share), **columns)
        _after(cursor)
    return 1 + sum(_thinned(model, share) for model in ROWS)


def fill_events(rows: int, old: int, cutoff: datetime) -> None:
    """``rows`` events, one a second and in the order of their time, ``old`` of them up to ``cutoff``."""
    with _quickly() as cursor:
        _insert(
            cursor,
            models.Event,
            rows,
            1,
            user_id="NULL",
            ip="'203.0.113.7'",
            path="'/page/' || (m.i % 97)",
            at=_moment(cutoff, f"m.i - {old}"),
        )
        _after(cursor)


def _thinned(model: type[Any], share: float) -> int:
    """At least one row; the lines of an order stay three."""
    orders = max(1, round(ROWS[models.Order] * share))
    return {models.Order: orders, models.OrderLine: orders * 3}.get(model, max(1, round(ROWS[model] * share)))


def _moment(base: datetime, seconds: str) -> str:
    stamp = base.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if connection.vendor == "postgresql":
        return f"TIMESTAMPTZ '{stamp}+00' + make_interval(secs => {seconds})"
    return f"datetime('{stamp}', ({seconds}) || ' seconds')"


def _insert(cursor: Any, model: type[Any], members: int, each: int, **columns: str) -> None:
    """``each`` rows a member: by rounds over all members, so that one member's rows lie scattered as they do on a site.

    ``m.i`` is the member's key, ``k.i`` counts the rounds from 0.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    cursor.execute(
        f"WITH RECURSIVE m(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM m WHERE i < {members}),"
        f" k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i < {each - 1})"
        f" INSERT INTO {table} ({', '.join(columns)})"
        f" SELECT {', '.join(columns.values())} FROM k CROSS JOIN m ORDER BY k.i, m.i"
    )


@contextmanager
def _quickly() -> Iterator[Any]:
    """Without asking every foreign key for every row, where the database lets us."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
        with transaction.atomic():
            yield cursor
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = DEFAULT")


def _after(cursor: Any) -> None:
    """A key that was written by hand must not be given again; and a site's tables have statistics."""
    if connection.vendor == "postgresql":
        for model in (get_user_model(), models.Order):
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(1, (SELECT max(id) FROM {table})))"
            )
    cursor.execute("ANALYZE")


def _columns() -> dict[type[Any], dict[str, str]]:
    when = _moment(_USED, "m.i + k.i * 3600")
    return {
        models.Profile: {
            "user_id": "m.i",
            "display_name": "'Member ' || m.i",
            "phone": "'030 1'",
            "about": f"'{_WORDS}'",
        },
        models.Address: {"user_id": "m.i", "street": "'Some Street ' || m.i", "city": "'Berlin'"},
        models.Order: {
            "id": "m.i * 100 + k.i",
            "customer_id": "m.i",
            "number": "'N' || m.i || '-' || k.i",
            "address": "'Some Street ' || m.i || ', 10115 Berlin'",
            "phone": "'030 1'",
            "total": "12.50",
            "placed_at": when,
        },
        models.OrderLine: {"order_id": "m.i * 100 + k.i / 3", "article": "'A lamp'", "engraving": "'For ' || m.i"},
        models.PageView: {
            "user_id": "m.i",
            "ip": "'203.0.113.7'",
            "user_agent": f"'{_AGENT}'",
            "path": "'/page/' || k.i",
            "viewed_at": when,
        },
        models.SignIn: {"user_id": "m.i", "ip": "'203.0.113.7'", "user_agent": f"'{_AGENT}'", "at": when},
        models.Message: {"author_id": "m.i", "subject": "'Hello'", "body": f"'{_WORDS}'", "sent_at": when},
        models.Comment: {"author_id": "m.i", "text": f"'{_WORDS}'", "written_at": when},
        models.Rating: {"author_id": "m.i", "stars": "1 + k.i % 5", "remark": "'good'"},
        models.Subscription: {"user_id": "m.i", "topic": "'topic ' || k.i"},
    }


_COLUMNS = _columns()
