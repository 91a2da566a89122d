"""ORM paths resolved field by field, without asking the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Field, Model

from privacy.core.periods import InvalidPeriod, Period
from privacy.datamap.shapes import BrokenDeclaration


@dataclass(frozen=True, slots=True)
class Resolved:
    """The end of a path.

    Attributes:
        model: the model the path ends at, or the one whose field it ends with.
        field: the last field; None for an empty path.
        single: False when one row may reach several ends.
        hops: relations crossed.
    """

    model: type[Model]
    field: Any
    single: bool
    hops: int


def label_of(model: type[Model], field: str = "") -> str:
    """``"app.Model.field"``; a table made for a many-to-many is called by that field."""
    owner: Any = model._meta.auto_created
    if owner:
        name = next(
            (f.name for f in owner._meta.many_to_many if f.remote_field.through is model), model._meta.object_name
        )
        return f"{owner._meta.label}.{name}"
    return f"{model._meta.label}.{field}" if field else model._meta.label


def follow(model: type[Model], path: str, *, where: str) -> Resolved:
    """Walk ``path`` from ``model``, through forward and reverse relations.

    Raises:
        BrokenDeclaration: E101 when a part of the path does not exist or leads on from a plain field.
    """
    here, single, hops, field = model, True, 0, None
    for part in path.split("__") if path else ():
        if here is None:
            raise _unresolved(where, path, f'nothing follows the field before "{part}"')
        try:
            field = here._meta.pk if part == "pk" else here._meta.get_field(part)
        except FieldDoesNotExist:
            raise _unresolved(where, path, f'{here._meta.label} has no field "{part}"') from None
        if field.is_relation and field.related_model is not None:
            hops += 1
            single = single and not (field.one_to_many or field.many_to_many)
            here = field.related_model
        else:
            here = None  # type: ignore[assignment]
    return Resolved(here if here is not None else field.model, field, single, hops)


def follow_to_user(model: type[Model], path: str, *, where: str) -> Resolved:
    """As ``follow``, for a path that must end at the user model.

    Raises:
        BrokenDeclaration: E101.
    """
    end = follow(model, path, where=where)
    user = get_user_model()
    if not issubclass(user, end.model) and not issubclass(end.model, user):
        raise _unresolved(where, path or "self", f"it ends at {end.model._meta.label}, not at the user model")
    return end


def timed(model: type[Model], text: Any, *, where: str) -> tuple[Period, str]:
    """Read ``"P10Y from placed_at"``: the period and the ORM path it starts from.

    Raises:
        BrokenDeclaration: E105 for a wrong period, a missing start or a start that is no date.
    """
    mend = 'Write a period and the date it starts from, such as "P10Y from placed_at"'
    period_text, _, start = text.partition(" from ") if isinstance(text, str) else ("", "", "")
    if not period_text.strip() or not start.strip():
        raise BrokenDeclaration(code="privacy.E105", field=where, problem=f"{text!r} names no end", mend=mend)
    try:
        period = Period.parse(period_text.strip(), field=where)
    except InvalidPeriod as wrong:
        raise BrokenDeclaration(code="privacy.E105", field=where, problem=wrong.problem, mend=wrong.mend) from None
    start = start.strip().replace(".", "__")
    try:
        end = follow(model, start, where=where)
    except BrokenDeclaration as broken:
        raise BrokenDeclaration(code="privacy.E105", field=where, problem=broken.problem, mend=mend) from None
    if not isinstance(end.field, models.DateField) or not end.single:
        problem = f'"{start}" is no date of the row'
        raise BrokenDeclaration(code="privacy.E105", field=where, problem=problem, mend=mend)
    return period, start


def own_field(model: type[Model], name: str) -> Field[Any, Any] | None:
    """The model's concrete field or many-to-many of that name, inherited ones included."""
    for field in (*model._meta.concrete_fields, *model._meta.many_to_many):
        if name == field.name:
            return field
    return None


def _unresolved(where: str, path: str, why: str) -> BrokenDeclaration:
    return BrokenDeclaration(
        code="privacy.E101",
        field=where,
        problem=f'the path "{path}" does not resolve: {why}',
        mend="Write an ORM path that the model has, with two underscores between its parts",
    )
