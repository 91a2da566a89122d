"""The page that a monitor asks."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from privacy.retention.health import health


# With ATOMIC_REQUESTS a database that is down would answer in our place.
@transaction.non_atomic_requests
@login_not_required
@require_safe
@never_cache
def show_health(request: HttpRequest) -> JsonResponse:
    """200 when all is well, 503 when a part is not; the body says which. It asks for no session."""
    found = health(timezone.now())
    response = JsonResponse(asdict(found), status=200 if found.well else 503)
    # Django would log a 503 as an error, and mail ADMINS a report of the request each time a monitor asks.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
