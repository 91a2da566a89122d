"""A site's own pages, as templates that a test can change: what a stranger gets from a host."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import RequestContext, Template
from django.urls import URLPattern, URLResolver, include, path

from privacy.promises.models import SiteFacts

FRAME = '{% load privacy_policies %}<html lang="en"><body><h1>Here</h1>{% privacy_link %}</body></html>'
#: What each page says; a test changes it and puts it back.
PAGES: dict[str, str] = {}


def _page(request: HttpRequest) -> HttpResponse:
    if request.path == "/counting/":
        SiteFacts.objects.update(code="CNT")
    if request.path == "/moved/":
        return HttpResponseRedirect("/")
    if request.path == "/away/":
        return HttpResponseRedirect("https://elsewhere.example/")
    return HttpResponse(Template(PAGES.get(request.path, FRAME)).render(RequestContext(request)))


urlpatterns: list[URLPattern | URLResolver] = [
    path("", _page),
    path("accounts/login/", _page, name="login"),
    path("contact/", _page),
    path("counting/", _page),
    path("moved/", _page),
    path("away/", _page),
    path("walled/", login_required(_page)),
    path("", include("privacy.urls")),
    path("api/privacy/", include("privacy.api_urls")),
]
