"""Purge by deletion: every row of the member goes."""

from __future__ import annotations

from benchmarks import rawsql
from benchmarks.measuring import Result
from benchmarks.purging import compare
from benchmarks.sizes import Size


def measure(size: Size) -> list[Result]:
    return compare("deletion", rawsql.DELETE, size, limit=1.5)
