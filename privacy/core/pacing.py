"""How fast bulk work may go: no transaction longer than a budget, and pauses in which the site has the database.

PostgreSQL lets a login write beside a purge, so that the work goes at full speed unless ``PRIVACY["NIGHT_SHARE"]``
says less. SQLite has one writer, and who waits for it only looks every tenth of a second: work without a pause could
keep a login waiting for as long as it lasts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections

from privacy.core.conf import settings

#: What a transaction may take on SQLite, whatever ``TRANSACTION_SECONDS`` says: logins wait for it.
SQLITE_SECONDS = 0.9
#: On SQLite the work pauses after so many seconds of writing, although nobody seems to wait …
TURN = 0.9
#: … for so long that whoever waits looks once: SQLite's own patience is at most a tenth of a second between two looks.
GAP = 0.12
#: Where others write, the work takes no more than this share of the time on SQLite.
SHARED = 0.5
_FIRST, _GROWTH = 25, 10.0
#: On a machine that does much else, what every transaction costs by itself may be most of the budget. Fewer items would
#: then cost more altogether, down to one at a time: it is aimed at so many times that cost, within so many budgets.
_WORTH, _STRETCH, _MOSTLY = 3.0, 1.5, 0.9

#: Until when (monotonic seconds) the database of a connection is left to others, after a turn that was the last.
_free_until: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


class Pace:
    """The pace of one piece of bulk work on one database.

    Args:
        using: alias of the database.
        most: items (people, rows) a transaction may have; fewer where they take longer than the budget.
        first: items of the first transaction where the database has one writer, before anything was measured.
        rest: waits for so many seconds; no transaction is open then.
    """

    def __init__(
        self, using: str, most: int, *, first: int = _FIRST, rest: Callable[[float], None] | None = None
    ) -> None:
        self._connection = connections[using]
        self._one_writer = self._connection.vendor == "sqlite"
        self._rest = rest or time.sleep
        self._most = most
        self._size = min(first, most) if self._one_writer else most
        self._last, self._fixed_seconds = (0, 0.0), 0.0
        self._worked, self._owed, self._rows_written = 0.0, 0.0, 0
        self._seen = commits_of_others(self._connection)

    def size(self) -> int:
        """How many items the next transaction should have."""
        return self._size

    @property
    def budget(self) -> float:
        """Seconds that one transaction should take at most."""
        return min(settings.transaction_seconds, SQLITE_SECONDS) if self._one_writer else settings.transaction_seconds

    @contextmanager
    def turn(self, items: int) -> Iterator[None]:
        """Work on ``items``, measured so that the next ones fit the budget, once the site had its turn after the last.

        Nobody waits after the last turn of all. Other work on the same database that begins at once waits then.
        """
        self._give_way()
        begun = time.monotonic()
        yield
        took = time.monotonic() - begun
        self._fit(items, took)
        self._owed = self._owes(took)
        self._rows_written = _rows_written(self._connection)
        _free_until[self._connection] = time.monotonic() + self._owed

    def _fit(self, items: int, took: float) -> None:
        if items < 1 or (items < self._size and took <= self.budget):
            return  # the last few of a walk say little
        fixed = self._fixed(items, took)
        aim = max(self.budget, min(_WORTH * fixed, _STRETCH * self.budget))
        fitting = items * max(aim - fixed, 0.0) / max(took - fixed, 0.001)
        self._size = max(1, min(self._most, int(min(fitting, items * _GROWTH))))

    def _fixed(self, items: int, took: float) -> float:
        """Seconds that a transaction costs however few its items are, by the last two of different sizes."""
        (before, then), self._last = self._last, (items, took)
        if before and before != items:
            each = max((took - then) / (items - before), 0.0)
            self._fixed_seconds = max(took - each * items, 0.0)
        return min(self._fixed_seconds, _MOSTLY * took)

    def _give_way(self) -> None:
        """Leave the database to others for as long as is owed to them, whoever worked on it before."""
        pause = _free_until.pop(self._connection, 0.0) - time.monotonic()
        if not self._one_writer or self._rows_written != _rows_written(self._connection):
            pause = max(pause, self._owed)  # nobody knows that it was left to them all the time
        self._owed = 0.0
        if pause > 0 and not self._connection.in_atomic_block:
            self._rest(pause)

    def _owes(self, took: float) -> float:
        """Seconds that others should have the database after a turn that took so many."""
        if self._connection.in_atomic_block:
            return 0.0  # a caller's transaction keeps the database all the same
        share = settings.night_share
        pause = took * (1 / share - 1)
        if self._one_writer:
            self._worked += took
            commits = commits_of_others(self._connection)
            if commits != self._seen:
                self._seen = commits
                pause = max(pause, GAP, took * (1 / SHARED - 1))
            elif self._worked >= TURN:
                pause = max(pause, GAP)
        if pause >= GAP:
            self._worked = 0.0
        return pause


def _rows_written(connection: Any) -> int:
    """A number that changes when this very connection has written; only SQLite tells it for nothing."""
    opened = connection.connection if connection.vendor == "sqlite" else None
    return opened.total_changes if opened is not None else 0


def commits_of_others(connection: Any) -> int:
    """A number that changes when another connection has written; only SQLite tells it for nothing, others say 0."""
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])
