"""Nobody is served while a restore waits for its replay."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation

from privacy.core.errors import PrivacyError
from privacy.disposal.journal.restores import is_restored, notice

#: The heads are compared at a process's first request, and then this often (seconds).
EVERY = 60.0
_RETRY_AFTER = "300"


class RestoreGuard:
    """Answers 503 from the beginning of a restore until the journal was applied again; put it first.

    A request costs one look at the file system; one a minute and process also compares the heads, which is one query.
    Monitors are let through to ``/privacy/health/``, which says the same.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._compared = float("-inf")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._restored() and request.path_info != _health():
            return _closed(request)
        return self.get_response(request)

    def _restored(self) -> bool:
        if is_restored():
            return True
        if time.monotonic() - self._compared < EVERY:
            return False
        self._compared = time.monotonic()
        try:
            return notice(timezone.now())
        except (DatabaseError, PrivacyError):
            return False  # a database that is down, or not migrated yet, answers for itself


def _health() -> str:
    try:
        return reverse("privacy:health")
    except NoReverseMatch:
        return ""


def _closed(request: HttpRequest) -> HttpResponse:
    response: HttpResponse
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        body = {"code": "restored", "detail": "The site was restored and is being brought up to date."}
        response = JsonResponse(body, status=503)
    else:
        # In front of LocaleMiddleware nobody has looked at the reader's language yet.
        with translation.override(translation.get_language_from_request(request)):
            response = HttpResponse(render_to_string("privacy/disposal/restored.html"), status=503)
    response["Retry-After"] = _RETRY_AFTER
    response["Cache-Control"] = "no-store"
    # Django would mail ADMINS a report for each visitor.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
