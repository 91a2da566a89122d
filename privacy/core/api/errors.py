"""One shape for every refusal of the API: what went wrong, at which field, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import set_rollback

from privacy.core.errors import PrivacyError

#: What to do about a refusal that the framework words itself.
MENDS = {
    "not_authenticated": "Sign in, or send the credentials that this site accepts",
    "authentication_failed": "Send the credentials that this site accepts",
    "permission_denied": "Ask whoever gives out permissions on this site",
    "not_found": "Look the address up in the list that it came from",
    "method_not_allowed": "Use a method that the Allow header names",
    "unsupported_media_type": "Send application/json",
    "parse_error": "Send one JSON object",
    "throttled": "Wait as many seconds as the Retry-After header says",
    "required": "Add it",
    "null": "Give it a value",
    "blank": "Give it a value",
    "period": "Give a period such as P30D, P13M or P1Y",
    "unknown": "Leave it out, or look its name up in the schema",
}
_OTHERWISE = "Give what the schema describes"


class Fault(serializers.Serializer[Any]):
    """One thing that is wrong."""

    field = serializers.CharField(help_text="What is wrong: a field or parameter; empty for the request as a whole.")
    problem = serializers.CharField(help_text="What is wrong with it.")
    mend = serializers.CharField(help_text="What to do about it.")


class Refusal(serializers.Serializer[Any]):
    """Why a request was refused. ``code`` stays the same; the sentences may change."""

    code = serializers.CharField(help_text="What kind of refusal it is, for programs.")
    errors = Fault(many=True)  # type: ignore[assignment]


def refuse(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to an exception, or ``None`` for one that nobody foresaw.

    A ``PrivacyError`` means that a rule of the site refused what was asked for: 409, with the error's own
    field, problem and mend, and its class's name as ``code``.
    """
    headers: dict[str, str] = {}
    if isinstance(error, PrivacyError):
        code, number = _words(type(error).__name__), 409
        faults = [{"field": error.field, "problem": error.problem, "mend": error.mend}]
    else:
        known = _known(error)
        if known is None:
            return None
        number = known.status_code
        code = "invalid" if isinstance(known, exceptions.ValidationError) else str(known.default_code)
        faults = list(_faults(known.detail))
        if waits := getattr(known, "wait", None):
            headers["Retry-After"] = str(int(waits))
        if asks := getattr(known, "auth_header", None):
            headers["WWW-Authenticate"] = str(asks)
    set_rollback()
    return Response({"code": code, "errors": faults}, status=number, headers=headers)


def _known(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, Http404):
        return exceptions.NotFound()  # Django's own text repeats what was asked for
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    return error if isinstance(error, exceptions.APIException) else None


def _faults(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name in ("non_field_errors", "__all__") else str(name)
            yield from _faults(inner, ".".join(part for part in (field, own) if part))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _faults(inner, field)
    else:
        mend = MENDS.get(getattr(detail, "code", ""), _OTHERWISE)
        yield {"field": field, "problem": str(detail).rstrip("."), "mend": mend}


def _words(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
