"""Values as the API writes them, the same on every site whatever its own settings are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from django.db.models import Choices
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from privacy.core.periods import Period


class Moment(serializers.DateTimeField):
    """A moment in UTC, ``2026-03-16T12:00:00Z``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso-8601", default_timezone=UTC, **kwargs)


#: What ``Period`` reads, with fewer digits: no figure of these leaves its bounds.
PERIOD = (
    r"^P(?=[0-9T])(?:[0-9]{1,3}BD|(?:[0-9]{1,2}Y)?(?:[0-9]{1,3}M)?(?:[0-9]{1,3}W)?(?:[0-9]{1,4}D)?"
    r"(?:T(?=[0-9])(?:[0-9]{1,4}H)?(?:[0-9]{1,4}M)?(?:[0-9]{1,6}S)?)?)$"
)


@extend_schema_field({"type": "string", "pattern": PERIOD, "examples": ["P30D", "P13M", "PT72H", "P1BD"]})
class PeriodField(serializers.CharField):
    """A period that somebody sends, ``P1M``, read as a ``Period``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if not re.fullmatch(PERIOD, text) or text.endswith("\n"):
            raise serializers.ValidationError("It is no period", code="period")
        return Period.parse(text)


@extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
class Counts(serializers.DictField):
    """How many, by name: ``{"rows": 12}``."""

    child = serializers.IntegerField()


def word(choices: type[Choices] | Iterable[str], **kwargs: Any) -> serializers.Field[Any, Any, Any, Any]:
    """A field for one of a few words. Each place lists its own, so that no two lists share a name in the schema."""
    names = [str(value) for value in (choices.values if isinstance(choices, type) else choices)]
    schema: dict[str, Any] = {"type": "string", "enum": names}

    @extend_schema_field(schema)
    class Word(serializers.CharField):
        pass

    return Word(**kwargs)
