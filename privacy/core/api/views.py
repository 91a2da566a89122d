"""The views that a room's endpoints derive from. Whatever a host set for its own API, these stay as they are.

Taken over from the host are only ``DEFAULT_AUTHENTICATION_CLASSES``, because it knows how its people sign in, and
``DEFAULT_THROTTLE_CLASSES``.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import BasePagination
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from privacy.core.api.errors import refuse
from privacy.core.api.filters import FilterBackend, refuse_unknown
from privacy.core.api.paging import Pages
from privacy.core.api.permissions import SignedIn, Staff
from privacy.core.api.schema import Described
from privacy.core.api.strict import refuse_other_types
from privacy.core.api.throttling import Rate

Serializer = type[serializers.BaseSerializer[Any]]


class OnlyJson(DefaultContentNegotiation):
    """JSON, whatever was asked for."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Endpoint(GenericAPIView[Any]):
    """One address of the API, for a signed-in member.

    Attributes:
        operation: the operation's id in the schema. It is what clients are generated from: it never changes.
        acts: the ids of its other methods, by the method's name.
        serializer_class: what it answers with.
        bodies: what a method reads, by the method's name; a method that is not named reads nothing.
        answers: the status of a method that does not answer 200, by the method's name.
        paged: whether it is a list in pages.
        personal: False lets a browser keep the answer.
        plain: the schema of what it answers with, where there is no serializer for it.
    """

    operation: ClassVar[str]
    acts: ClassVar[Mapping[str, str]] = {}
    bodies: ClassVar[Mapping[str, Serializer]] = {}
    answers: ClassVar[Mapping[str, int]] = {}
    paged: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    plain: ClassVar[Mapping[str, Any] | None] = None

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    permission_classes: Sequence[Any] = (SignedIn,)
    throttle_classes = (*cast("Sequence[type[BaseThrottle]]", api_settings.DEFAULT_THROTTLE_CLASSES), Rate)
    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONParser,)
    content_negotiation_class = OnlyJson
    pagination_class: type[BasePagination] | None = None
    filter_backends: Sequence[Any] = ()
    versioning_class = None
    metadata_class = None
    schema: Any = Described()

    @cached_property
    def now(self) -> datetime:
        """The moment that this answer stands for."""
        return timezone.now()

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return refuse

    def perform_authentication(self, request: Request) -> None:
        """
        Raises:
            AuthenticationFailed: the password or name that was sent holds a NUL, which PostgreSQL cannot even look for.
        """
        kind, _, sent = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic" and _holds_nul(sent):
            raise AuthenticationFailed
        super().perform_authentication(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_unknown(request, self)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.personal or answer.status_code >= 400:
            answer["Cache-Control"] = "no-store"
        return answer

    def body(self, request: Request) -> dict[str, Any]:
        """What was sent, as the method's entry in ``bodies`` reads it.

        Raises:
            ValidationError: names the field.
        """
        reader = self.bodies[str(request.method)](data=request.data)
        refuse_other_types(reader, request.data)
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def answer(self, found: Any, *, status: int = 200) -> Response:
        """``found`` as the endpoint's serializer writes it."""
        return Response(self.get_serializer(found).data, status=status)


class OfRows(Endpoint):
    """What is about rows of one model."""

    model: ClassVar[type[Model]]

    def rows(self, request: Request) -> QuerySet[Any]:
        """Everything that this person may see, with what the serializer reads fetched along."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        """Only the schema asks: it learns the types of parameters from the model."""
        return self.model._default_manager.none()

    def found(self, request: Request) -> Any:
        """The row that the address names. What is not among ``rows`` is not there, even if it is somebody else's."""
        return get_object_or_404(self.rows(request), **self.kwargs)


class ListEndpoint(OfRows):
    """A list in pages: ``rows`` are filtered by ``filterset_class`` and come in ``ordering``."""

    ordering: ClassVar[tuple[str, ...]]
    filterset_class: ClassVar[Any] = None
    paged = True
    pagination_class = Pages
    filter_backends = (FilterBackend,)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.rows(request)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class OneEndpoint(OfRows):
    """One row, or 404."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self.found(request))


class ForStaff(Endpoint):
    """Put before the others in a class's bases: only staff with ``permission`` may ask.

    Attributes:
        permission: ``"privacy.view_backup"``.
        to_change: what any other method than GET needs besides.
    """

    permission: ClassVar[str]
    to_change: ClassVar[str] = ""
    permission_classes = (Staff,)

    def rows(self, request: Request) -> QuerySet[Any]:
        """Where the view is about a model: all of it, to whoever has the permission."""
        model: type[Model] = self.model  # type: ignore[attr-defined]
        return model._default_manager.all()


def _holds_nul(sent: str) -> bool:
    try:
        return b"\0" in b64decode(f"{sent}==")
    except ValueError:
        return False  # no credentials at all, as the site's own way to sign in will say
