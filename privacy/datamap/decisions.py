"""Which fields of a declared model need a decision, and whether they have one.

Source: K03. Text can hold anything, a figure can be a position or a score, a plain date a birthday: all
of them are looked at. Keys, moments and yes-or-no say nothing about a person once the rest is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Field, ForeignKey

from privacy.datamap.declarations import Anonymise, Keep
from privacy.datamap.graph import Declared

_MOMENTS = (models.DateTimeField, models.TimeField, models.BooleanField, models.UUIDField)


def survives(declared: Declared) -> bool:
    """True when some rows are anonymised or kept instead of deleted."""
    erasures: list[Any] = [side.erasure for side in declared.sides]
    return any(isinstance(item, Anonymise | Keep) for item in (erasures or [declared.data.on_erasure]))


def needing(declared: Declared) -> Iterator[Field[Any, Any]]:
    """The model's own fields that somebody must have looked at.

    A foreign or generic key that is the subject is looked at already; an address, key or name stored as
    a value is a fact about the person as well as a link, and counts like any other text.
    """
    links = {side.direct_field for side in declared.sides if side.kind in ("user", "generic")}
    for field in declared.model._meta.local_concrete_fields:
        if field not in links and _needs(field):
            yield field


def decided(declared: Declared, name: str) -> bool:
    """Whether ``name`` goes with its row, is overwritten, is kept under a ground, or is plain.

    On a row with several sides one of them is enough: the field belongs to that side's person.
    """
    data = declared.data
    if name in data.plain or name in data.fields:
        return True
    erasures: list[Any] = [side.erasure for side in declared.sides] or [data.on_erasure]
    return any(name in (item.values if isinstance(item, Anonymise) else data.holds) for item in erasures)


def undecided(declared: Declared) -> Iterator[Field[Any, Any]]:
    """Fields nobody has decided about."""
    return (field for field in needing(declared) if not decided(declared, field.name))


def _needs(field: Field[Any, Any]) -> bool:
    if isinstance(field, ForeignKey):
        user = get_user_model()
        target: Any = field.related_model
        # A second link to a person is personal data even where the first decides who owns the row.
        return not field.remote_field.parent_link and (issubclass(user, target) or issubclass(target, user))
    if isinstance(field, _MOMENTS):
        return False
    # A number that is a key counts rows; a text that is one (an e-mail address) is the person.
    return not (field.primary_key and isinstance(field, models.IntegerField))
