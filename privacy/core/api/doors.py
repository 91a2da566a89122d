"""The two addresses that every API has: what is there for the one who asks, and its description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from inspect import getdoc
from typing import Any

from django.urls import URLPattern
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from privacy.core.api.schema import schema_of
from privacy.core.api.views import Endpoint

Patterns = Callable[[], Sequence[Any]]


class EntrySerializer(serializers.Serializer[Any]):
    """One address."""

    name = serializers.CharField(help_text="The operation's id in the schema.")
    href = serializers.URLField()
    about = serializers.CharField(help_text="What it is for.")


class ListingSerializer(serializers.Serializer[Any]):
    """What is there."""

    schema = serializers.URLField(help_text="The OpenAPI description of everything, whoever may use it.")
    endpoints = EntrySerializer(many=True)


class Root(Endpoint):
    """What is there for you.

    Only addresses that can be opened as they stand, and that you may open.
    """

    operation = "root"
    serializer_class = ListingSerializer
    patterns: Patterns = staticmethod(tuple)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        def absolute(name: str) -> str:
            return reverse(f"privacy_api:{name}", request=request)

        found = [
            {"name": view.operation, "href": absolute(name), "about": _title(view)}
            for name, view in opened(self.patterns())
            if view is not Root and view is not Schema and _may(view, request)
        ]
        return self.answer({"schema": absolute("schema"), "endpoints": found})


class SchemaRenderer(JSONRenderer):
    """Says in the header what kind of JSON it is."""

    media_type = "application/vnd.oai.openapi+json"


class Schema(Endpoint):
    """This description."""

    operation = "schema"
    plain = {"type": "object"}
    permission_classes = (AllowAny,)
    renderer_classes = (SchemaRenderer,)
    personal = False
    patterns: Patterns = staticmethod(tuple)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(schema_of(self.patterns()))


class Nothing(Endpoint):
    """An address that is none: refused in our own shape, not with the site's page."""

    operation = ""
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


def views_of(patterns: Sequence[Any]) -> Iterator[tuple[URLPattern, type[Endpoint]]]:
    """Every address below ``patterns`` with the class of its view."""
    for pattern in patterns:
        if not isinstance(pattern, URLPattern):
            yield from views_of(pattern.url_patterns)
        elif pattern.callback.cls is not Nothing:  # type: ignore[attr-defined]
            yield pattern, pattern.callback.cls  # type: ignore[attr-defined]


def opened(patterns: Sequence[Any]) -> Iterator[tuple[str, type[Endpoint]]]:
    """Names of the addresses that need no key and answer GET."""
    for pattern, view in views_of(patterns):
        if not pattern.pattern.regex.groups and hasattr(view, "get"):
            yield str(pattern.name), view


def _may(view: type[Endpoint], request: Request) -> bool:
    return all(permission().has_permission(request, view) for permission in view.permission_classes)


def _title(view: type[Endpoint]) -> str:
    return (getdoc(view) or "").partition("\n")[0].rstrip(".")
