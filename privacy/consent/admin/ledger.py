"""The consent ledger on the admin's screens: lines without people, a line with its proof, and what people sent in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from privacy.consent import queries, services
from privacy.consent.admin.screens import ReadScreen, need
from privacy.consent.commitments import is_proved
from privacy.consent.forms import EnterForm, PersonForm
from privacy.consent.models import ConsentContext, ConsentRecord, Decision
from privacy.core.actors import Actor
from privacy.core.chips import chip, look

SEE_PEOPLE, ENTER = "privacy.view_consent_people", "privacy.enter_consents"


class ByDecision(admin.SimpleListFilter):
    """The decisions in the words that the lines below wear."""

    title = gettext_lazy("decision")
    parameter_name = "decision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(one, look(ConsentRecord(decision=one).chip).label) for one in Decision.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConsentRecord]) -> QuerySet[ConsentRecord]:
        return queryset.filter(decision=self.value()) if self.value() else queryset


@admin.register(ConsentRecord)
class ConsentRecordAdmin(ReadScreen[ConsentRecord]):
    """Nothing is ever changed here; what people sent in is a new line."""

    list_display = ("at", "decided", "purpose", "surface", "language", "expires_at")
    list_filter = (ByDecision, "purpose", "at")
    search_fields = ("=reference",)
    search_help_text = gettext_lazy("The whole reference, as the receipt says it")
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("person/", wrap(self.person_view), name="privacy_consentrecord_person"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(ENTER)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Consent ledger"),
            "may_see_people": request.user.has_perm(SEE_PEOPLE),
            "pv_empty_text": _("Nobody has answered a question yet."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description=gettext_lazy("decision"), ordering="decision")
    def decided(self, record: ConsentRecord) -> SafeString:
        return chip(record.chip)

    @method_decorator(sensitive_post_parameters("person", "address"))
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        need(request, ENTER)
        form = EnterForm(request.POST or None)

        def do() -> None:
            said = form.cleaned_data
            services.enter(
                entry=services.Entry(
                    person=said["who"],
                    act=said["act"],
                    purpose=said["purpose"].pk if said["purpose"] else "",
                    surface=said["surface"],
                    wording=said["wording"],
                    ground=said["ground"],
                ),
                now=timezone.now(),
                actor=Actor.staff(request.user),
            )

        done = request.method == "POST" and self.act(request, form, do, _("Written down, as entered by staff."))
        intro = _(
            "What somebody wrote or told you. It counts like their own answer; the record says that staff entered it."
        )
        context = {
            "title": _("Enter what somebody sent in"),
            "form": form,
            "intro": intro,
            "button": _("Write it down"),
        }
        return done or self.show(request, "form", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self.found(request, object_id)
        context = ConsentContext.objects.filter(pk=record.pk).first()
        shown = {
            "title": _("Decision %(reference)s") % {"reference": str(record.reference)[:8]},
            "record": record,
            "context": context if request.user.has_perm(SEE_PEOPLE) else None,
            "has_context": context is not None,
            "proved": context is not None and is_proved(record, context),
        }
        return self.show(request, "record", shown)

    @method_decorator(sensitive_post_parameters("person", "address"))
    def person_view(self, request: HttpRequest) -> HttpResponse:
        """Everything about one person. Whom it is about travels in the body, never in an address."""
        need(request, SEE_PEOPLE)
        if not self.has_view_permission(request):
            need(request, "privacy.view_consentrecord")
        form = PersonForm(request.POST or None)
        shown: dict[str, Any] = {"title": _("Look a person up"), "form": form}
        if request.method == "POST" and form.is_valid():
            person = form.cleaned_data["who"]
            if "forget" in request.POST and person.address:
                need(request, ENTER)
                gone = services.forget_address(person=person, now=timezone.now(), actor=Actor.staff(request.user))
                words = ngettext("%(n)d row lost its person.", "%(n)d rows lost their person.", gone)
                self.message_user(request, words % {"n": gone}, messages.SUCCESS)
                return self.to()
            shown |= {
                "looked_up": True,
                "history": queries.records_of(person),
                "flags": queries.flags_of(person),
                "may_forget": bool(person.address) and request.user.has_perm(ENTER),
            }
        return self.show(request, "person", shown)
