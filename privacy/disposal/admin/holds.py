"""Legal holds on the admin's screens: what is held and why, placing one, looking again, releasing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin
from privacy.core.words import name_words
from privacy.disposal.admin.closures import SEE_SUBJECT, account_link
from privacy.disposal.holds import alarms as hold_alarms
from privacy.disposal.holds import placing as holding
from privacy.disposal.holds import queries as hold_queries
from privacy.disposal.holds.forms import PlaceHoldForm, ReviewForm
from privacy.disposal.holds.rules import ground_words, hold_rules
from privacy.disposal.models import Hold

PLACE = "privacy.place_hold"
RELEASE = "privacy.release_hold"
SHOWN = "released_at__isnull"
_REVIEW_IN, _END_IN = timedelta(days=90), timedelta(days=365)


def _day(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "DATE_FORMAT") if moment else "–"


@admin.register(Hold)
class HoldAdmin(ModelAdmin[Hold]):
    """A list to read; a page to look again at one hold, and to release it; a form to place one."""

    list_per_page = 50
    search_fields = ("=case", "id__istartswith")
    search_help_text = gettext_lazy("The whole file number, or the reference")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:pk>/review/", wrap(require_POST(self.review_view)), name="privacy_hold_review"),
            path("<uuid:pk>/release/", wrap(self.release_view), name="privacy_hold_release"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(PLACE)

    def has_change_permission(self, request: HttpRequest, obj: Hold | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Hold | None = None) -> bool:
        return False

    # --- list ------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> tuple[str | Callable[[Hold], str], ...]:
        now = timezone.now()

        @admin.display(description=gettext_lazy("status"), ordering="review_at")
        def state(hold: Hold) -> SafeString:
            return chip(hold.state(now))

        return ("number", state, "scope", "what", "why", "review", "end")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Legal holds"),
            "alarms": hold_alarms.alarms(timezone.now()) if self.has_view_permission(request) else (),
            "shown": _shown(request.GET.get(SHOWN, "")),
            "pv_empty_text": _("None is in this state.")
            if SHOWN in request.GET
            else _("A hold keeps data that the law, a court case or a dispute needs, although its time is over."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description=gettext_lazy("case or reference"), ordering="case")
    def number(self, hold: Hold) -> str:
        return hold.case or hold.reference

    @admin.display(description=gettext_lazy("categories"))
    def what(self, hold: Hold) -> str:
        return _categories(hold)

    @admin.display(description=gettext_lazy("ground"), ordering="ground")
    def why(self, hold: Hold) -> str:
        return ground_words(hold.ground)

    @admin.display(description=gettext_lazy("to be reviewed by"), ordering="review_at")
    def review(self, hold: Hold) -> str:
        return _day(hold.review_at)

    @admin.display(description=gettext_lazy("ends"), ordering="ends_at")
    def end(self, hold: Hold) -> str:
        return _day(hold.released_at or hold.ends_at)

    # --- placing ---------------------------------------------------------------------------

    @method_decorator(sensitive_post_parameters("person"))
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PlaceHoldForm(request.POST or None, initial=self._initial(request))
        if request.method == "POST" and form.is_valid():
            try:
                hold = holding.place_hold(
                    user=form.cleaned_data["person"],
                    categories=form.cleaned_data["categories"],
                    case=form.cleaned_data["case"],
                    ground=form.cleaned_data["ground"],
                    review_at=form.moment("review_at"),
                    ends_at=form.moment("ends_at"),
                    now=timezone.now(),
                    actor=Actor.staff(request.user),
                )
            except PrivacyError as refusal:
                form.refuse(refusal.field, f"{refusal.problem}. {refusal.mend}.")
            else:
                said = _("The hold is in force from this moment on, and recorded in the evidence.")
                self.message_user(request, said, messages.SUCCESS)
                return _to(hold)
        context = {"title": _("Place a legal hold"), "form": form, "rules": hold_rules()}
        return self._page(request, "add", context)

    # --- one hold --------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A hold has no form of its own: its page tells what it keeps, and asks for what is due."""
        return self._detail(request, self._find(request, object_id))

    def review_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        hold = self._find(request, pk)
        if not request.user.has_perm(PLACE):
            raise PermissionDenied
        form = ReviewForm(request.POST)
        if not form.is_valid():
            return self._detail(request, hold, form)
        try:
            holding.review_hold(
                hold=hold,
                review_at=form.moment("review_at"),
                ends_at=form.moment("ends_at"),
                now=timezone.now(),
                actor=Actor.staff(request.user),
            )
        except PrivacyError as refusal:
            form.refuse(refusal.field, f"{refusal.problem}. {refusal.mend}.")
            return self._detail(request, hold, form)
        self.message_user(request, _("Reviewed: the hold stands, with its new dates."), messages.SUCCESS)
        return _to(hold)

    def release_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """First says what a release means, then does it."""
        hold = self._find(request, pk)
        if not request.user.has_perm(RELEASE):
            raise PermissionDenied
        others = list(hold_queries.of_same_case(hold))
        whole = request.POST.get("whole_case") == "yes"
        if request.method == "POST":
            try:
                count = holding.release_hold(
                    hold=hold, whole_case=whole, now=timezone.now(), actor=Actor.staff(request.user)
                )
            except PrivacyError as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                said = ngettext("%(n)d hold was released.", "%(n)d holds were released.", count) % {"n": count}
                then = _("What waited goes in the next night; a closure's own page can run it at once.")
                self.message_user(request, f"{said} {then}", messages.SUCCESS)
            return _to(hold)
        context = {
            "title": _("Release this hold?"),
            "hold": hold,
            "name": hold.case or hold.reference,
            "others": others,
            "waiting": hold_queries.waiting_closures([hold]),
            "waiting_of_case": hold_queries.waiting_closures([hold, *others]),
        }
        return self._page(request, "release", context)

    def _detail(self, request: HttpRequest, hold: Hold, form: ReviewForm | None = None) -> HttpResponse:
        may_review = hold.is_in_force and request.user.has_perm(PLACE)
        dates = _next_dates(hold, timezone.now())
        context = {
            "title": _("Legal hold %(name)s") % {"name": hold.case or hold.reference},
            "hold": hold,
            "state": hold.state(timezone.now()),
            "categories": _categories(hold),
            "ground": ground_words(hold.ground),
            "subject": account_link(hold.subject_key) if request.user.has_perm(SEE_SUBJECT) else "",
            "form": (form or ReviewForm(initial=dates)) if may_review else None,
            "may_release": hold.is_in_force and request.user.has_perm(RELEASE),
            "may_place": hold.is_in_force and bool(hold.case) and self.has_add_permission(request),
            "others": hold_queries.of_same_case(hold),
            "waiting": hold_queries.waiting_closures([hold]) if hold.is_in_force else 0,
        }
        return self._page(request, "detail", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        base = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/privacy/hold/{name}.html", base | context)

    def _find(self, request: HttpRequest, pk: Any) -> Hold:
        hold = self.get_object(request, str(pk))
        if hold is None:
            raise Http404
        if not self.has_view_permission(request, hold):
            raise PermissionDenied
        return hold

    def _initial(self, request: HttpRequest) -> dict[str, Any]:
        """Dates that fit the profile; for another person of a case, what the case has already."""
        now = timezone.localtime()
        found = Hold.objects.in_force().filter(pk=_uuid(request.GET.get("like", ""))).first()
        if found is not None:
            same = {"case": found.case, "ground": found.ground, "categories": found.categories}
            return same | {"review_at": _local_day(found.review_at), "ends_at": _local_day(found.ends_at)}
        return {"review_at": (now + _REVIEW_IN).date(), "ends_at": (now + _END_IN).date()}


def _uuid(text: str) -> Any:
    try:
        return UUID(text)
    except ValueError:
        return None


def _categories(hold: Hold) -> str:
    return ", ".join(name_words(name) for name in hold.categories) or _("all data of the person")


def _next_dates(hold: Hold, now: datetime) -> dict[str, Any]:
    """What the review proposes: the dates there are, and later ones in place of those that have passed."""
    review_at = hold.review_at if hold.review_at > now else now + _REVIEW_IN
    return {"review_at": _local_day(review_at), "ends_at": _local_day(max(hold.ends_at, review_at))}


def _local_day(moment: datetime) -> Any:
    return timezone.localtime(moment).date()


def _to(hold: Hold) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:privacy_hold_change", args=[hold.pk]))


def _shown(value: str) -> list[dict[str, object]]:
    choices = [("", _("all")), ("True", _("in force")), ("False", _("released"))]
    return [
        {"label": label, "query": f"?{SHOWN}={each}" if each else "?", "current": each == value}
        for each, label in choices
    ]
