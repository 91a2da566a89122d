"""The strict policy that every page of the app must live under."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

#: Members' pages get no script at all; Django's own admin brings files, and nothing inline.
MEMBER = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ADMIN = f"{MEMBER}; script-src 'self'; connect-src 'self'; font-src 'self'"


class StrictPolicy:
    """Sends the policy with every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        in_admin = request.path.startswith(("/admin/", "/accounts/login/"))
        response["Content-Security-Policy"] = ADMIN if in_admin else MEMBER
        return response
