"""Purposes on the admin's screens: what people are asked in which words, how they stand, what is new."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from privacy.consent import queries, services
from privacy.consent.admin.screens import ReadScreen, need
from privacy.consent.forms import AnnounceForm, PurposeForm, WordingForm
from privacy.consent.models import Purpose, Wording
from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.words import name_words, period_words

MANAGE = "privacy.manage_purposes"


@admin.register(Purpose)
class PurposeAdmin(ReadScreen[Purpose]):
    """A list, a page a purpose with its words, and a form for one of the site's own."""

    list_display = ("title", "code", "state", "basis", "lasts", "origin")
    list_filter = ("legal_basis", "origin", "marketing")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<str:pk>/wording/", wrap(require_POST(self.wording_view)), name="privacy_purpose_wording"),
            path("<str:pk>/announce/", wrap(require_POST(self.announce_view)), name="privacy_purpose_announce"),
            path("<str:pk>/retire/", wrap(require_POST(self.retire_view)), name="privacy_purpose_retire"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(MANAGE)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Purposes"),
            "pv_empty_text": _("Purposes come with the profile's table [consent], or are added here."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description=gettext_lazy("state"), ordering="retired_at")
    def state(self, purpose: Purpose) -> SafeString:
        return chip("in_force" if purpose.retired_at is None else "retired")

    @admin.display(description=gettext_lazy("legal basis"), ordering="legal_basis")
    def basis(self, purpose: Purpose) -> str:
        return name_words(purpose.legal_basis)

    @admin.display(description=gettext_lazy("a yes lasts"))
    def lasts(self, purpose: Purpose) -> str:
        return period_words(purpose.period) or "–"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        need(request, MANAGE)
        form = PurposeForm(request.POST or None)
        said = _("Added. Until people are told of it, or agree, a promise about new uses is broken.")
        done = request.method == "POST" and self.act(
            request,
            form,
            lambda: services.add_purpose(**form.cleaned_data, now=timezone.now(), actor=Actor.staff(request.user)),
            said,
        )
        intro = _("A use of data that the profile does not name. People are told of it, or asked first.")
        context = {"title": _("Add a purpose"), "form": form, "intro": intro, "button": _("Add this purpose")}
        return done or self.show(request, "form", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._detail(request, self.found(request, object_id))

    def wording_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        purpose = self._managed(request, pk)
        form = WordingForm(request.POST)
        done = self.act(
            request,
            form,
            lambda: services.add_wording(
                purpose=purpose.pk, **form.cleaned_data, now=timezone.now(), actor=Actor.staff(request.user)
            ),
            _("These words are served from now on. Who agreed before, agreed to the earlier ones."),
        )
        return self.to(purpose) if done else self._detail(request, purpose, wording=form)

    def announce_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        purpose = self._managed(request, pk)
        form = AnnounceForm(request.POST)
        done = self.act(
            request,
            form,
            lambda: services.announce_purpose(
                purpose=purpose, **form.cleaned_data, now=timezone.now(), actor=Actor.staff(request.user)
            ),
            _("Written down: people were told."),
        )
        return self.to(purpose) if done else self._detail(request, purpose, announce=form)

    def retire_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        purpose = self._managed(request, pk)
        try:
            services.retire_purpose(purpose=purpose, now=timezone.now(), actor=Actor.staff(request.user))
        except PrivacyError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, _("Retired: nothing may be processed for it any more."), messages.SUCCESS)
        return self.to(purpose)

    def _managed(self, request: HttpRequest, pk: str) -> Purpose:
        purpose: Purpose = self.found(request, pk)
        need(request, MANAGE)
        return purpose

    def _detail(
        self,
        request: HttpRequest,
        purpose: Purpose,
        *,
        wording: forms.Form | None = None,
        announce: forms.Form | None = None,
    ) -> HttpResponse:
        may = purpose.retired_at is None and request.user.has_perm(MANAGE)
        context = {
            "title": purpose.title,
            "purpose": purpose,
            "basis": name_words(purpose.legal_basis),
            "figures": queries.figures_of(purpose, now=timezone.now()),
            "wordings": Wording.objects.of(purpose.pk).newest_first(),
            "wording_form": (wording or WordingForm()) if may and purpose.needs_consent else None,
            "announce_form": (announce or AnnounceForm()) if may and purpose.announced_at is None else None,
            "may_retire": may and purpose.origin == Purpose.Origin.SITE,
        }
        return self.show(request, "purpose", context)
