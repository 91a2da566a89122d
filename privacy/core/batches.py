"""Walking over many rows in constant memory, on both databases.

``keyset`` gives lists of primary keys, ``windows`` gives spans of a time column. The second is the fast
way to remove very many rows: each window is one DELETE by an index, without any list of keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Q, QuerySet

#: A number above zero, or who is asked for one before each step of the walk (``Pace.size``).
Size = int | Callable[[], int]


def keyset(queryset: QuerySet[Any], size: Size) -> Iterator[list[Any]]:
    """Primary keys of the queryset, in lists of at most ``size``, by rising key.

    Works for every key that its database can order (integers, UUIDs, texts). Rows may be changed or
    removed between two lists: the walk goes on behind the last key it gave. One query a list.

    Args:
        queryset: unsliced; its own order is ignored.
        size: above zero.
    """
    ordered = queryset.order_by("pk").values_list("pk", flat=True)
    last: Any = None
    while True:
        most = _number(size)
        rows = list((ordered if last is None else ordered.filter(pk__gt=last))[:most])
        if rows:
            # A join in the queryset may give one row several times.
            yield list(dict.fromkeys(rows))
            last = rows[-1]
        if len(rows) < most:
            return


def windows(queryset: QuerySet[Any], field: str, *, until: Any, size: Size) -> Iterator[tuple[Any, Any]]:
    """Half-open windows ``(lower, upper]`` over ``field`` that hold about ``size`` rows each.

    ``lower`` is None for the first window and the last ``upper`` is ``until``, which belongs to it. A
    window holds more than ``size`` rows where many share one value, and the last may hold none. Rows may be
    removed while the walk goes on. Nothing is given when no row is at or before ``until``; rows where
    ``field`` is NULL are never in a window.

    Args:
        queryset: unsliced; its own order is ignored.
        field: ORM path of a column with an order, best an indexed one.
        until: the last value, included.
        size: rows a window, above zero.
    """
    ordered = queryset.order_by(field)
    lower: Any = None
    while True:
        rest = ordered.filter(within(field, lower, until))
        # Asked before the first: most nights nothing is over, and then one look at every row is enough.
        if lower is None and not rest.exists():
            return
        most = _number(size)
        full = list(rest.values_list(field, flat=True)[most - 1 : most])
        if not full:
            yield lower, until
            return
        upper = full[0]
        yield lower, upper
        if upper == until:
            return
        lower = upper


def _number(size: Size) -> int:
    return size() if callable(size) else size


def within(field: str, lower: Any, upper: Any) -> Q:
    """The filter of one window: above ``lower`` (None: no lower end), up to and with ``upper``."""
    inside = Q(**{f"{field}__lte": upper})
    return inside if lower is None else inside & Q(**{f"{field}__gt": lower})


def above(field: str, lower: Any) -> Q:
    """The lower end of a window alone, for rows that its upper end bounds already.

    A second upper end costs: of two, SQLite may walk along its index as far as the wider.
    """
    return Q() if lower is None else Q(**{f"{field}__gt": lower})


def chunks(items: list[Any] | tuple[Any, ...], size: int) -> Iterator[list[Any]]:
    """A sequence already in memory, in lists of at most ``size``."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
