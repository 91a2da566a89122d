"""Copies elsewhere: what was declared of them, their age against the promise, and the button for their end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from privacy.backups import copy_alarms, queries, services
from privacy.backups.admin.ages import age_meter
from privacy.backups.models import RegisteredCopy
from privacy.backups.sections import KEPT_FOR
from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin
from privacy.core.periods import Period
from privacy.core.words import period_words
from privacy.promises.queries import bounds

CONFIRM = "privacy.confirm_destruction"
SHOWN = "destroyed_at__isnull"

Column = Callable[[RegisteredCopy], str]


@admin.register(RegisteredCopy)
class RegisteredCopyAdmin(ModelAdmin[RegisteredCopy]):
    """Read-only: facts come from the file that declares them, the end from a person's word."""

    search_fields = ("name", "place")
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("name", "kind", "place", "region", "confirmed_by")}),
        (gettext_lazy("Its rule"), {"fields": ("taken_at", "every", "kept_for", "ends_at")}),
        (gettext_lazy("Its life"), {"fields": ("registered_at", "changed_at", "destroyed_at")}),
    )

    def get_urls(self) -> list[URLPattern]:
        confirm = self.admin_site.admin_view(require_POST(self.confirm_view))
        return [path("<int:pk>/destroyed/", confirm, name="privacy_registeredcopy_destroyed"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: RegisteredCopy | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RegisteredCopy | None = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> tuple[str | Column, ...]:
        return ("name", *_columns(timezone.now(), queries.kept_for()), "kind", "place", "region")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Copies elsewhere"),
            "alarms": copy_alarms.alarms(timezone.now()),
            "bounds": bounds(KEPT_FOR, now=timezone.now()),
            "shown": _shown(request.GET.get(SHOWN, "")),
            "pv_empty_text": _("None is in this state.")
            if SHOWN in request.GET
            else _("Register copies that lie outside the storage with privacy_backup --register FILE."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        copy = self.get_object(request, object_id)
        context = {
            "copy": copy,
            "is_over": copy is not None and copy.is_over(timezone.now()),
            "may_confirm": copy is not None and copy.destroyed_at is None and request.user.has_perm(CONFIRM),
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request) or not request.user.has_perm(CONFIRM):
            raise PermissionDenied
        copy = self.get_object(request, str(pk))
        if copy is None:
            raise Http404
        try:
            services.confirm_destroyed(name=copy.name, now=timezone.now(), actor=Actor.staff(request.user))
        except PrivacyError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The destruction is confirmed, and recorded in the evidence."))
        return HttpResponseRedirect(reverse("admin:privacy_registeredcopy_change", args=[pk]))


def _columns(now: datetime, promised: Period | None) -> tuple[Column, ...]:
    @admin.display(description=gettext_lazy("status"), ordering="destroyed_at")
    def status(copy: RegisteredCopy) -> str:
        if copy.destroyed_at:
            return chip("gone", _("destroyed"))
        if copy.is_over(now) or _kept_too_long(copy, promised, now):
            return chip("over_age")
        return chip("due_soon") if copy.alarm == RegisteredCopy.Alarm.SOON else chip("present", _("held"))

    @admin.display(description=gettext_lazy("age against the promise"), ordering="taken_at")
    def age(copy: RegisteredCopy) -> str:
        if copy.destroyed_at:
            return "–"
        if copy.taken_at is None:
            return _("each up to %(period)s") % {"period": period_words(Period.parse(copy.kept_for))}
        end = queries.ends_at(copy.taken_at, promised) or copy.ends_at
        return age_meter(copy.taken_at, end, now) if end else "–"

    @admin.display(description=gettext_lazy("gone at the latest"), ordering="ends_at")
    def gone_by(copy: RegisteredCopy) -> str:
        if copy.destroyed_at:
            when = date_format(timezone.localtime(copy.destroyed_at), "DATE_FORMAT")
            return _("gone since %(when)s") % {"when": when}
        return date_format(timezone.localtime(copy.ends_at), "DATETIME_FORMAT") if copy.ends_at else "–"

    return status, age, gone_by


def _kept_too_long(copy: RegisteredCopy, promised: Period | None, now: datetime) -> bool:
    if promised is None:
        return False
    if copy.taken_at is None:
        return Period.parse(copy.kept_for).may_outlast(promised)
    end = queries.ends_at(copy.taken_at, promised)
    return end is not None and end <= now


def _shown(value: str) -> list[dict[str, object]]:
    choices = [("", _("all")), ("True", _("held")), ("False", _("destroyed"))]
    return [
        {"label": label, "query": f"?{SHOWN}={each}" if each else "?", "current": each == value}
        for each, label in choices
    ]
