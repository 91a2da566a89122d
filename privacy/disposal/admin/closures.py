"""Closures on the admin's screens: what went, what stays and why, what is left and how to go on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin
from privacy.disposal import services
from privacy.disposal.admin.closing import ClosingScreen
from privacy.disposal.holds import queries as hold_queries
from privacy.disposal.models import Closure

RUN = "privacy.run_closure"
SEE_SUBJECT = "privacy.view_closure_subject"
_REFERENCE_SHOWN = 8


def _day(moment: datetime | None) -> str:
    """The day in the site's zone; the closure's own page tells the hour."""
    return date_format(localtime(moment)) if moment else "–"


@admin.register(Closure)
class ClosureAdmin(ClosingScreen, ModelAdmin[Closure]):
    """A list to read, a page to understand one closure, and three acts: close an account, run again, take back."""

    list_display = ("reference", "state", "channel", "closed", "due", "finished", "left")
    list_filter = ("status", "channel", "closed_at")
    list_per_page = 50
    search_fields = ("=pseudonym",)
    search_help_text = gettext_lazy("The whole reference, as the member was told it")
    ordering = ("-closed_at",)
    actions = ("run_again",)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            *self.closing_urls(),
            path("<uuid:pk>/run/", wrap(require_POST(self.run_view)), name="privacy_closure_run"),
            path("<uuid:pk>/cancel/", wrap(require_POST(self.cancel_view)), name="privacy_closure_cancel"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Closure | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Closure | None = None) -> bool:
        return False

    def has_run_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(RUN)

    # --- list ------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Closures"),
            "may_close": self.has_close_permission(request),
            "pv_empty_text": _("An account that is closed, by its member, by staff or by the site, is listed here."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description=gettext_lazy("reference"), ordering="pseudonym")
    def reference(self, closure: Closure) -> str:
        return f"{closure.pseudonym[:_REFERENCE_SHOWN]}…"

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, closure: Closure) -> SafeString:
        return chip(closure.status)

    @admin.display(description=gettext_lazy("closed"), ordering="closed_at")
    def closed(self, closure: Closure) -> str:
        return _day(closure.closed_at)

    @admin.display(description=gettext_lazy("due by"), ordering="due_at")
    def due(self, closure: Closure) -> str:
        return _day(closure.due_at)

    @admin.display(description=gettext_lazy("finished"), ordering="finished_at")
    def finished(self, closure: Closure) -> str:
        return _day(closure.finished_at)

    @admin.display(description=gettext_lazy("left over"))
    def left(self, closure: Closure) -> str | SafeString:
        if not closure.errors:
            return "–"
        said = ngettext("%(count)s reason", "%(count)s reasons", len(closure.errors)) % {"count": len(closure.errors)}
        return format_html("<strong>{}</strong>", said)

    @admin.action(description=gettext_lazy("Run the chosen closures again"), permissions=["run"])
    def run_again(self, request: HttpRequest, closures: QuerySet[Closure]) -> None:
        for closure in Closure.objects.unfinished().filter(pk__in=closures.values("pk")):
            self._run(request, closure)

    # --- one closure -----------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A closure has no form: its page tells what became of it."""
        closure = self.get_object(request, object_id)
        if closure is None:
            raise Http404
        if not self.has_view_permission(request, closure):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Closure %(reference)s") % {"reference": self.reference(closure)},
            "closure": closure,
            "report": services.ClosureReport.of(closure),
            "receipts": closure.receipts.order_by("store"),
            "in_batch": Closure.objects.filter(batch=closure.batch).count() if closure.batch else 1,
            "may_run": self.has_run_permission(request) and closure.is_open,
            "holds": hold_queries.holds_on_closure(closure) if closure.status == "held" else (),
            "may_see_holds": request.user.has_perm("privacy.view_hold"),
            "may_cancel": self.has_run_permission(request) and closure.status in ("scheduled", "planned", "undecided"),
            "subject": self._subject(request, closure),
            "subject_hidden": bool(closure.subject_key) and not request.user.has_perm(SEE_SUBJECT),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/privacy/closure/detail.html", context)

    def run_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        if not self.has_run_permission(request):
            raise PermissionDenied
        closure = self._find(request, pk)
        self._run(request, closure)
        return self._back(closure)

    def cancel_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        if not self.has_run_permission(request):
            raise PermissionDenied
        closure = self._find(request, pk)
        try:
            services.cancel_closure(closure=closure, now=timezone.now(), actor=Actor.staff(request.user))
        except PrivacyError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, _("The closure was taken back; the account can be used again."))
        return self._back(closure)

    def _run(self, request: HttpRequest, closure: Closure) -> None:
        try:
            report = services.run_closure(closure=closure, now=timezone.now(), actor=Actor.staff(request.user))
        except PrivacyError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return
        if report.status == Closure.Status.DONE:
            self.message_user(request, _("Everything is removed; the closure is done."), messages.SUCCESS)
        elif report.status == Closure.Status.HELD:
            self.message_user(
                request, _("A legal hold still keeps it; the closure's page says which."), messages.WARNING
            )
        else:
            self.message_user(
                request, _("Something is still left; the reasons are on the closure's page."), messages.WARNING
            )

    def _find(self, request: HttpRequest, pk: Any) -> Closure:
        closure = self.get_object(request, str(pk))
        if closure is None:
            raise Http404
        return closure

    def _back(self, closure: Closure) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:privacy_closure_change", args=[closure.pk]))

    def _subject(self, request: HttpRequest, closure: Closure) -> str | SafeString:
        """The account, for those who may see it and while there is one."""
        return account_link(closure.subject_key) if request.user.has_perm(SEE_SUBJECT) else ""


def account_link(key: str) -> str | SafeString:
    """The account of ``str(pk)``, leading to its screen where the site's admin has one; empty without a key."""
    meta = get_user_model()._meta
    if not key:
        return ""
    try:
        url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])
    except NoReverseMatch:
        return key
    return format_html('<a href="{}">{}</a>', url, key)
