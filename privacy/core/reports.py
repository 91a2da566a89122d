"""Reports as JSON: what commands print and what rows keep."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import isodate
from django.utils.functional import Promise

from privacy.core.periods import Period

#: Most of what is told, and told most often: asked first.
_AS_THEY_ARE = frozenset((type(None), bool, int, float, str))


def jsonable(obj: Any) -> Any:
    """The object in dictionaries, lists, texts, numbers, booleans and None.

    Dataclasses become dictionaries, or what their method ``as_json`` returns; moments ISO 8601 with
    their offset; periods ISO 8601; UUIDs, decimals, paths and lazy translations text; sets sorted lists.

    Raises:
        TypeError: for anything else, such as a model instance, which would carry personal data along.
    """
    kind = type(obj)
    if kind in _AS_THEY_ARE:
        return obj
    if kind is dict:
        return {str(key): value if type(value) in _AS_THEY_ARE else jsonable(value) for key, value in obj.items()}
    if kind is datetime:
        return obj.isoformat()
    if isinstance(obj, bool | int | float | str) and not isinstance(obj, Enum):
        return obj
    if isinstance(obj, Enum):
        return jsonable(obj.value)
    if callable(as_json := getattr(obj, "as_json", None)) and not isinstance(obj, type):
        return jsonable(as_json())
    if isinstance(obj, datetime | date | time):
        return obj.isoformat()
    if isinstance(obj, timedelta):
        return isodate.duration_isoformat(obj)
    if isinstance(obj, Period | UUID | Decimal | PurePath | Promise):
        return str(obj)
    if is_dataclass(obj) and not isinstance(obj, type):
        return {item.name: jsonable(getattr(obj, item.name)) for item in fields(obj)}
    if isinstance(obj, Mapping):
        return {str(key): jsonable(value) for key, value in obj.items()}
    if isinstance(obj, AbstractSet):
        return sorted((jsonable(item) for item in obj), key=str)
    if isinstance(obj, list | tuple):
        return [jsonable(item) for item in obj]
    raise TypeError(f"a report cannot hold a {type(obj).__name__}")
