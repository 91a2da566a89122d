"""What proving costs: the share of a purge that goes into reading back, and how long its evidence takes to check."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks.filling import NOW
from benchmarks.measuring import Result, timed
from benchmarks.purging import ACTOR, ask_to_close, purge, site
from benchmarks.sizes import Size
from privacy.disposal import capture, execution
from privacy.evidence.sealing import seal
from privacy.evidence.verifying import verify


def measure(size: Size) -> list[Result]:
    members = size.members[0]
    site(members, size.share)
    ask_to_close(range(1, members + 1))
    spent: list[float] = []
    kept = [_timed(module, name, spent) for module, name in _READING]
    try:
        whole = timed(purge)
    finally:
        for module, name, function in kept:
            setattr(module, name, function)
    sealing = timed(lambda: seal(now=NOW, actor=ACTOR))
    checking = timed(lambda: verify(now=NOW))
    return [
        Result(f"reading back, purge of {members} members", round(100 * sum(spent) / whole, 1), "% of it"),
        Result(f"sealing the evidence of {members} closures", round(sealing, 2), "s"),
        Result(f"verifying the evidence of {members} closures", round(checking, 2), "s"),
    ]


_READING: list[tuple[Any, str]] = [(execution, "require_empty"), (capture, "keys"), (capture, "release")]


def _timed(module: Any, name: str, spent: list[float]) -> tuple[Any, str, Callable[..., Any]]:
    function = getattr(module, name)

    def watched(*args: Any, **words: Any) -> Any:
        began = perf_counter()
        try:
            return function(*args, **words)
        finally:
            spent.append(perf_counter() - began)

    setattr(module, name, watched)
    return module, name, function
