"""What the privacy page shows a member: the data held about them, and how they can leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import router
from django.db.models import Count, IntegerField, Q, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.core.periods import Period
from privacy.core.registries import page_blocks
from privacy.core.words import name_words
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise
from privacy.datamap.graph import Declared, Subjects
from privacy.disposal.models import Closure
from privacy.disposal.queries import rules
from privacy.disposal.rules import ClosureRules
from privacy.promises.facts import Facts
from privacy.promises.queries import facts
from privacy.retention.ending import periods_in_force

LEGAL_BASES: Mapping[str, str | Promise] = {
    "contract": _("needed for our agreement with you"),
    "consent": _("you agreed to it"),
    "legal_obligation": _("a law obliges us"),
    "vital_interests": _("it protects somebody's life"),
    "public_task": _("a task in the public interest"),
    "legitimate_interests": _("our legitimate interest"),
}


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the page, ready for its template."""

    name: str
    template: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of record within a category, with the number that is this member's."""

    label: str
    rows: int


@dataclass(frozen=True, slots=True)
class End:
    """When part of a category ends while the account is open; ``masks`` makes it anonymous instead of removing it."""

    period: Period
    masks: bool


@dataclass(frozen=True, slots=True)
class StayingOn:
    """What outlives the account: the ground in words, and for how long."""

    ground: str
    period: Period


@dataclass(frozen=True, slots=True)
class Holding:
    """What the site holds about one member in one category.

    Attributes:
        category: as the site names it.
        client_data: records about other people that the site only keeps for this member.
    """

    category: str
    items: tuple[Item, ...]
    purposes: tuple[str, ...]
    bases: tuple[str | Promise, ...]
    ends: tuple[End, ...]
    exceptions: tuple[StayingOn, ...]
    client_data: bool

    @property
    def rows(self) -> int:
        return sum(item.rows for item in self.items)

    @property
    def present(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.rows)


@dataclass(frozen=True, slots=True)
class ClosureOffer:
    """How this member can close the account under the site's rules.

    Attributes:
        rules: the profile's, or the app's defaults where none is loaded.
        current: a closure that was begun already.
        contact: the site's facts, for the way by writing in.
    """

    rules: ClosureRules
    current: Closure | None
    contact: Facts

    @property
    def by_self(self) -> bool:
        return "self" in self.rules.route and self.current is None

    @property
    def by_writing(self) -> bool:
        return "written" in self.rules.route

    @property
    def password_only(self) -> bool:
        """The policy confirms the identity; a recent sign-in alone is no confirmation (CPT-8-3)."""
        return self.rules.identity == "must"


def blocks_for(user: Any, now: datetime) -> list[Block]:
    """Every registered block of the page for this member, in order."""
    ordered = sorted(page_blocks, key=lambda block: (block.order, block.name))
    return [Block(block.name, block.template, block.context(user, now)) for block in ordered]


def closures_of(user: Any) -> QuerySet[Closure]:
    """The closures of this member's account, open or not; a key that somebody else had before leads to none."""
    return Closure.objects.of(str(user.pk)).unerased()


def closure_offer(user: Any) -> ClosureOffer:
    """What the close block offers this member."""
    current = Closure.objects.of(str(user.pk)).open().order_by("-closed_at").first()
    return ClosureOffer(rules(), current, facts())


def holdings(user: Any, now: datetime) -> tuple[list[Holding], list[str]]:
    """What the site holds about this member, and the names of the categories in which it holds nothing.

    One counting query for each database, whatever the number of declared models. Source: K03, K04.
    """
    by_category: dict[tuple[str, bool], list[Declared]] = defaultdict(list)
    for declared in graph.declared():
        if declared.sides:
            by_category[declared.category, declared.scope == "client"].append(declared)
    counts = _rows_by_model(graph.declared(), Subjects.of([user.pk]))
    periods = periods_in_force(now)
    found = [
        _holding(category, client_data, group, counts, periods)
        for (category, client_data), group in sorted(by_category.items())
    ]
    held = sorted((one for one in found if one.rows), key=lambda one: (one.client_data, one.category))
    empty = [one.category for one in found if not one.rows and not one.client_data]
    return held, empty


def _rows_by_model(all_declared: Iterable[Declared], subjects: Subjects) -> dict[str, int]:
    by_database: dict[str, list[Declared]] = defaultdict(list)
    for declared in all_declared:
        if declared.sides:
            by_database[router.db_for_read(declared.model)].append(declared)
    counts: dict[str, int] = {}
    for group in by_database.values():
        parts = [
            _rows(declared, subjects)
            .order_by()
            .annotate(_place=Value(index, IntegerField()))
            .values("_place")
            .annotate(_count=Count("pk"))
            .values_list("_place", "_count")
            for index, declared in enumerate(group)
        ]
        union = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
        counts.update({group[index].label: rows for index, rows in union})
    return counts


def _rows(declared: Declared, subjects: Subjects) -> Any:
    if len(declared.sides) == 1:
        return declared.rows(declared.sides[0], subjects)
    either = Q()
    for side in declared.sides:
        either |= Q(pk__in=declared.rows(side, subjects).order_by().values("pk"))
    return declared.model._base_manager.filter(either)


def _holding(
    category: str, client_data: bool, group: list[Declared], counts: Mapping[str, int], periods: Mapping[str, Period]
) -> Holding:
    held = [declared for declared in group if counts.get(declared.label)] or group
    bases = [LEGAL_BASES.get(declared.legal_basis, declared.legal_basis) for declared in held if declared.legal_basis]
    ends = [
        End(periods.get(expiry.name, expiry.period), isinstance(expiry.action, Anonymise))
        for declared in held
        for expiry in declared.expiries
    ]
    return Holding(
        category=name_words(category),
        items=tuple(Item(declared.label, counts.get(declared.label, 0)) for declared in group),
        purposes=tuple(dict.fromkeys(name_words(one.purpose) for one in held if one.purpose)),
        bases=tuple(dict.fromkeys(bases)),
        ends=tuple(dict.fromkeys(ends)),
        exceptions=tuple(dict.fromkeys(StayingOn(keep.ground, keep.period) for one in held for keep in one.keeps)),
        client_data=client_data,
    )
