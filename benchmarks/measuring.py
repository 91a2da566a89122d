"""Measuring two ways in turns, and telling the result beside its limit."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

#: Never fewer: the median of five is what a limit is held against.
ROUNDS = 5


@dataclass(slots=True)
class Result:
    """One figure and its limit.

    Attributes:
        name: what was measured, ``"deletion, 2000 members"``.
        figure: what is held against the limit.
        unit: ``"times raw SQL"``, ``"MB"``, ``"s"``, ``"queries"``.
        limit: the most it may be; None for a figure that is only told.
        raw: everything that was read off the clock, in seconds.
    """

    name: str
    figure: float
    unit: str
    limit: float | None = None
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        return self.limit is None or self.figure <= self.limit


def timed(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


def in_turns(
    ours: Callable[[int], float], theirs: Callable[[int], float], rounds: int = ROUNDS
) -> tuple[list[float], list[float]]:
    """Both ways in every round, and each of them first in every other: what drifts hits both alike."""
    mine: list[float] = []
    other: list[float] = []
    for number in range(rounds):
        pair = [(mine, ours), (other, theirs)]
        for times, act in pair if number % 2 else reversed(pair):
            times.append(act(number))
    return mine, other


def ratio(name: str, mine: Sequence[float], other: Sequence[float], *, limit: float, **more: Any) -> Result:
    """The median of the one over the median of the other."""
    figure = statistics.median(mine) / statistics.median(other)
    raw = {
        "ours_seconds": [round(value, 4) for value in mine],
        "raw_sql_seconds": [round(value, 4) for value in other],
        "ratio_of_each_round": [round(a / b, 3) for a, b in zip(mine, other, strict=True)],
        **more,
    }
    return Result(name, round(figure, 3), "times raw SQL", limit, raw)


def facts() -> dict[str, Any]:
    """What the machine is, without where it is."""
    from django import get_version
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW server_version")
            version = str(cursor.fetchone()[0]).split()[0]
            cursor.execute("SHOW shared_buffers")
            more = {"shared_buffers": cursor.fetchone()[0]}
        else:
            cursor.execute("SELECT sqlite_version()")
            version, more = str(cursor.fetchone()[0]), {}
    return {
        "database": f"{connection.vendor} {version}",
        "python": platform.python_version(),
        "django": get_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        **more,
    }
