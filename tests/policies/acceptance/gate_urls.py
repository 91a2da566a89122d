"""The pages of a small site behind the gate, and those that it leaves open."""

from __future__ import annotations

from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View
from rest_framework.authentication import BasicAuthentication
from rest_framework.decorators import api_view
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from privacy.policies.gate import gate_exempt
from privacy.policies.gate.api import PoliciesAccepted
from tests.urls import urlpatterns as theirs


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello {request.user}")


def silent(request: HttpRequest) -> HttpResponse:
    """Asks nobody who they are."""
    return HttpResponse("Hello")


@gate_exempt
def opened(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


@method_decorator(gate_exempt, name="dispatch")
class Opened(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("open")


class Thing(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"thing": 1})

    post = get


class ByPassword(Thing):
    """An API whose programs send a password, and no session."""

    authentication_classes = (BasicAuthentication,)
    permission_classes = (IsAuthenticated, PoliciesAccepted)


@api_view(["GET"])
def by_function(request: Request) -> Response:
    return Response({"thing": 1})


def data(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"data": 1})


urlpatterns = [
    path("page/", page, name="page"),
    path("silent/", silent),
    path("data/", data),
    path("opened/", opened),
    path("opened/class/", Opened.as_view()),
    path("basket/pay/", page),
    path("named/", page, name="by_name"),
    path("static/x.css", page),
    path("accounts/logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("members/", include(([path("logout/", auth_views.LogoutView.as_view(), name="logout")], "members"))),
    path("api/thing/", Thing.as_view()),
    path("api/function/", by_function),
    path("api/password/", ByPassword.as_view()),
    path("i18n/", include("django.conf.urls.i18n")),
    *theirs,
]
