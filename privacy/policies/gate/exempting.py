"""What stays open to somebody who has not accepted: the texts, every right, the way out, and what the site names."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.shortcuts import resolve_url

from privacy.core.api.views import ForStaff
from privacy.core.conf import settings

#: Names of addresses at which sites sign people in and out, without a namespace.
_DOORS = frozenset(
    ("login", "logout", "account_login", "account_logout", "account_reauthenticate", "set_language", "jsi18n")
)
_ADMIN_DOORS = frozenset(("login", "logout", "jsi18n"))


def is_exempt(request: HttpRequest, view: Any) -> bool:
    """Whether the gate leaves an address open. It reads neither session nor database."""
    match = request.resolver_match
    if match is None or getattr(view, "policy_gate_exempt", False):
        return True
    app, name = next(iter(match.app_names), ""), match.url_name or ""
    if app == "privacy":
        return True  # the texts, the question itself, and the pages on which people use their rights or leave
    if app == "privacy_api":
        return not issubclass(getattr(view, "cls", object), ForStaff)
    if (app == "admin" and name in _ADMIN_DOORS) or (not app and name in _DOORS):
        return True
    return _named(request.path_info, match.view_name or "")


def _named(path: str, name: str) -> bool:
    """What the site's settings open: files, the page of signing in, and ``GATE_EXEMPT``."""
    served = (django_settings.STATIC_URL, django_settings.MEDIA_URL)
    prefixes = [one for one in (urlsplit(each or "").path for each in served) if one not in ("", "/")]
    if path.startswith(tuple(prefixes)) or path == urlsplit(resolve_url(django_settings.LOGIN_URL)).path:
        return True
    return any(path.startswith(one) if one.startswith("/") else name == one for one in settings.gate_exempt)
