"""Opt-outs on the admin's screens, and entering those that came by plain mail (CPT-6-2)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.messages import services
from privacy.messages.admin.reading import ReadingAdmin, moment
from privacy.messages.forms import OptOutForm
from privacy.messages.models import Suppression
from privacy.messages.rules import message_rules

ENTER = "privacy.enter_opt_out"


@admin.register(Suppression)
class SuppressionAdmin(ReadingAdmin[Suppression]):
    """A list of opt-outs that names nobody, and a form for those that came in writing."""

    list_display = ("reference", "status", "channel", "level", "topic", "source", "asked", "entered")
    list_filter = ("channel", "level", "source")
    list_display_links = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(ENTER)

    @admin.display(description=gettext_lazy("reference"))
    def reference(self, row: Suppression) -> str:
        return str(row.pk)[:8]

    @admin.display(description=gettext_lazy("status"), ordering="lifted_at")
    def status(self, row: Suppression) -> SafeString:
        return chip("released", _("lifted by the person")) if row.lifted_at else chip("in_force")

    @admin.display(description=gettext_lazy("asked for"), ordering="requested_at")
    def asked(self, row: Suppression) -> str:
        return moment(row.requested_at)

    @admin.display(description=gettext_lazy("in force since"), ordering="entered_at")
    def entered(self, row: Suppression) -> str:
        return moment(row.entered_at)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Opt-outs"),
            "pv_empty_text": _("Who does not want to be written to is remembered here, as a code that names nobody."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @method_decorator(sensitive_post_parameters("address"))
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        level = message_rules().opt_out
        initial = {
            "received_on": timezone.localdate(),
            "channel": "email",
            "level": level if level != "topic" else "marketing",
        }
        form = OptOutForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                report = services.opt_out(
                    address=form.cleaned_data["address"],
                    channel=form.cleaned_data["channel"],
                    level=form.cleaned_data["level"],
                    source=Suppression.Source.STAFF,
                    requested_at=form.received_at(),
                    now=timezone.now(),
                    actor=Actor.staff(request.user),
                )
            except PrivacyError as refusal:
                form.refuse(refusal.field, f"{refusal.problem}. {refusal.mend}.")
            else:
                said = _("Entered, and in force from this moment on.") if report.entered else _("It was known already.")
                self.message_user(request, said, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:privacy_suppression_changelist"))
        return self.page(request, "add", {"title": _("Enter an opt-out"), "form": form, "rules": message_rules()})
