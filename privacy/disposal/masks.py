"""What an ``Anonymise`` writes, and which rows do not hold it yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models, router
from django.db.models import Q

from privacy.core.addresses import shorten
from privacy.core.errors import PrivacyError
from privacy.datamap.declarations import Anonymise, Sentinel, Shorten


class SentinelMissing(PrivacyError):
    """The row that should stand in for the erased person does not exist."""


def mask_values(model: type[models.Model], erasure: Anonymise, using: str) -> dict[str, Any]:
    """The values an ``Anonymise`` writes, ready for ``update``."""
    return {name: _resolved(model, name, value, using) for name, value in erasure.values.items()}


def unmasked(values: Mapping[str, Any]) -> Q:
    """Rows in which at least one value is not what the mask writes."""
    condition = Q()
    for name, value in values.items():
        filled = Q(**{f"{name}__isnull": False})
        # An expression of an empty column is empty too: there is nothing left to mask.
        other = filled & ~Q(**{name: value}) if hasattr(value, "resolve_expression") else ~Q(**{name: value})
        condition |= filled if value is None else other
    return condition


def _resolved(model: type[models.Model], name: str, value: Any, using: str) -> Any:
    if isinstance(value, Shorten):
        return shorten(name, value.v4, value.v6)
    if isinstance(value, Sentinel):
        related: Any = model._meta.get_field(name).related_model
        if router.db_for_write(related) != router.db_for_write(model):  # the link crosses databases
            using = router.db_for_write(related)
        stand_in = related._base_manager.using(using).filter(**value.lookup).values_list("pk", flat=True).first()
        if stand_in is None:
            raise SentinelMissing(
                field=f"{model._meta.label}.{name}",
                problem="the row that stands in for erased people does not exist",
                mend="Create it, or name another in the declaration",
            )
        return stand_in
    return value
