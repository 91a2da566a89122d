"""One model's declaration, resolved against the model: sides, decisions, ends and what is kept.

Words are resolved when first asked for, so that a broken declaration is found by ``check`` and never by an import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from django.db import router
from django.db.models import Field, FileField, Model, QuerySet

from privacy.datamap import paths
from privacy.datamap.declarations import Anonymise, Delete, Erasure, Expire, Generic, Keep, LogFile, PersonalData
from privacy.datamap.rows import rows
from privacy.datamap.shapes import BrokenDeclaration, Decision, Expiry, KeptField, Side, SideKind, Subjects

_VALUE_KINDS: tuple[SideKind, ...] = ("email", "key", "name")


class Declared:
    """One model's declaration, resolved on demand.

    Raises:
        BrokenDeclaration: from any resolved attribute; ``check`` reads them all.
    """

    def __init__(self, model: type[Model], data: type[PersonalData]) -> None:
        self.model = model
        self.data = data
        self.label: str = model._meta.label
        self.using: str = router.db_for_write(model)
        self.category = data.category
        self.purpose = data.purpose
        self.legal_basis = data.legal_basis
        self.scope = data.scope
        self.controller = data.controller
        self.kind = data.kind
        self.source = data.source

    def __repr__(self) -> str:
        return f"<Declared {self.label}>"

    @cached_property
    def subject_words(self) -> tuple[str | Generic, ...]:
        """Every subject written down; in client scope these are the client's people, not ours."""
        subject = self.data.subject
        return tuple(subject) if isinstance(subject, tuple | list) else (subject,) if subject else ()

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """The ways a person reaches rows for erasure; in client scope only the controller."""
        words = (self.controller,) if self.scope == "client" and self.controller else self.subject_words
        return tuple(self._side(word) for word in words)

    @cached_property
    def logs(self) -> tuple[LogFile, ...]:
        """Every log file that holds this data."""
        return tuple(item if isinstance(item, LogFile) else LogFile(item) for item in self.data.log_files)

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """What was decided about each field that is named anywhere in the declaration."""
        data, found = self.data, {}
        for side in self.sides:
            if side.direct_field is not None:
                found[side.direct_field.name] = Decision(side.direct_field.name, "link", "", {})
        for name in data.holds:
            found[name] = Decision(name, "goes", "", {})
        for side in self.sides:
            if isinstance(side.erasure, Anonymise):
                for name, value in side.erasure.values.items():
                    before = found.get(name)
                    values = {**(before.values if before else {}), side.name: value}
                    kind = before.kind if before and before.kind in ("link", "goes") else "anonymised"
                    found[name] = Decision(name, kind, "", values)
        for name, keep in data.fields.items():
            found[name] = Decision(name, "kept", keep.ground, {})
        for name, reason in data.plain.items():
            found[name] = Decision(name, "plain", reason, {})
        return found

    @cached_property
    def file_fields(self) -> tuple[FileField, ...]:
        return tuple(field for field in self.model._meta.concrete_fields if isinstance(field, FileField))

    @cached_property
    def expiries(self) -> tuple[Expiry, ...]:
        given = self.data.expires
        written = (given,) if isinstance(given, str | Expire) else tuple(given)
        found = []
        for item in written:
            rule = item if isinstance(item, Expire) else Expire(item)
            period, start = paths.timed(self.model, rule.when, where=f"{self.label}.expires")
            name = f"{self.label}:{start}:{period}"
            found.append(Expiry(name, period, start, rule.action or self._end_of_life()))
        return tuple(found)

    @cached_property
    def keeps(self) -> tuple[KeptField, ...]:
        whole = [(None, side.erasure) for side in self.sides if isinstance(side.erasure, Keep)]
        found = []
        for name, keep in [*dict.fromkeys(whole), *self.data.fields.items()]:
            where = f"{self.label}.{name}" if name else f"{self.label}.on_erasure"
            period, start = paths.timed(self.model, keep.until, where=where)
            found.append(KeptField(name, keep.ground, period, start))
        return tuple(found)

    def rows(self, side: Side, subjects: Subjects) -> QuerySet[Any]:
        """All rows that these people reach through ``side``; deletable and updatable in one statement."""
        return rows(self, side, subjects)

    def cache_keys(self, subjects: Subjects) -> Iterator[tuple[str, str]]:
        """``(cache alias, key)`` of every declared cache entry; asks for row keys only when a pattern does."""
        caches = self.data.caches
        by_alias: Mapping[str, Any] = caches if isinstance(caches, Mapping) else {"default": caches}
        for alias, patterns in by_alias.items():
            for pattern in (patterns,) if isinstance(patterns, str) else patterns:
                if "{subject}" in pattern:
                    yield from ((alias, pattern.replace("{subject}", str(key))) for key in subjects.keys)
                elif "{email}" in pattern:
                    yield from ((alias, pattern.replace("{email}", email)) for email in subjects.emails)
                elif "{pk}" in pattern:
                    for side in self.sides:
                        for pk in self.rows(side, subjects).values_list("pk", flat=True).iterator(2000):
                            yield alias, pattern.replace("{pk}", str(pk))
                else:
                    yield alias, pattern

    # --- resolving -------------------------------------------------------------------------

    def _side(self, word: str | Generic) -> Side:
        if isinstance(word, Generic):
            return self._generic_side(word)
        name, where = word, f"{self.label}.{word}"
        kind, _, path = word.partition(":")
        if path:
            if kind not in _VALUE_KINDS:
                mend = 'Write "email:field", "key:field", "name:field" or a path to the user'
                raise BrokenDeclaration(code="privacy.E101", field=where, problem="nobody knows this word", mend=mend)
            end = paths.follow(self.model, path, where=where)
            if end.field is None or end.field.is_relation:
                mend = f"Name the field that holds the {kind}"
                raise BrokenDeclaration(code="privacy.E101", field=where, problem="it is no value", mend=mend)
            direct = end.field if not end.hops else None
            return Side(name, kind, path, direct, self._erasure(name, direct))
        path = "" if word == "self" else word.replace(".", "__")
        end = paths.follow_to_user(self.model, path, where=where)
        first = paths.own_field(self.model, path)
        direct = first if first is not None and not first.many_to_many and end.hops == 1 else None
        return Side(name, "user", path, direct, self._erasure(name, direct))

    def _generic_side(self, word: Generic) -> Side:
        for part in (word.content_type, word.object_id):
            paths.follow(self.model, part, where=f"{self.label}.{part}")
            if "__" in part:
                raise BrokenDeclaration(
                    code="privacy.E101",
                    field=f"{self.label}.{part}",
                    problem="a generic key is two columns of the row itself, and this leads to another row",
                    mend="Declare the other row by its Generic, and this one by the path to its own person",
                )
        direct = self.model._meta.get_field(word.object_id)
        assert isinstance(direct, Field)
        return Side(
            word.object_id, "generic", word.object_id, direct, self._erasure(word.object_id, direct), generic=word
        )

    def _erasure(self, name: str, direct: Field[Any, Any] | None) -> Erasure:
        given = self.data.on_erasure
        if isinstance(given, Mapping):
            if name not in given:
                raise BrokenDeclaration(
                    code="privacy.E106",
                    field=f"{self.label}.on_erasure",
                    problem=f'it says nothing about the side "{name}"',
                    mend="Name every side of the row",
                )
            given = given[name]
        if not isinstance(given, Anonymise) or direct is None or direct.name in given.values:
            return given
        if direct.null and not direct.primary_key:
            return Anonymise(**given.values, **{direct.name: None})
        return given

    def _end_of_life(self) -> Delete | Anonymise:
        """``on_erasure`` of every side at once: what an ``expires`` without an action does."""
        merged: dict[str, Any] = {}
        erasures: list[Any] = [side.erasure for side in self.sides] or [self.data.on_erasure]
        for erasure in erasures:
            if not isinstance(erasure, Anonymise):
                return Delete()
            merged.update(erasure.values)
        return Anonymise(**merged)
