"""Values as the API writes them, the same on every site whatever its own settings are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from django.db.models import Choices
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class Moment(serializers.DateTimeField):
    """A moment in UTC, ``2026-03-16T12:00:00Z``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso-8601", default_timezone=UTC, **kwargs)


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
