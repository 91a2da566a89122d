"""Which holds are in force, and whom they hold. Every path that destroys asks here first.

For one person or some, before anything of theirs is destroyed::

    from privacy.disposal.holds import held_subjects, is_held

    held_subjects(["7", "12"])    # frozenset({"12"}): their account may be cut off, and their rows must stay
    is_held("12")                 # True

These two know the holds that name a person. A hold on a category of everybody keeps rows, whoever they belong to: a
closure finds those (``sparing``), and a schedule leaves them out (``without_held``). Whoever lets a closure do the
destroying (``services.run_closure``, ``run_closures``) need not ask at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from privacy.core.among import Among
from privacy.disposal.models import Hold


@dataclass(frozen=True, slots=True)
class HoldFact:
    """One hold in force, as the paths that destroy see it.

    Attributes:
        key: ``str(pk)`` of the person; empty where everybody's rows are held.
        categories: what is held; empty for all of a person.
    """

    id: UUID
    key: str
    categories: frozenset[str]
    ground: str
    review_at: datetime
    ends_at: datetime

    def covers(self, category: str) -> bool:
        return not self.categories or category in self.categories


@dataclass(frozen=True, slots=True)
class InForce:
    """Every hold in force, read once. False when there is none.

    Attributes:
        released_too: a released hold still names one of the people that were asked about.
    """

    facts: tuple[HoldFact, ...] = ()
    released_too: bool = False

    def __bool__(self) -> bool:
        return bool(self.facts)

    @property
    def everybodys(self) -> frozenset[str]:
        """Categories of which nothing may go, whoever it belongs to."""
        return frozenset(name for fact in self.facts if not fact.key for name in fact.categories)

    @property
    def people(self) -> frozenset[str]:
        """Keys of those whom a hold names."""
        return frozenset(fact.key for fact in self.facts if fact.key)

    @property
    def wholly(self) -> frozenset[str]:
        """Keys of those of whom nothing may go."""
        return frozenset(fact.key for fact in self.facts if fact.key and not fact.categories)

    def people_in(self, category: str) -> list[str]:
        """Keys of those whose rows of this category are held."""
        return sorted({fact.key for fact in self.facts if fact.key and fact.covers(category)})

    def about(self, keys: Iterable[str], category: str) -> list[HoldFact]:
        """The holds by which rows of these people stay; where only other people's do that, all of the category."""
        named = set(keys)
        covering = [fact for fact in self.facts if fact.covers(category)]
        return [fact for fact in covering if not fact.key or fact.key in named] or covering or list(self.facts)

    @property
    def fingerprint(self) -> str:
        """Changes whenever a hold is placed or released: closures that were stopped are looked at again."""
        words = sorted(str(fact.id) for fact in self.facts)
        return hashlib.sha256(" ".join(words).encode()).hexdigest()


def in_force(*, also_released_of: Sequence[str] = ()) -> InForce:
    """Every hold in force; one query over a small index.

    Args:
        also_released_of: ``str(pk)`` of people about to be erased, to learn whether a released hold still names them.
    """
    wanted = Q(released_at__isnull=True)
    if also_released_of:
        wanted |= Q(Among("subject_key", also_released_of))
    columns = ("pk", "subject_key", "categories", "ground", "review_at", "ends_at", "released_at")
    rows = list(Hold.objects.filter(wanted).order_by().values_list(*columns))
    return InForce(
        tuple(
            HoldFact(pk, key, frozenset(categories), ground, review_at, ends_at)
            for pk, key, categories, ground, review_at, ends_at, released_at in rows
            if released_at is None
        ),
        any(released_at is not None for *_, released_at in rows),
    )


def held_subjects(keys: Iterable[str]) -> frozenset[str]:
    """Those of these people (``str(pk)``) whom a hold names, in whole or in part. One query."""
    named = Hold.objects.in_force().filter(subject_key__in=list(keys)).values_list("subject_key", flat=True)
    return frozenset(named.order_by().distinct())


def is_held(key: str) -> bool:
    """Whether a hold names this person (``str(pk)``): their user row may not be deleted."""
    return bool(held_subjects([key]))
