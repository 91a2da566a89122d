"""What screens and members are told about legal holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from privacy.core.words import name_words
from privacy.datamap import graph
from privacy.disposal.holds import in_force
from privacy.disposal.holds.rules import ground_words
from privacy.disposal.models import Closure, Hold


@dataclass(frozen=True, slots=True)
class HoldTold:
    """A hold as its member reads it: what stays, why, and when somebody looks again; never the case.

    Attributes:
        categories: in words; empty where everything stays.
    """

    categories: tuple[str, ...]
    ground: str
    review_at: datetime


def holds_told_to(user: Any) -> tuple[HoldTold, ...]:
    """The holds that keep data of this member; one query."""
    key = str(user.pk)
    about = [fact for fact in in_force().facts if fact.key in ("", key)]
    told = [
        HoldTold(tuple(name_words(name) for name in sorted(fact.categories)), ground_words(fact.ground), fact.review_at)
        for fact in about
    ]
    return tuple(dict.fromkeys(told))


def holds_on_closure(closure: Closure) -> QuerySet[Hold]:
    """The holds that may stop this closure: on its person, and on categories of everybody."""
    about = Q(scope=Hold.Scope.CATEGORY)
    if closure.subject_key:
        about |= Q(subject_key=closure.subject_key)
    return Hold.objects.in_force().filter(about)


def of_same_case(hold: Hold) -> QuerySet[Hold]:
    """The other holds in force that would be released together with this one."""
    if not hold.case:
        return Hold.objects.none()
    return Hold.objects.in_force().of_case(hold.case).exclude(pk=hold.pk)


def waiting_closures(holds: Sequence[Hold]) -> int:
    """How many closures of the people that these holds name wait for a release."""
    keys = [hold.subject_key for hold in holds if hold.subject_key]
    return Closure.objects.held().filter(subject_key__in=keys).count()


def declared_categories() -> list[tuple[str, str]]:
    """Every category that a declaration uses, with its words, for a choice."""
    return [(name, name_words(name)) for name in sorted({item.category for item in graph.declared() if item.category})]
