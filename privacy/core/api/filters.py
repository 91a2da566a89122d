"""Filters of lists, by django-filter; a parameter that no filter knows is refused, never passed over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from privacy.core.api.paging import CURSOR, LIMIT


class FilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """Applies the view's ``filterset_class``."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """
        Raises:
            ValidationError: a value that is none of its filter's.
        """
        return super().filter_queryset(request, queryset, view)  # type: ignore[no-any-return]


def refuse_unknown(request: Request, view: Any) -> None:
    """A misspelt filter, or one without a value, would otherwise show everything.

    Raises:
        ValidationError: a query parameter that this endpoint does not have, or an empty one that is no text.
    """
    filterset = getattr(view, "filterset_class", None)
    filters = filterset.base_filters if filterset else {}
    known = set(filters)
    if getattr(view, "paged", False):
        known |= {CURSOR, LIMIT}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        fault = ErrorDetail("This endpoint has no such parameter", code="unknown")
        raise ValidationError({name: [fault] for name in unknown})
    empty = [name for name, one in filters.items() if request.query_params.get(name) == "" and not _is_text(one)]
    if empty:
        fault = ErrorDetail("It has no value", code="blank")
        raise ValidationError({name: [fault] for name in empty})


def _is_text(one: django_filters.Filter) -> bool:
    return type(one) is django_filters.CharFilter


class _YesNoField(forms.CharField):
    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text not in ("", "true", "false"):
            raise forms.ValidationError("It is neither true nor false", code="invalid")
        return None if not text else text == "true"


class YesNoFilter(django_filters.BooleanFilter):  # type: ignore[misc]
    """``true`` or ``false``; django-filter's own takes any other word for no filter at all."""

    field_class = _YesNoField


class _MomentField(forms.CharField):
    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else _no_moment()
        except (ValueError, OverflowError):
            _no_moment()


def _no_moment() -> None:
    raise forms.ValidationError("It is no moment with its zone, such as 2026-03-16T12:00:00Z", code="invalid")


class MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    """An ISO 8601 moment with its zone. In a query ``+`` means a blank, so ``Z`` is the better zone."""

    field_class = _MomentField
