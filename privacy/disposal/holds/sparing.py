"""Which rows a hold keeps: those it covers, and what they hang on.

A held row hangs on whatever its link may not be empty for, and on what leads from it to its person. The row of a
person of whom something is held stays as well: it is the way to the rest once the hold is released.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import ForeignKey, Model, Q, QuerySet

from privacy.datamap import graph
from privacy.datamap.graph import Declared, Side, Subjects
from privacy.datamap.rows import generic_targets
from privacy.disposal.holds import InForce, in_force

_LONGEST_CHAIN = 6
Links = tuple[ForeignKey[Any, Any], ...]


def without_held(declared: Declared, rows: QuerySet[Any]) -> QuerySet[Any]:
    """``rows`` of a declared model, those left out that a hold keeps; one small query while nothing is held."""
    holds = in_force()
    return Spared(holds).without(declared, rows) if holds else rows


class Spared:
    """The rows that the holds in force keep, model by model, as conditions of one statement.

    Held rows are sub-selects by whose they are; what they hang on is reached by joins from there, so that a
    statement stays flat however long the chain of links is.

    Args:
        accounts: ``str(pk)`` of people of whom something is held, whoever's hold it is: their own rows stay.
    """

    def __init__(self, holds: InForce, accounts: Iterable[str] = ()) -> None:
        self.holds = holds
        self.accounts = holds.people.union(accounts)
        self._found: dict[type[Model], Q | None] = {}
        self._subjects: dict[tuple[str, ...], Subjects] = {}

    def without(self, declared: Declared, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows``, what a hold keeps left out."""
        kept = self.condition(declared)
        return rows if kept is None else rows.exclude(kept)

    def among(self, declared: Declared, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Only those of ``rows`` that a hold keeps."""
        kept = self.condition(declared)
        return rows.none() if kept is None else rows.filter(kept)

    def condition(self, declared: Declared) -> Q | None:
        """The rows of this model that stay; None where no hold reaches it."""
        if not self.holds:
            return None
        if declared.model not in self._found:
            parts = [*self._held.get(declared.model, ()), *self._hung_on(declared)]
            self._found[declared.model] = _any_of(parts) if parts else None
        return self._found[declared.model]

    @cached_property
    def _held(self) -> dict[type[Model], list[Q]]:
        """By model: rows that a hold covers, and those by which covered ones are found again."""
        found: dict[type[Model], list[Q]] = defaultdict(list)
        for declared in graph.declared():
            covered = self._covered(declared)
            found[declared.model].extend(covered)
            # Of whom everything stays, the way to each row stays anyway.
            partly = self._covered(declared, partly=True)
            for side in declared.sides if partly else ():
                for model, kept in self._way_back(declared, side, _any_of(partly)):
                    found[model].append(kept)
        return {model: parts for model, parts in found.items() if parts}

    @cached_property
    def _user_models(self) -> set[type[Model]]:
        user: Any = get_user_model()._meta.concrete_model
        return {user, *user._meta.all_parents}

    def _covered(self, declared: Declared, *, partly: bool = False) -> list[Q]:
        if declared.category in self.holds.everybodys:
            return [Q(pk__isnull=False)]
        return [*self._rows_of(declared, declared.sides, self._holders(declared, partly=partly))]

    def _holders(self, declared: Declared, *, partly: bool = False) -> tuple[str, ...]:
        """Keys of those whose rows of this model are held; whoever is held keeps the account's own row."""
        is_account = declared.model in self._user_models
        keys = self.accounts if is_account else self.holds.people_in(declared.category)
        return tuple(sorted(set(keys) - self.holds.wholly if partly else keys))

    def _rows_of(self, declared: Declared, sides: Iterable[Side], keys: tuple[str, ...]) -> Iterator[Q]:
        for side in sides if keys else ():
            yield Q(pk__in=declared.rows(side, self._people(keys)).order_by().values("pk"))

    def _way_back(self, declared: Declared, side: Side, kept: Q) -> Iterator[tuple[type[Model], Q]]:
        """Rows that must stay so that those ``kept`` are found again, and that no link of theirs pins."""
        everything: QuerySet[Any] = QuerySet(declared.model, using=declared.using)
        if side.kind != "generic":
            yield from _in_between(declared, side, everything.filter(kept))
            return
        keys = () if declared.category in self.holds.everybodys else self._holders(declared, partly=True)
        for other in graph.declared():
            # A generic key is not followed through another one.
            sides = [one for one in other.sides if one.kind != "generic"]
            if not sides or other.model is declared.model or other.using != declared.using:
                continue
            targets = generic_targets(other.model, side, everything)
            if targets is not None:
                theirs = [*self._rows_of(other, sides, keys)]
                yield other.model, Q(pk__in=targets) & _any_of(theirs)

    def _people(self, keys: tuple[str, ...]) -> Subjects:
        if keys not in self._subjects:
            self._subjects[keys] = Subjects.of(keys)
        return self._subjects[keys]

    @cached_property
    def _hanging(self) -> dict[type[Model], list[tuple[QuerySet[Any], Links]]]:
        """By model: held rows of whatever model, and the chain of links by which they hang on it."""
        found: dict[type[Model], list[tuple[QuerySet[Any], Links]]] = defaultdict(list)
        for model, held in self._held.items():
            rows: QuerySet[Any] = QuerySet(model, using=router.db_for_write(model)).filter(_any_of(held)).order_by()
            for chain in _chains(model):
                target: Any = chain[-1].remote_field.model
                found[target._meta.concrete_model].append((rows, chain))
        return found

    def _hung_on(self, declared: Declared) -> Iterator[Q]:
        for rows, chain in self._hanging.get(declared.model, ()):
            if rows.db != declared.using:
                continue
            path = "__".join(link.name for link in chain)
            # Without the filter a NULL among them would make NOT IN say nothing about any row.
            named = rows.filter(**{f"{path}__isnull": False}).values(path)
            yield Q(**{f"{chain[-1].target_field.name}__in": named})


def _in_between(declared: Declared, side: Side, rows: QuerySet[Any]) -> Iterator[tuple[type[Model], Q]]:
    """Rows in the middle of a path that point at ``rows`` and at the person."""
    here: Any = declared.model
    trail: list[str] = []
    for part in side.path.split("__") if side.path else ():
        relation = here._meta.pk if part == "pk" else here._meta.get_field(part)
        if not relation.is_relation:
            return
        trail.append(part)
        here = relation.related_model
        if relation.many_to_many and relation.concrete and len(trail) == 1:
            yield relation.remote_field.through, Q(**{f"{relation.m2m_field_name()}__in": rows.values("pk")})
        elif relation.auto_created and not relation.concrete and graph.find(here) is not None:
            path = "__".join([*trail, "pk"])
            yield here._meta.concrete_model, Q(pk__in=rows.filter(**{f"{path}__isnull": False}).values(path))


def _chains(model: type[Model], before: Links = ()) -> Iterator[Links]:
    """Every chain of links by which a row of this model hangs on rows of others."""
    seen = {link.model for link in before} | {model}
    for link in model._meta.concrete_fields:
        if not isinstance(link, ForeignKey) or not _hangs(model, link):
            continue
        yield (*before, link)
        target: Any = link.remote_field.model
        if len(before) < _LONGEST_CHAIN and target not in seen:
            yield from _chains(target, (*before, link))


def _hangs(model: type[Model], link: ForeignKey[Any, Any]) -> bool:
    """Whether a row cannot be without this link, or is found by it."""
    declared = graph.find(model)
    sides = declared.sides if declared is not None else ()
    return not link.null or any(side.path.partition("__")[0] == link.name for side in sides)


def _any_of(parts: list[Q]) -> Q:
    whole = Q()
    for part in parts:
        whole |= part
    return whole
