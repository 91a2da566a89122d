"""Pages of a list that cost the same wherever they stand: each begins where the one before ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import Model, Q
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

USUAL, MOST = 50, 200
CURSOR, LIMIT = "cursor", "limit"


class Pages(BasePagination):
    """Reads ``ordering`` of the view: names of columns that are never null, the last of them unique.

    There is no count and no page number, because both read all rows. A cursor is signed: it is an address that
    we gave out ourselves, or none. Rows that share a moment, however many, are neither skipped nor repeated.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """One query, for the page and one row more.

        Raises:
            ValidationError: ``limit`` is no whole number from 1 to 200.
            NotFound: the cursor was not given out for this list.
        """
        self.request, self.ordering = request, tuple(view.ordering)
        self.signer = signing.Signer(salt=f"privacy.api:{queryset.model._meta.label}:{','.join(self.ordering)}")
        limit = _limit(request.query_params.get(LIMIT, str(USUAL)))
        backwards, place = self._read(request.query_params.get(CURSOR), queryset.model)
        rows = queryset.order_by(*(_reversed(self.ordering) if backwards else self.ordering))
        if place:
            rows = rows.filter(_behind(self.ordering, place, backwards))
        found = list(rows[: limit + 1])
        more, page = len(found) > limit, found[:limit]
        if backwards:
            page.reverse()
        # Behind a cursor there is always the row that it was made of, unless that was removed since.
        self.before = bool(place) and (more if backwards else True)
        self.after = backwards or more
        self.page = page
        return page

    def get_paginated_response(self, data: Any) -> Response:
        first, last = (self.page[0], self.page[-1]) if self.page else (None, None)
        return Response(
            {
                "next": self._link(last, "n") if self.after and last else None,
                "previous": self._link(first, "p") if self.before and first else None,
                "results": data,
            }
        )

    # --- cursors ---------------------------------------------------------------------------

    def _link(self, row: Any, direction: str) -> str:
        values = [_text(getattr(row, name.lstrip("-"))) for name in self.ordering]
        cursor = self.signer.sign_object([direction, *values])
        return replace_query_param(self.request.build_absolute_uri(), CURSOR, cursor)

    def _read(self, cursor: str | None, model: type[Model]) -> tuple[bool, dict[str, Any]]:
        if cursor is None:
            return False, {}
        try:
            direction, *values = self.signer.unsign_object(cursor)
            names = [name.lstrip("-") for name in self.ordering]
            place = {name: _field(model, name).to_python(value) for name, value in zip(names, values, strict=True)}
        except (signing.BadSignature, InvalidValue, ValueError, TypeError):
            raise NotFound("This list has no such page") from None
        return direction == "p", place

    # --- the schema ------------------------------------------------------------------------

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": LIMIT,
                "in": "query",
                "required": False,
                "description": "Rows on a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
            },
            {
                "name": CURSOR,
                "in": "query",
                "required": False,
                "description": "Where the page begins: taken from `next` or `previous`, never made up.",
                "schema": {"type": "string"},
            },
        ]

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }


def _limit(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 6 and 1 <= int(word) <= MOST):
        raise ValidationError({LIMIT: f"It is no whole number from 1 to {MOST}"})
    return int(word)


def _reversed(ordering: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in ordering]


def _behind(ordering: Sequence[str], place: Mapping[str, Any], backwards: bool) -> Q:
    """Rows that come after ``place``; its first condition alone already narrows the index."""
    found, same = Q(), Q()
    for (name, value), ordered in zip(place.items(), ordering, strict=True):
        beyond = "lt" if ordered.startswith("-") != backwards else "gt"
        if not same:
            found = Q(**{f"{name}__{beyond}e": value})
            either = Q(**{f"{name}__{beyond}": value})
        else:
            either |= same & Q(**{f"{name}__{beyond}": value})
        same &= Q(**{name: value})
    return found & either


def _field(model: type[Model], name: str) -> Any:
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _text(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)
