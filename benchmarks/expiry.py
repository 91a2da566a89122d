"""Expiry: what is past its period goes in windows, against one DELETE of all of it."""

from __future__ import annotations

from datetime import datetime

from benchmarks import rawsql
from benchmarks.filling import NOW, fill_events
from benchmarks.measuring import Result, in_turns, ratio, timed
from benchmarks.purging import ACTOR
from benchmarks.scratch import fresh
from benchmarks.site.models import Event
from benchmarks.sizes import Size
from privacy.core.conf import settings
from privacy.datamap import graph
from privacy.datamap.graph import Declared, Expiry
from privacy.disposal.expiry import expire


def measure(size: Size) -> list[Result]:
    cutoff = period_ended()
    gone: list[int] = []

    def ours(_round: int) -> float:
        events(size)
        took = timed(lambda: gone.append(expire_events()))
        if gone[-1] != size.old:
            raise SystemExit(f"{gone[-1]} events expired, not {size.old}")
        return took

    def raw(_round: int) -> float:
        events(size)
        return timed(lambda: rawsql.expire(Event._meta.db_table, "at", cutoff))

    mine, other = in_turns(ours, raw, size.rounds)
    name = f"expiry, {size.old} of {size.events} rows"
    return [ratio(name, mine, other, limit=1.5, rows=size.events, expired=size.old, window=settings.window_rows)]


def events(size: Size) -> None:
    """Put the large table in place."""
    fresh(f"events_{size.events}", lambda: fill_events(size.events, size.old, period_ended()))


def expire_events() -> int:
    """The night's step for the large table; returns how many rows went."""
    declared, rule = _rule()
    return expire(declared=declared, expiry=rule, cutoff=period_ended(), now=NOW, actor=ACTOR).rows


def period_ended() -> datetime:
    """What is as old as this is over."""
    return _rule()[1].period.cutoff(NOW, settings.calendar)


def _rule() -> tuple[Declared, Expiry]:
    declared = graph.find(Event)
    assert declared is not None
    [rule] = declared.expiries
    return declared, rule
