"""From declarations to schedules: which ends of life the site declared, under names that last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise, Delete
from privacy.datamap.graph import Declared
from privacy.datamap.shapes import Expiry, KeptField


@dataclass(frozen=True, slots=True)
class DeclaredEnd:
    """One end of life that a declaration names.

    Attributes:
        name: of its schedule; free of the period, so that it outlives a change of the figure.
        kind: ``expiry`` or ``keep``.
        action: ``delete`` or ``anonymise``.
    """

    name: str
    kind: str
    declared: Declared
    rule: Expiry | KeptField
    action: str

    @property
    def period(self) -> Period:
        return self.rule.period

    @property
    def ground(self) -> str:
        return self.rule.ground if isinstance(self.rule, KeptField) else ""

    @property
    def field(self) -> str:
        return self.rule.name or "" if isinstance(self.rule, KeptField) else ""


@dataclass(frozen=True, slots=True)
class Ends:
    """All ends of life: by schedule name, and the labels of models whose declaration is broken."""

    by_name: Mapping[str, DeclaredEnd]
    broken: Mapping[str, PrivacyError]


def declared_ends() -> Ends:
    """Every expiry and every exception of every declaration. A broken declaration hides none of the others."""
    by_name: dict[str, DeclaredEnd] = {}
    broken: dict[str, PrivacyError] = {}
    for declared in graph.declared():
        try:
            ends = _ends_of(declared)
        except PrivacyError as error:
            broken[declared.label] = error
            continue
        for end in ends:
            by_name[end.name] = end
    return Ends(by_name, broken)


def _ends_of(declared: Declared) -> list[DeclaredEnd]:
    found: dict[str, DeclaredEnd] = {}
    for expiry in declared.expiries:
        action = "delete" if isinstance(expiry.action, Delete) else "anonymise"
        _add(found, f"{declared.label}:{expiry.start}:{action}", "expiry", declared, expiry, action)
    for keep in declared.keeps:
        # A kept row goes when its exception ends, a kept field is emptied.
        action = "anonymise" if keep.name else "delete"
        _add(found, f"{declared.label}:keep:{keep.name or 'row'}", "keep", declared, keep, action)
    return list(found.values())


def _add(
    found: dict[str, DeclaredEnd], name: str, kind: str, declared: Declared, rule: Expiry | KeptField, action: str
) -> None:
    unique, number = name, 1
    while unique in found:
        number += 1
        unique = f"{name}:{number}"
    found[unique] = DeclaredEnd(unique, kind, declared, rule, action)


def without_a_rule() -> list[str]:
    """Labels of declared models whose rows nothing ends: no expiry, and no account whose closure would (K08)."""
    labels = []
    for declared in graph.declared():
        try:
            # Whoever can be found by an account goes with it; a bare address or name closes no account.
            ends = bool(declared.expiries) or any(side.kind in ("user", "key", "generic") for side in declared.sides)
        except PrivacyError:
            ends = False
        if not ends:
            labels.append(declared.label)
    return labels


def addresses_without_an_end() -> list[str]:
    """``app.Model.field`` of every declared IP column that no expiry shortens, empties or removes (HTC-9-3)."""
    from django.db.models import GenericIPAddressField

    missing = []
    for declared in graph.declared():
        columns = [f.name for f in declared.model._meta.concrete_fields if isinstance(f, GenericIPAddressField)]
        for column in columns:
            touched = any(
                isinstance(expiry.action, Delete)
                or (isinstance(expiry.action, Anonymise) and column in expiry.action.values)
                for expiry in declared.expiries
            )
            if not touched:
                missing.append(f"{declared.label}.{column}")
    return missing
