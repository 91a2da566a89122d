"""What would stop an erasure, seen before anything runs, and whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet

from privacy.core.errors import PrivacyError
from privacy.datamap.declarations import Anonymise
from privacy.datamap.graph import Subjects
from privacy.disposal.masks import mask_values
from privacy.disposal.plan import Step, route
from privacy.disposal.relations import blockers_of


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason; ``keys`` are the people it stops (``str(pk)``), empty where their rows do not tell."""

    reason: str
    keys: frozenset[str]


def obstacles(subjects: Callable[[], Subjects]) -> Iterator[Obstacle]:
    """Rows outside the plan that hold a row back, and stand-ins that do not exist.

    ``subjects`` is only asked where anything could be in the way.

    Queries grow with such links and stand-ins, not with rows. What only the run can find out (a trigger, a
    handler that refuses) is not here.
    """
    for step in route():
        if step.action == "delete":
            for blocker, held in blockers_of(step.declared.model, partial(_rows, step, subjects)):
                yield Obstacle(str(blocker), _owners(step, held))
        elif isinstance(step.side.erasure, Anonymise):
            try:
                mask_values(step.declared.model, step.side.erasure, step.declared.using)
            except PrivacyError as missing:
                rows = step.rows(subjects())
                if rows.exists():
                    yield Obstacle(str(missing), _owners(step, rows))


def _rows(step: Step, subjects: Callable[[], Subjects]) -> QuerySet[Any]:
    return step.rows(subjects())


def _owners(step: Step, rows: QuerySet[Any]) -> frozenset[str]:
    owner = step.owner()
    if owner is None:
        return frozenset()
    return frozenset(
        str(key) for key in rows.order_by().annotate(_owner=owner).values_list("_owner", flat=True).distinct()
    )
