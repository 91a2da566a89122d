"""Bulk work fits its transactions to a budget, and lets the site have the database in between."""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction

from privacy.core import pacing
from privacy.core.pacing import GAP, SHARED, TURN, Pace

pytestmark = pytest.mark.django_db(transaction=True)
only_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="who waits for the one writer is SQLite's")
only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL has many writers")


class Clock:
    """A clock that tests move, and the pauses that the pace made."""

    def __init__(self) -> None:
        self.at, self.rests, self.rested_at = 1000.0, [], []

    def monotonic(self) -> float:
        return self.at

    def rest(self, seconds: float) -> None:
        self.rests.append(round(seconds, 3))
        self.rested_at.append(self.at)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pacing, "time", clock)
    monkeypatch.setattr(pacing, "_free_until", WeakKeyDictionary())
    return clock


def work(pace: Pace, clock: Clock, each: float, times: int = 1) -> list[int]:
    """Transactions of as many items as the pace wants, ``each`` seconds an item; gives the sizes."""
    sizes = []
    for _ in range(times):
        sizes.append(pace.size())
        with pace.turn(pace.size()):
            clock.at += pace.size() * each
    return sizes


def pace(clock: Clock, most: int = 500) -> Pace:
    return Pace("default", most, rest=clock.rest)


@only_sqlite
def test_time_in_which_nothing_was_written_counts_as_a_pause(clock: Clock) -> None:
    """The next batch may be read meanwhile: whoever waits for the lock gets it."""
    mine = pace(clock)
    with mine.turn(500):
        clock.at += TURN + 0.1
    clock.at += GAP / 4
    with mine.turn(500):
        pass
    assert clock.rests == [round(GAP * 3 / 4, 3)]


@only_sqlite
def test_time_in_which_the_work_itself_wrote_on_is_no_pause(clock: Clock) -> None:
    mine = pace(clock)
    with mine.turn(500):
        clock.at += TURN + 0.1
    Group.objects.create(name="what follows up")
    clock.at += GAP / 4
    with mine.turn(500):
        pass
    assert clock.rests == [GAP]


@only_postgresql
def test_where_nobody_counts_what_was_written_the_whole_pause_is_made(clock: Clock, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "NIGHT_SHARE": 0.5}
    mine = pace(clock)
    with mine.turn(500):
        clock.at += 1.0
    clock.at += 0.4
    with mine.turn(500):
        pass
    assert clock.rests == [1.0]


def next_in_line(clock: Clock) -> None:
    """Other work on the same database that begins at once."""
    with pace(clock).turn(1):
        pass


def test_items_that_take_long_come_in_fewer_until_a_transaction_fits_the_budget(clock: Clock, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "TRANSACTION_SECONDS": 0.4}
    sizes = work(pace(clock), clock, each=0.05, times=6)
    assert sizes[-1] == 8
    assert sizes[-1] * 0.05 <= 0.4


def test_items_that_take_no_time_come_as_many_as_are_allowed_and_never_more(clock: Clock) -> None:
    assert work(pace(clock, most=100), clock, each=0.0001, times=6)[-2:] == [100, 100]


def test_a_single_item_over_the_budget_still_has_its_turn(clock: Clock) -> None:
    assert work(pace(clock), clock, each=9, times=3)[-1] == 1


@only_sqlite
def test_what_every_transaction_costs_by_itself_never_drives_the_work_down_to_single_items(clock: Clock) -> None:
    of = pace(clock)
    sizes, longest = [], 0.0
    for _ in range(12):
        sizes.append(of.size())
        with of.turn(of.size()):
            clock.at += 0.6 + of.size() * 0.005
        longest = max(longest, 0.6 + sizes[-1] * 0.005)
    assert min(sizes[4:]) > 20
    assert longest < 1.5


def test_the_last_few_of_a_walk_do_not_change_the_size(clock: Clock) -> None:
    of = pace(clock)
    before = work(of, clock, each=0.0001, times=5)[-1]
    with of.turn(1):
        clock.at += 0.01
    assert of.size() == before


@only_postgresql
def test_where_there_are_many_writers_work_begins_at_full_size_and_never_pauses(clock: Clock) -> None:
    assert work(pace(clock), clock, each=0.001, times=20) == [500] * 20
    assert clock.rests == []


def test_the_share_of_a_night_is_the_share_of_the_time_it_keeps_the_database_busy(clock: Clock, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "NIGHT_SHARE": 0.25}
    of = pace(clock)
    begun = clock.at
    work(of, clock, each=0.01, times=10)
    worked = clock.at - begun
    next_in_line(clock)
    assert worked / (worked + sum(clock.rests)) <= 0.251


@only_sqlite
def test_on_sqlite_work_begins_small_and_no_transaction_is_planned_longer_than_a_second(
    clock: Clock, settings: Any
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "TRANSACTION_SECONDS": 60}
    sizes = work(pace(clock), clock, each=0.01, times=6)
    assert sizes[0] == 25
    assert max(sizes) * 0.01 <= pacing.SQLITE_SECONDS


@only_sqlite
def test_on_sqlite_a_writer_who_waits_is_let_in_at_least_once_a_second(clock: Clock) -> None:
    of = pace(clock)
    begun = clock.at
    while clock.at < begun + 20:
        work(of, clock, each=0.004)
    waited = [after - before for before, after in zip([begun, *clock.rested_at], clock.rested_at, strict=False)]
    assert len(waited) > 10
    assert min(clock.rests) >= GAP
    assert max(waited) <= TURN + pacing.SQLITE_SECONDS


@only_sqlite
def test_on_sqlite_nobody_waits_for_an_idle_site_more_than_a_seventh_of_the_time(clock: Clock) -> None:
    of = pace(clock)
    begun = clock.at
    work(of, clock, each=0.001, times=200)
    assert sum(clock.rests) / (clock.at - begun) < 1 / 6


@only_sqlite
def test_on_sqlite_a_site_that_writes_gets_its_half(clock: Clock) -> None:
    import sqlite3

    of = pace(clock)
    work(of, clock, each=0.01, times=5)
    other = sqlite3.connect(connection.settings_dict["NAME"], timeout=20)
    other.execute("CREATE TABLE IF NOT EXISTS elsewhere (at integer)")
    other.commit()
    clock.rests.clear()
    begun = clock.at
    work(of, clock, each=0.01)
    took = clock.at - begun
    next_in_line(clock)
    assert clock.rests == [round(took * (1 / SHARED - 1), 3)]
    other.execute("DROP TABLE elsewhere")
    other.commit()
    other.close()


def test_within_a_callers_transaction_nothing_waits(clock: Clock, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "NIGHT_SHARE": 0.1}
    with transaction.atomic():
        work(pace(clock), clock, each=0.1, times=5)
        Group.objects.create(name="still open")
    assert clock.rests == []


def test_by_default_it_waits_for_real_time(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "NIGHT_SHARE": 0.5}
    of = Pace("default", 10)
    begun = time.monotonic()
    with of.turn(10):
        time.sleep(0.05)
    with of.turn(1):
        assert time.monotonic() - begun >= 0.1


def test_the_pause_after_the_last_turn_is_made_by_whoever_works_next_and_by_nobody_else(
    clock: Clock, settings: Any
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "NIGHT_SHARE": 0.5}
    work(pace(clock), clock, each=0.01)
    worked = clock.at - 1000.0
    assert clock.rests == []
    clock.at += worked / 4
    next_in_line(clock)
    assert clock.rests == [round(worked * 3 / 4, 3)]
    clock.at += 60
    next_in_line(clock)
    assert len(clock.rests) == 1
