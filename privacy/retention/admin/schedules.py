"""Schedules: what ends when, which sentence of the policy binds it, and what the next night would take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin
from privacy.core.words import number, period_words
from privacy.promises.bounds import Bound
from privacy.retention import services
from privacy.retention.ending import Outlook, Rulebook
from privacy.retention.forms import ScheduleForm
from privacy.retention.logs import standings
from privacy.retention.models import Schedule
from privacy.retention.queries import horizon, waiting_approval

PAUSE = "privacy.pause_schedule"
Column = Callable[[Schedule], str | bool]


@admin.register(Schedule)
class ScheduleAdmin(ModelAdmin[Schedule]):
    """Schedules come from the declarations; a person edits the period, pauses and resumes."""

    list_filter = ("category", "kind", "paused")
    search_fields = ("model", "category")
    list_per_page = 100
    list_display_links = ("what",)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/pause/", wrap(require_POST(self.pause_view)), name="privacy_schedule_pause"),
            path("<int:pk>/resume/", wrap(require_POST(self.resume_view)), name="privacy_schedule_resume"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return False

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(PAUSE)

    # --- list ------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> tuple[str | Column, ...]:
        now = timezone.now()
        return ("what", "category", *_columns(Rulebook(now), now))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        schedules = Schedule.objects.declared()
        now = timezone.now()
        context = {
            "logs": standings(now, horizon=horizon(now)),
            "title": _("Retention schedules"),
            "approval": waiting_approval(),
            "schedules": schedules.count(),
            "edited": schedules.filter(edited=True).count(),
            "paused": schedules.filter(paused=True).count(),
            "withdrawn": Schedule.objects.exclude(withdrawn_at=None).count(),
            "horizon": horizon(now),
            "pv_empty_text": _("Declare expires= in the privacy.py of an app, then run migrate or a night."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description=gettext_lazy("what ends"), ordering="model")
    def what(self, schedule: Schedule) -> SafeString:
        return format_html("{}", schedule_words(schedule))

    # --- one schedule ----------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one schedule: its rule, what it would take, and the form of its period."""
        schedule = self.get_object(request, object_id)
        if schedule is None:
            raise Http404
        if not self.has_view_permission(request, schedule):
            raise PermissionDenied
        may_change = self.has_change_permission(request, schedule) and _is_editable(schedule)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        now = timezone.now()
        form = ScheduleForm(request.POST or None, instance=schedule, now=now) if may_change else None
        if form is not None and request.method == "POST" and form.is_valid():
            return self._change(request, schedule, form)
        schedule.refresh_from_db()
        return TemplateResponse(
            request,
            "admin/privacy/schedule/detail.html",
            {
                **self.admin_site.each_context(request),
                **_picture(schedule, now),
                "opts": self.opts,
                "title": schedule_words(schedule),
                "form": form,
                "may_pause": self.has_pause_permission(request) and schedule.withdrawn_at is None,
                **(extra_context or {}),
            },
        )

    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._act(
            request, pk, services.pause_schedule, _("Paused. Rows stay from now on, whatever was promised.")
        )

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._act(request, pk, services.resume_schedule, _("Resumed. The next night carries it out."))

    def _change(self, request: HttpRequest, schedule: Schedule, form: ScheduleForm) -> HttpResponse:
        try:
            now = timezone.now()
            changed = services.change_period(
                schedule=schedule, period=form.chosen, now=now, actor=Actor.staff(request.user)
            )
            tonight = services.preview(changed, now).tonight
        except PrivacyError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            # In words and with the figure: PT1M is a minute, and P1M a month.
            said = ngettext(
                "The period is now %(period)s; the next night takes %(count)s row.",
                "The period is now %(period)s; the next night takes %(count)s rows.",
                tonight,
            )
            words = {"period": period_words(changed.span), "count": number(tonight)}
            self.message_user(request, said % words, messages.SUCCESS)
        return _back(schedule.pk)

    def _act(self, request: HttpRequest, pk: int, service: Callable[..., Schedule], said: str) -> HttpResponse:
        if not self.has_pause_permission(request):
            raise PermissionDenied
        schedule = self.get_object(request, str(pk))
        if schedule is None:
            raise Http404
        try:
            service(schedule=schedule, now=timezone.now(), actor=Actor.staff(request.user))
        except PrivacyError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, said, messages.SUCCESS)
        return _back(pk)


def _columns(book: Rulebook, now: datetime) -> tuple[Column, ...]:
    """List columns that share one reading of declarations and promises, and one count a schedule."""
    seen: dict[int, Outlook | None] = {}

    def outlook(schedule: Schedule) -> Outlook | None:
        if schedule.pk not in seen:
            seen[schedule.pk] = _outlook(schedule, now, book)
        return seen[schedule.pk]

    @admin.display(description=gettext_lazy("ends after"), ordering="period")
    def ends_after(schedule: Schedule) -> str:
        return format_html("{}", period_words(book.period(schedule)))

    @admin.display(description=gettext_lazy("promised in"))
    def promised_in(schedule: Schedule) -> str:
        return _clauses(book.bounds(schedule)) or schedule.ground or "–"

    @admin.display(description=gettext_lazy("over its end now"))
    def over(schedule: Schedule) -> str:
        found = outlook(schedule)
        if found is None:
            return "–"
        return chip("over_age", _("%(count)s rows") % {"count": number(found.over)}) if found.over else number(0)

    @admin.display(description=gettext_lazy("tonight"))
    def tonight(schedule: Schedule) -> str:
        found = outlook(schedule)
        return "–" if found is None else number(found.tonight)

    @admin.display(description=gettext_lazy("next row ends"))
    def next_end(schedule: Schedule) -> str:
        found = outlook(schedule)
        if found is None or found.next_end is None:
            return "–"
        return date_format(timezone.localtime(found.next_end), "SHORT_DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("state"), ordering="paused")
    def state(schedule: Schedule) -> str:
        return state_chip(schedule)

    return ends_after, promised_in, over, tonight, next_end, state


def _picture(schedule: Schedule, now: datetime) -> dict[str, Any]:
    book = Rulebook(now)
    period = book.period(schedule)
    return {
        "schedule": schedule,
        "model_name": model_name(schedule),
        "action_words": action_words(schedule),
        "state": state_chip(schedule),
        "period": period,
        "weaker": period != schedule.span,
        "bounds": book.bounds(schedule),
        "outlook": _outlook(schedule, now, book),
        "horizon": book.horizon(now),
    }


def _outlook(schedule: Schedule, now: datetime, book: Rulebook) -> Outlook | None:
    if schedule.withdrawn_at is not None:
        return None
    try:
        return services.preview(schedule, now, book)
    except PrivacyError:
        return None


def _is_editable(schedule: Schedule) -> bool:
    return schedule.kind == Schedule.Kind.EXPIRY and schedule.withdrawn_at is None


def _clauses(bounds: Sequence[Bound]) -> str:
    return ", ".join(f"{bound.clause} ({bound.code})" for bound in bounds)


def _back(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:privacy_schedule_change", args=[pk]))


def model_name(schedule: Schedule) -> str:
    """The model's own name in the plural; its label when the model is gone."""
    try:
        return str(capfirst(apps.get_model(schedule.model)._meta.verbose_name_plural))
    except (LookupError, ValueError):
        return schedule.model


def action_words(schedule: Schedule) -> str:
    """What happens at the end, as a person says it."""
    if schedule.kind == Schedule.Kind.KEEP:
        return _("rows that nobody is linked to any more are deleted when their ground ends")
    return _("deleted") if schedule.action == Schedule.Action.DELETE else _("anonymised")


def schedule_words(schedule: Schedule) -> str:
    """A schedule as a person calls it: "Page views are deleted", "Orders kept for total"."""
    words = {"rows": model_name(schedule), "field": schedule.field.replace("_", " ")}
    if schedule.kind == Schedule.Kind.KEEP:
        return (_("%(rows)s kept for %(field)s") if schedule.field else _("%(rows)s kept as a whole")) % words
    if schedule.action == Schedule.Action.DELETE:
        return _("%(rows)s are deleted") % words
    return _("%(rows)s are anonymised") % words


def state_chip(schedule: Schedule) -> SafeString:
    """Active, edited, paused or withdrawn."""
    if schedule.withdrawn_at is not None:
        return chip("off", _("no longer declared"))
    if schedule.paused:
        return chip("interrupted", _("paused"))
    return chip("on", _("active, edited") if schedule.edited else _("active"))
