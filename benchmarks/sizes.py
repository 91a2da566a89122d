"""How much is measured: the limits are about ``SIZE=full``, the default; ``small`` and ``tiny`` try the code."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of one run.

    Attributes:
        members: sites to purge, by their number of members.
        growth: the two sizes between which memory must not grow.
        events, old: rows of the large table, and how many of them are over.
        thousand: people of the one batch whose queries are counted.
        share: of the rows that a member leaves otherwise.
        rounds: in how many rounds the two ways take turns.
    """

    members: tuple[int, ...]
    growth: tuple[int, int]
    events: int
    old: int
    thousand: int = 1000
    share: float = 1.0
    rounds: int = 5


_SIZES = {
    ("full", "postgresql"): Size((2_000, 20_000), (2_000, 20_000), 5_000_000, 1_000_000),
    # One writer and one file: a site of 20,000 busy members is not run on it.
    ("full", "sqlite"): Size((2_000,), (200, 2_000), 5_000_000, 1_000_000),
    ("small", ""): Size((400,), (100, 400), 200_000, 40_000, thousand=200),
    ("tiny", ""): Size((60,), (30, 90), 4_000, 800, thousand=40, share=0.1, rounds=1),
}


def size(vendor: str) -> Size:
    """The size that the environment asks for."""
    name = os.environ.get("SIZE", "full")
    found = _SIZES.get((name, vendor)) or _SIZES.get((name, ""))
    if found is None:
        raise SystemExit(f"SIZE={name} is not known: full, small or tiny")
    return found
