"""Which models lead to a person, and which of them nobody has looked at.

Source: K03, "a new model field not in the inventory must fail a check, not pass silently".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import EmailField, ForeignKey, GenericIPAddressField, Model, OneToOneField

from privacy.datamap import graph
from privacy.datamap.paths import label_of
from privacy.datamap.shapes import Undeclared


@dataclass(frozen=True, slots=True)
class Coverage:
    """The whole site, sorted into three heaps."""

    declared: tuple[graph.Declared, ...]
    excluded: Mapping[type[Model], str]
    undeclared: tuple[Undeclared, ...]


@dataclass(frozen=True, slots=True)
class Inbound:
    """A foreign key that points at one of the models asked about."""

    target: type[Model]
    field: ForeignKey[Any, Any]

    @property
    def label(self) -> str:
        """``"app.Model.field"``."""
        return label_of(self.field.model, self.field.name)


@dataclass(frozen=True, slots=True)
class _Reach:
    field: str
    path: str
    how: str
    hops: int


def coverage() -> Coverage:
    """Walk every installed model; asks the database nothing."""
    declared = graph.declared()
    known = {item.model for item in declared}
    reached = _reached()
    user = get_user_model()
    undeclared = []
    if user not in known and user not in graph.excluded():
        undeclared.append(Undeclared(user._meta.label, str(user.USERNAME_FIELD), "self", "user model", 0))
    for model, reach in reached.items():
        if model in known or model is user or (reach.how == "many-to-many" and not model._meta.auto_created):
            continue
        path = reach.path
        label, field = model._meta.label, reach.field
        if model._meta.auto_created:
            label, _, field = label_of(model).rpartition(".")
        undeclared.append(Undeclared(label, field, path, reach.how, reach.hops))
    return Coverage(declared, graph.excluded(), tuple(sorted(undeclared, key=lambda item: (item.label, item.field))))


def inbound(models: Iterable[type[Model]]) -> tuple[Inbound, ...]:
    """Every foreign key that points at one of ``models``, tables of many-to-many fields included."""
    wanted = {model._meta.concrete_model for model in models}
    return tuple(
        Inbound(target, field)
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey) and (target := _target(field)) in wanted
    )


def _reached() -> dict[type[Model], _Reach]:
    """Models that lead to a person, by the shortest path, excluded ones and what lies behind them left out."""
    user = get_user_model()
    shut = set(graph.excluded())
    everything = [
        model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy and model not in shut
    ]
    reached: dict[type[Model], _Reach] = {user: _Reach("", "", "user model", 0)}
    for model in everything:
        if model not in reached and (start := _by_itself(model, user)):
            reached[model] = start
    looked_at = {item.model for item in graph.declared()}
    grown = True
    while grown:
        grown = False
        before = dict(reached)
        for model in everything:
            if model in reached and reached[model].how != "address":
                continue
            found = min(_onwards(model, before, looked_at, shut), key=lambda reach: reach.hops, default=None)
            if found is not None:
                reached[model] = found
                grown = True
    del reached[user]
    return reached


def _by_itself(model: type[Model], user: type[Model]) -> _Reach | None:
    """A person without any foreign key: a generic key, an address, or a row that the user's row points to."""
    for field in model._meta.private_fields:
        if hasattr(field, "ct_field") and hasattr(field, "fk_field"):
            return _Reach(field.name, field.name, "generic", 1)
    for user_field in user._meta.concrete_fields:
        if isinstance(user_field, OneToOneField) and _target(user_field) is model:
            name = user_field.remote_field.get_accessor_name() or user_field.related_query_name()
            return _Reach(name, user_field.related_query_name(), "user", 1)
    for plain in model._meta.local_fields:
        if isinstance(plain, EmailField | GenericIPAddressField):
            return _Reach(plain.name, plain.name, "address", 0)
    return None


def _onwards(
    model: type[Model], reached: Mapping[type[Model], _Reach], looked_at: set[type[Model]], shut: set[type[Model]]
) -> Iterator[_Reach]:
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey):
            target = _target(field)
            if target is not model and target in reached:
                onward = reached[target]
                path = f"{field.name}__{onward.path}" if onward.path else field.name
                yield _Reach(field.name, path, "hops" if onward.hops else "user", onward.hops + 1)
    for many in model._meta.local_many_to_many:
        through: Any = many.remote_field.through
        other: Any = many.related_model._meta.concrete_model
        # Once the table between is declared or excluded, the model itself leads to nobody by it.
        if other in reached and through not in looked_at and through not in shut:
            onward = reached[other]
            path = f"{many.name}__{onward.path}" if onward.path else many.name
            yield _Reach(many.name, path, "many-to-many", onward.hops + 1)


def _target(field: ForeignKey[Any, Any]) -> type[Model]:
    related: Any = field.related_model
    model: type[Model] = related._meta.concrete_model
    return model
