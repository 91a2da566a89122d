"""Reading the next batch before its turn, while SQLite is left to others: its one lock is held for less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections

from privacy.core.pacing import commits_of_others
from privacy.disposal import closing
from privacy.disposal.journal import closures as journalling
from privacy.disposal.models import Closure
from privacy.disposal.querysets import ClosureQuerySet


@dataclass(frozen=True, slots=True)
class Ahead:
    """Closures that nobody has locked yet, with what tells their accounts apart, and what others had done by then."""

    closures: list[Closure]
    commits: int


def read_ahead(keys: Sequence[UUID]) -> Ahead | None:
    """The closures to erase next; None on a database that locks rows, which reads them when it locks them."""
    connection: Any = connections[closing.using()]
    if connection.vendor != "sqlite":
        return None
    commits = commits_of_others(connection)
    closures = list(_erasable(keys))
    journalling.prepare(closures)
    return Ahead(closures, commits)


def lock_to_erase(keys: Sequence[UUID], ahead: Ahead | None) -> list[Closure]:
    """Those that are still to be erased, held until the transaction ends; what another run holds is left to it.

    What was read ahead counts only where nobody else has written since.
    """
    if ahead is not None and ahead.commits == commits_of_others(connections[closing.using()]):
        return ahead.closures
    return closing.lock(_erasable(keys), wait=False)


def _erasable(keys: Sequence[UUID]) -> ClosureQuerySet:
    return Closure.objects.unfinished().unerased().these(keys)
