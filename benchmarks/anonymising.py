"""Purge by anonymising: the rows stay, without the member."""

from __future__ import annotations

from django.db import connection

from benchmarks import rawsql
from benchmarks.measuring import Result
from benchmarks.purging import compare
from benchmarks.sizes import Size


def measure(size: Size) -> list[Result]:
    limit = 2.5 if connection.vendor == "sqlite" else 2.0
    return compare("anonymising", rawsql.ANONYMISE, size, limit=limit)
