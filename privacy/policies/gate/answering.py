"""What somebody is answered whom the gate stops: a page for people, a code for programs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from rest_framework.views import APIView

CODE = "policy_acceptance_required"
#: In the address of the question: a form was sent, and nothing took it.
UNSAVED = "unsaved"
_PAGE = "privacy:policy_acceptance"


def stopped(request: HttpRequest, view: Any) -> HttpResponse:
    """A program gets 403 in the shape of our API's refusals, a person the page that asks."""
    response: HttpResponse
    if is_program(request, view):
        response = JsonResponse(refusal(), status=403)
    else:
        said = {"next": _back(request), UNSAVED: "" if _only_reads(request) else "1"}
        query = urlencode({name: value for name, value in said.items() if value})
        response = HttpResponseRedirect(f"{reverse(_PAGE)}?{query}" if query else reverse(_PAGE))
    response["Cache-Control"] = "no-store"
    return response


def refusal() -> dict[str, Any]:
    """Why a program is refused; ``code`` stays the same, the sentences may change."""
    mend = _("Ask the member to accept them at %(page)s, or send them to the API's acceptances")
    fault = {
        "field": "",
        "problem": _("the member has not accepted the documents that bind them now"),
        "mend": mend % {"page": reverse(_PAGE)},
    }
    return {"code": CODE, "errors": [fault]}


def is_program(request: HttpRequest, view: Any = None) -> bool:
    """Whether a script or another program asks, which a page would not help."""
    made_of: Any = getattr(view, "cls", object)
    if issubclass(made_of, APIView):
        return True
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return True
    if request.headers.get("Sec-Fetch-Dest") == "empty" or (request.content_type or "").endswith("json"):
        return True
    # Whoever takes no page at all is not helped by one, whatever it takes instead.
    return request.get_preferred_type(["text/html", "application/json"]) != "text/html"


def safe(request: HttpRequest, address: str) -> str:
    """An address of this site to go on to; empty where it is another's, or the question itself."""
    host = {request.get_host()}
    if not url_has_allowed_host_and_scheme(address, allowed_hosts=host, require_https=request.is_secure()):
        return ""
    return "" if urlsplit(address).path == reverse(_PAGE) else address


def _back(request: HttpRequest) -> str:
    """Where the person was: what they wanted to see, or the page whose form they sent."""
    if _only_reads(request):
        return safe(request, request.get_full_path())
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # "http://["
        return ""
    if came_from.netloc != request.get_host():
        return ""
    return safe(request, came_from._replace(scheme="", netloc="", fragment="").geturl())


def _only_reads(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD", "OPTIONS")
