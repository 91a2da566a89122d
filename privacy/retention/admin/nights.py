"""Nights: how each went, step by step, and the two buttons *run now* and *approve*."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext
from django.views.decorators.http import require_POST

from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin
from privacy.core.words import duration_words, number
from privacy.retention import queries, services
from privacy.retention.admin.schedules import schedule_words
from privacy.retention.liveness import is_alive
from privacy.retention.models import Approval, NightRun, NightStepRun, Schedule
from privacy.retention.watchdog import Standing, standing

RUN, APPROVE, PAUSE = "privacy.run_night", "privacy.approve_night", "privacy.pause_night"
#: Seconds between two looks at a night that is at work.
REFRESH = "3"
#: A worker that is there takes a night up within this time.
PATIENCE = timedelta(minutes=1)

REASONS = {
    "first": gettext_noop("It is the first night of this site."),
    "take_over": gettext_noop("The rule that takes over accounts the site closed itself has changed."),
    "large": gettext_noop("It would remove an unusually large share of all accounts."),
}


@admin.register(NightRun)
class NightRunAdmin(ModelAdmin[NightRun]):
    """Read-only: a night is a record. It starts by the clock, by a button or by a command."""

    list_display = ("as_of", "state", "took", "steps_column", "missed", "asked_by")
    list_filter = ("status", "as_of")
    list_per_page = 50

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("run/", wrap(require_POST(self.run_view)), name="privacy_nightrun_run"),
            path("pause/", wrap(require_POST(self.pause_view)), name="privacy_nightrun_pause"),
            path("resume/", wrap(require_POST(self.resume_view)), name="privacy_nightrun_resume"),
            path("approve/", wrap(require_POST(self.approve_view)), name="privacy_nightrun_approve"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: NightRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: NightRun | None = None) -> bool:
        return False

    # --- list ------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, run: NightRun) -> SafeString:
        return chip(queries.answered(run))

    @admin.display(description=gettext_lazy("took"))
    def took(self, run: NightRun) -> str:
        return duration_words(run.took) or "–"

    @admin.display(description=gettext_lazy("steps"))
    def steps_column(self, run: NightRun) -> str:
        steps = list(run.steps.all())
        failed = sum(step.status == NightStepRun.Status.FAILED for step in steps)
        said = ngettext("%(count)s step", "%(count)s steps", len(steps)) % {"count": len(steps)}
        return _("%(steps)s, %(failed)s failed") % {"steps": said, "failed": failed} if failed else said

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("steps", "approvals")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        now = timezone.now()
        context = {
            "title": _("Nights"),
            "last": queries.last_completed_night(now),
            "next_night": queries.begins_next(now),
            "missed": queries.missed_nights(now),
            "failed": NightRun.objects.filter(status=NightRun.Status.FAILED).count(),
            "wanted": queries.night_wanted(now),
            "open_run": NightRun.objects.open().order_by("-status").first(),
            "paused": queries.paused_night(now),
            **self._acts(request),
            "pv_empty_text": _("No night has run yet. It begins by itself at its hour, or with the button above."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    # --- one night -------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one night. While it is at work it asks the browser to come again."""
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        now = timezone.now()
        picture = _picture(run, now)
        at_work = run.status in (NightRun.Status.PENDING, NightRun.Status.RUNNING) and not picture["paused"]
        response = TemplateResponse(
            request,
            "admin/privacy/nightrun/detail.html",
            {
                **self.admin_site.each_context(request),
                **picture,
                **self._acts(request),
                "opts": self.opts,
                "title": _("Night of %(night)s") % {"night": timezone.localtime(run.as_of).strftime("%Y-%m-%d %H:%M")},
                "at_work": at_work,
                **(extra_context or {}),
            },
        )
        if at_work:
            response["Refresh"] = REFRESH
        return response

    def run_view(self, request: HttpRequest) -> HttpResponse:
        self._require(request, RUN)
        try:
            run = services.ask_for_night(now=timezone.now(), actor=Actor.staff(request.user))
        except PrivacyError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return _to_list()
        if run.note:
            self.message_user(request, run.note, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:privacy_nightrun_change", args=[run.pk]))

    def pause_view(self, request: HttpRequest) -> HttpResponse:
        self._require(request, PAUSE)
        try:
            run = services.pause_night(now=timezone.now(), actor=Actor.staff(request.user))
        except PrivacyError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return _to_list()
        return HttpResponseRedirect(reverse("admin:privacy_nightrun_change", args=[run.pk]))

    def resume_view(self, request: HttpRequest) -> HttpResponse:
        self._require(request, PAUSE)
        try:
            run = services.resume_night(now=timezone.now(), actor=Actor.staff(request.user))
        except PrivacyError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return _to_list()
        if run.note:
            self.message_user(request, run.note, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:privacy_nightrun_change", args=[run.pk]))

    def approve_view(self, request: HttpRequest) -> HttpResponse:
        self._require(request, APPROVE)
        try:
            seen = request.POST.get("plan", "")
            services.approve_night(now=timezone.now(), actor=Actor.staff(request.user), seen=seen)
        except PrivacyError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, _("Approved. The next night carries it out; you may also run one now."))
        return _to_list()

    def _require(self, request: HttpRequest, permission: str) -> None:
        if not self.has_view_permission(request) or not request.user.has_perm(permission):
            raise PermissionDenied

    def _acts(self, request: HttpRequest) -> dict[str, Any]:
        approval = queries.waiting_approval()
        return {
            "may_run": request.user.has_perm(RUN),
            "may_approve": request.user.has_perm(APPROVE),
            "may_pause": request.user.has_perm(PAUSE),
            "approval": approval,
            "approval_reasons": [_(REASONS[reason]) for reason in approval.reasons] if approval else [],
            "approval_steps": _previewed(approval) if approval else [],
        }


def last_night() -> Standing:
    """How old the last night is, for the banner."""
    return standing(timezone.now())


def _picture(run: NightRun, now: datetime) -> dict[str, Any]:
    steps = list(run.steps.in_order())
    over = sum(step.status not in (NightStepRun.Status.PENDING, NightStepRun.Status.RUNNING) for step in steps)
    running = run.status == NightRun.Status.RUNNING
    silent = running and not is_alive(run, now)
    paused = run.status == NightRun.Status.PAUSED or (silent and run.pause_asked_at is not None)
    pausing = running and run.pause_asked_at is not None and not paused
    return {
        "run": run,
        "state": chip("paused" if paused else "pausing" if pausing else queries.answered(run)),
        "steps": [
            {
                "row": step,
                "state": "paused" if paused and step.status == NightStepRun.Status.RUNNING else step.status,
                "next": _what_next(step),
                **_told(step.title, step.counts),
            }
            for step in steps
        ],
        "over": over,
        "total": len(steps),
        "current": next((_(step.title) for step in steps if step.status == NightStepRun.Status.RUNNING), ""),
        "paused": paused,
        "pausing": pausing,
        "can_pause": not run.dry_run
        and not run.only
        and run.pause_asked_at is None
        and (running or run.status == NightRun.Status.PENDING),
        "crashed": silent and not paused,
        "no_worker": run.status == NightRun.Status.PENDING and now - run.created_at > PATIENCE,
        "has_failed": any(step.status == NightStepRun.Status.FAILED for step in steps),
    }


def _previewed(approval: Approval) -> list[dict[str, Any]]:
    titles = dict(approval.run.steps.values_list("name", "title")) if approval.run else {}
    return [_told(titles.get(name, name), counts) for name, counts in approval.counts.items()]


def _told(title: str, counts: Mapping[str, int]) -> dict[str, Any]:
    """A step in words: its sums, and below them the schedules it counted by name."""
    by_name = {name: count for name, count in counts.items() if ":" in name}
    known = {schedule.name: schedule for schedule in Schedule.objects.filter(name__in=by_name)} if by_name else {}
    return {
        "title": _(title),
        "counts": {name: count for name, count in counts.items() if name not in by_name},
        "schedules": [
            (schedule_words(known[name]) if name in known else name, number(count)) for name, count in by_name.items()
        ],
    }


def _what_next(step: NightStepRun) -> str:
    if step.status != NightStepRun.Status.FAILED:
        return ""
    if step.error == "interrupted":
        return _("Nothing to do: the next night did this step again.")
    return _("Mend what the text names, then run the night again; otherwise the next night tries by itself.")


def _to_list() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:privacy_nightrun_changelist"))
