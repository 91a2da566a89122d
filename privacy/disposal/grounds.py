"""Rows kept under a ground: whether it still runs, and how a field is emptied when it does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from privacy.core.conf import settings
from privacy.datamap.declarations import Anonymise
from privacy.datamap.graph import Declared
from privacy.datamap.shapes import KeptField
from privacy.disposal.masks import mask_values, unmasked


def left_behind(declared: Declared) -> QuerySet[Any]:
    """Rows that nobody is linked to any more."""
    rows: QuerySet[Any] = QuerySet(declared.model, using=declared.using)
    for side in declared.sides:
        if side.direct_field is not None and side.direct_field.null:
            rows = rows.filter(**{f"{side.direct_field.name}__isnull": True})
        elif side.kind == "user" and side.path:
            rows = rows.filter(**{f"{side.path}__isnull": True})
        elif isinstance(side.erasure, Anonymise):
            rows = rows.filter(~unmasked(mask_values(declared.model, side.erasure, declared.using)))
    return rows


def every_ground_ended(declared: Declared, moment: datetime) -> Q:
    """Rows whose last ground has ended at ``moment``."""
    calendar = settings.calendar
    return Q(*(Q(**{f"{keep.start}__lte": keep.period.cutoff(moment, calendar)}) for keep in declared.keeps))


def emptied(declared: Declared, keep: KeptField) -> dict[str, Any]:
    """How one kept field is emptied while its row stays; nothing where its column cannot be."""
    if keep.name is None:
        return {}
    field = declared.model._meta.get_field(keep.name)
    if field.null:
        return {keep.name: None}
    return {keep.name: ""} if isinstance(field, models.CharField | models.TextField) else {}
