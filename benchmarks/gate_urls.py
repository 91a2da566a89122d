"""A page that knows who is signed in, one that stays open, and the app's own."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from privacy.policies.gate import gate_exempt


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello {request.user}")


@gate_exempt
def opened(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello {request.user}")


urlpatterns = [path("page/", page), path("opened/", opened), path("", include("privacy.urls"))]
