"""Nobody goes on with a version that they have not accepted, where the site asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language

from privacy.core.actors import Actor
from privacy.policies.gate.answering import stopped
from privacy.policies.gate.exempting import is_exempt
from privacy.policies.gate.looking import look
from privacy.policies.gate.passes import holds


class PolicyGate:
    """Asks a signed-in member to accept what binds them now; put it behind ``AuthenticationMiddleware``.

    Nothing is read for a request without a session cookie, or to an address that stays open. Otherwise the session is
    read, as by any page that knows who is signed in, and one row by its primary key; with ``GATE_CACHE`` not even that.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_args: Any) -> HttpResponse | None:
        """Answer instead of the view, or let it."""
        if django_settings.SESSION_COOKIE_NAME not in request.COOKIES or is_exempt(request, view):
            return None
        now, key = timezone.now(), request.session.get(SESSION_KEY)
        # The account itself is read only where the gate has to look closer: a page that needs it reads it anyway.
        if key is None or holds(key, now=now) or not request.user.is_authenticated:
            return None
        user = request.user
        if str(user.pk) != key:
            return None  # staff who see the site as a member does: nobody accepts in another's name
        found = look(str(user.pk), language=get_language() or "", now=now, actor=Actor.member(user))
        return stopped(request, view) if found else None
