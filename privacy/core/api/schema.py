"""The OpenAPI 3.1 description of our endpoints, and of nothing else that the host serves."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import getdoc
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import SPECTACULAR_DEFAULTS, patched_settings
from rest_framework.serializers import CharField

from privacy.core.api.errors import Refusal

#: What each refusal means; which of them an operation can give is worked out from its view.
REFUSALS = {
    400: "Something in the request is wrong; each error names the field.",
    401: "Nobody is signed in, and the site's first way to sign in asks for credentials.",
    403: "Not allowed; or nobody is signed in, where the site's first way to sign in is a session.",
    404: "There is no such thing, or it is not yours; in a list, there is no such page.",
    409: "A rule of the site refuses it; the error says which and what to do.",
    415: "What was sent is no JSON.",
    429: "Asked too often; Retry-After says when to go on.",
}
ABOUT = """\
What the site promised, what it does to keep it, and what it holds about whoever asks.

Sign in as on the site itself. Members see what is theirs; staff see what their permissions name.
All moments are in UTC, all periods in ISO 8601. Lists come in pages: follow `next` until it is null.
Every refusal has the same shape: `code` for programs, and for each error the field, the problem and the mend."""

NO_NUL = r"^[^\u0000]*$"
#: What is left when blanks are taken off both ends, as Python sees blanks.
NOT_BLANK = r"^[^\u0000]*[^\u0000\s\u001c-\u001f\u0085][^\u0000]*$"

#: Every setting of drf-spectacular at its default, so that none of the host's own reaches our schema.
OURS = {
    **{
        name: value
        for name, value in SPECTACULAR_DEFAULTS.items()
        if not name.startswith("SERVE_") and name != "DEFAULT_GENERATOR_CLASS"
    },
    "OAS_VERSION": "3.1.0",
    "TITLE": "Privacy",
    "VERSION": "1.0.0",
    "DESCRIPTION": ABOUT,
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,  # a field that must be there must be there in a PATCH as well
    "POSTPROCESSING_HOOKS": [],
}


class Described(AutoSchema):
    """One operation, described by what its view says of itself."""

    view: Any

    def is_excluded(self) -> bool:
        """In a schema that the host makes, our words and names would only get into the way of its own."""
        return not _ours.get() or bool(super().is_excluded())

    def get_operation_id(self) -> str:
        return str(self.view.acts.get(self.method, self.view.operation))

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.split(".")[1]]

    def get_summary(self) -> str:
        return self._doc()[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        return self._doc()[1]

    def get_request_serializer(self) -> Any:
        return self.view.bodies.get(self.method)

    def get_response_serializers(self) -> Any:
        good = self.view.answers.get(self.method, 200)
        answer = None if good == 204 else self.view.plain or self.view.serializer_class
        return {good: answer, **dict.fromkeys(self._refusals(), Refusal)}

    def _is_list_view(self, serializer: Any = None) -> bool:
        return bool(self.view.paged and self.method == "GET")

    def _get_response_for_code(self, serializer: Any, status_code: str, *args: Any, **kwargs: Any) -> Any:
        found = super()._get_response_for_code(serializer, status_code, *args, **kwargs)  # type: ignore[no-untyped-call]
        return {**found, "description": REFUSALS.get(int(status_code), "Done.")}

    def _get_filter_parameters(self) -> Any:
        found = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        return [{**one, "schema": _without_nul(one["schema"])} for one in found]

    def _map_serializer_field(self, field: Any, direction: Any, *args: Any, **kwargs: Any) -> Any:
        found = super()._map_serializer_field(field, direction, *args, **kwargs)  # type: ignore[no-untyped-call]
        if direction != "request" or not found:
            return found
        wanted = isinstance(field, CharField) and field.trim_whitespace and not field.allow_blank
        return _without_nul(found, NOT_BLANK if wanted else NO_NUL)

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        # A text that may be empty becomes "this pattern or an empty text, and not both"; ours lets an empty one pass.
        either: list[dict[str, Any]] = schema.get("oneOf", [])
        if either and either[0].get("pattern") == NO_NUL:
            schema.update(schema.pop("oneOf")[0])

    def _refusals(self) -> list[int]:
        reads, changes = self.method in self.view.bodies, self.method != "GET"
        possible = {
            400: True,  # an unknown parameter, at the least
            401: self.view.permission_classes,
            403: self.view.permission_classes,
            404: "{" in self.path or self.view.paged,
            409: changes,
            415: reads,
            429: True,
        }
        return [code for code, can in possible.items() if can]

    def _doc(self) -> tuple[str, str]:
        own = getdoc(getattr(self.view, self.method.lower())) if self.method != "GET" else None
        first, _, rest = (own or getdoc(type(self.view)) or "").partition("\n")
        return first, rest.split("Attributes:")[0].strip()


def _without_nul(schema: dict[str, Any], pattern: str = NO_NUL) -> dict[str, Any]:
    """Texts that are sent hold no NUL: no database of ours could keep it, and Django refuses it."""
    free = schema.get("type") == "string" and not {"enum", "format", "pattern"} & set(schema)
    return {**schema, "pattern": pattern} if free else schema


_lock = threading.Lock()
_ours: ContextVar[bool] = ContextVar("privacy_schema", default=False)
_made: dict[tuple[str | None, str], Mapping[str, Any]] = {}


@contextmanager
def _being_made() -> Iterator[None]:
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


def schema_of(patterns: Sequence[Any]) -> Mapping[str, Any]:
    """The description, made once a process for each language and each place where the API is mounted.

    drf-spectacular keeps its settings for the whole process, and ours stand in for the host's while this runs:
    that is why it is made once, and only by one thread.
    """
    mount = reverse("privacy_api:root").rstrip("/")
    key = (get_language(), mount)
    with _lock:
        if key not in _made:
            with patched_settings({**OURS, "SCHEMA_PATH_PREFIX_INSERT": mount}), _being_made():
                generator = SchemaGenerator(patterns=list(patterns))  # type: ignore[no-untyped-call]
                _made[key] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return _made[key]
