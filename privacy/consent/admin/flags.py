"""Restrictions and objections on the admin's screens: what stops, what waits for a decision, and why it was lifted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from privacy.consent import services
from privacy.consent.admin.ledger import SEE_PEOPLE
from privacy.consent.admin.screens import ReadScreen, need
from privacy.consent.forms import RulingForm
from privacy.consent.models import Flag
from privacy.core.actors import Actor
from privacy.core.chips import chip

DECIDE = "privacy.decide_flags"


@admin.register(Flag)
class FlagAdmin(ReadScreen[Flag]):
    """A list, and a page to decide and to lift."""

    list_display = ("reference", "kind", "state", "about", "raised_at", "decided_at")
    list_filter = ("kind", "outcome", "raised_at")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:pk>/decide/", wrap(require_POST(self.decide_view)), name="privacy_flag_decide"),
            path("<uuid:pk>/lift/", wrap(require_POST(self.lift_view)), name="privacy_flag_lift"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Restrictions and objections"),
            "pv_empty_text": _("Nobody has objected to anything, or had their data restricted."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description=gettext_lazy("state"), ordering="outcome")
    def state(self, flag: Flag) -> SafeString:
        return chip(flag.chip)

    @admin.display(description=gettext_lazy("purpose"), ordering="purpose")
    def about(self, flag: Flag) -> str:
        return flag.purpose or _("every purpose")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._detail(request, self.found(request, object_id), RulingForm())

    def decide_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        flag = self._decided(request, pk)
        form, uphold = RulingForm(request.POST), "uphold" in request.POST
        if form.is_valid() and uphold == ("reject" in request.POST):
            form.add_error(None, _("Say whether you uphold the objection or reject it."))

        def do() -> None:
            services.decide_objection(
                flag=flag, uphold=uphold, **form.cleaned_data, now=timezone.now(), actor=Actor.staff(request.user)
            )

        done = self.act(request, form, do, _("Decided. The person reads it on their page."))
        return self.to(flag) if done else self._detail(request, flag, form)

    def lift_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        flag = self._decided(request, pk)
        form = RulingForm(request.POST)

        def do() -> None:
            services.lift(flag=flag, **form.cleaned_data, now=timezone.now(), actor=Actor.staff(request.user))

        done = self.act(request, form, do, _("Lifted: from now on it stops nothing."))
        return self.to(flag) if done else self._detail(request, flag, form)

    def _decided(self, request: HttpRequest, pk: Any) -> Flag:
        flag: Flag = self.found(request, pk)
        need(request, DECIDE)
        return flag

    def _detail(self, request: HttpRequest, flag: Flag, form: RulingForm) -> HttpResponse:
        may = flag.stops and request.user.has_perm(DECIDE)
        waits = flag.kind == Flag.Kind.OBJECTION and flag.outcome == Flag.Outcome.PENDING
        context = {
            "title": _("%(kind)s %(reference)s") % {"kind": flag.get_kind_display(), "reference": flag.reference},
            "flag": flag,
            "who": flag.user_key if request.user.has_perm(SEE_PEOPLE) else "",
            "form": form if may else None,
            "may_decide": may and waits,
        }
        return self.show(request, "flag", context)
