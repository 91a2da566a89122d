"""The promise ledger on one screen, and the history of each promise. Read-only but for "Check now"."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from privacy.core.actors import Actor
from privacy.core.generic_admin import ModelAdmin
from privacy.promises import services
from privacy.promises.models import Promise
from privacy.promises.screens import ledger_screen, promise_screen

CHECK = "privacy.check_promises"


@admin.register(Promise)
class PromiseAdmin(ModelAdmin[Promise]):
    """Shows the ledger where other models show a list of rows."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("check/", wrap(require_POST(self.check_view)), name="privacy_promise_check"),
            path("history/<str:code>/", wrap(self.promise_view), name="privacy_promise_findings"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Promise | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Promise | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self._require(request, self.has_view_permission(request))
        context = {
            "title": _("Promise ledger"),
            "may_check": request.user.has_perm(CHECK),
            **ledger_screen(timezone.now()),
        }
        return self._page(request, "admin/privacy/promise/ledger.html", context | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A promise has no form: its page is its history."""
        self._require(request, self.has_view_permission(request))
        promise = self.get_object(request, object_id)
        name = "admin:privacy_promise_findings" if promise else "admin:privacy_promise_changelist"
        return HttpResponseRedirect(reverse(name, args=[promise.code] if promise else []))

    def promise_view(self, request: HttpRequest, code: str) -> HttpResponse:
        self._require(request, self.has_view_permission(request))
        context = {"title": code, **promise_screen(code, timezone.now())}
        return self._page(request, "admin/privacy/promise/history.html", context)

    def check_view(self, request: HttpRequest) -> HttpResponse:
        self._require(request, self.has_view_permission(request) and request.user.has_perm(CHECK))
        ledger = services.check_promises(now=timezone.now(), actor=Actor.staff(request.user))
        level = messages.WARNING if ledger.counts["broken"] else messages.SUCCESS
        messages.add_message(request, level, _("All promises were checked just now."))
        return HttpResponseRedirect(reverse("admin:privacy_promise_changelist"))

    def _require(self, request: HttpRequest, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context}
        )
