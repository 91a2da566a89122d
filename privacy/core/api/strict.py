"""JSON as the schema says it. The framework would also take a number for a text, and "yes" for true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

_TEXTS = (serializers.CharField, serializers.ChoiceField, serializers.DateTimeField, serializers.UUIDField)


def refuse_other_types(reader: Any, data: Any) -> None:
    """Compare what was sent with the fields of a serializer, inside lists and other serializers too.

    Raises:
        ValidationError: names each field whose JSON type, or whose length as it was sent, is another.
    """
    faults = dict(_faults(reader, data))
    if faults:
        raise ValidationError(faults)


def _faults(field: Any, value: Any, name: str = "") -> Iterator[tuple[str, list[ErrorDetail]]]:
    if isinstance(field, serializers.Serializer):
        if isinstance(value, Mapping):
            for inner, one in field.fields.items():
                if inner in value:
                    yield from _faults(one, value[inner], f"{name}.{inner}".lstrip("."))
    elif isinstance(field, serializers.ListSerializer | serializers.ListField):
        for number, inner in enumerate(value if isinstance(value, list) else ()):
            yield from _faults(field.child, inner, f"{name}.{number}")
    elif value is not None and (problem := _problem(field, value)):
        yield name, [ErrorDetail(problem, code="invalid")]


def _problem(field: Any, value: Any) -> str:
    if isinstance(field, serializers.BooleanField):
        return "" if isinstance(value, bool) else "It is neither true nor false"
    if isinstance(field, serializers.IntegerField):
        return "" if isinstance(value, int) and not isinstance(value, bool) else "It is no whole number"
    if isinstance(field, _TEXTS):
        if not isinstance(value, str):
            return "It is no text"
        most = getattr(field, "max_length", None)
        return f"It is longer than {most}" if most is not None and len(value) > most else ""
    return ""
