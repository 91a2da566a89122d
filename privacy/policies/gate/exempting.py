"""What stays open to somebody who has not accepted: the texts, every right, the way out, and what the site names."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import get_script_prefix

from privacy.core.api.views import ForStaff
from privacy.core.conf import settings

#: Names of addresses at which sites sign people in and out, whatever their namespace.
_DOORS = frozenset(
    ("login", "logout", "account_login", "account_logout", "account_reauthenticate", "set_language", "jsi18n")
)


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
    return name in _DOORS or _served(request.path) or _named(request.path_info, match.view_name or "")


def _served(path: str) -> bool:
    """Files, and the page of signing in. These settings know below which prefix the site stands; so does ``path``."""
    served = (django_settings.STATIC_URL, django_settings.MEDIA_URL)
    prefixes = [one for one in (urlsplit(each or "").path for each in served) if one not in ("", get_script_prefix())]
    return path.startswith(tuple(prefixes)) or path == urlsplit(resolve_url(django_settings.LOGIN_URL)).path


def _named(path: str, name: str) -> bool:
    """What ``GATE_EXEMPT`` opens: all below a path that ends in a slash, a path without one by itself, or a name."""
    return any(
        path == one or (one.endswith("/") and path.startswith(one)) if one.startswith("/") else name == one
        for one in settings.gate_exempt
    )
