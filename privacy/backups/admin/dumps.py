"""The Backups screen: what lies there, how old it is against the promise, and two buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from privacy.backups import queries, services
from privacy.backups.admin.ages import age_meter
from privacy.backups.forms import TakeForm
from privacy.backups.models import Backup
from privacy.backups.sections import KEPT_FOR
from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin
from privacy.core.periods import Period
from privacy.promises.queries import bounds

SCAN = "privacy.scan_backups"
TAKE = "privacy.take_backup"
STATUS = "status__exact"

Column = Callable[[Backup], str | bool]


@admin.register(Backup)
class BackupAdmin(ModelAdmin[Backup]):
    """Read-only: rows follow the storage, and files go by their age."""

    search_fields = ("name",)
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("name", "storage", "region", "kind", "status", "error", "size", "encrypted", "compressed")}),
        (
            gettext_lazy("Its life"),
            {"fields": ("source", "taken_at", "first_seen_at", "last_seen_at", "tried_at", "destroyed_at")},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("scan/", wrap(require_POST(self.scan_view)), name="privacy_backup_scan"),
            path("take/", wrap(require_POST(self.take_view)), name="privacy_backup_take"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Backup | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Backup | None = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> tuple[str | Column, ...]:
        period = queries.kept_for()
        return ("name", status_column, *_age_columns(timezone.now(), period), "kind", "taken_at", size_column)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Backups"),
            "overview": queries.overview(timezone.now()),
            "bounds": bounds(KEPT_FOR, now=timezone.now()),
            "may_scan": request.user.has_perm(SCAN),
            "may_see_copies": request.user.has_perm("privacy.view_registeredcopy"),
            "may_take": request.user.has_perm(TAKE) and apps.is_installed("dbbackup"),
            "take_form": TakeForm(),
            "shown": _shown(request.GET.get(STATUS, "")),
            "pv_empty_text": _("None is in this state.")
            if STATUS in request.GET
            else _("No file was found in the storage of backups, and none was reported."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def scan_view(self, request: HttpRequest) -> HttpResponse:
        self._require(request, SCAN)
        report = services.reconcile(now=timezone.now(), actor=Actor.staff(request.user))
        for problem in report.problems:
            messages.error(request, problem)
        if report.storages:
            found = ngettext("%(count)d file lies there", "%(count)d files lie there", report.present)
            text = _("The storage was listed: %(found)s, %(new)d of them new.")
            messages.success(request, text % {"found": found % {"count": report.present}, "new": report.found})
        return HttpResponseRedirect(reverse("admin:privacy_backup_changelist"))

    # A dump closes its connection when it is done, which a transaction around the request would not survive.
    @transaction.non_atomic_requests
    def take_view(self, request: HttpRequest) -> HttpResponse:
        self._require(request, TAKE)
        form = TakeForm(request.POST)
        form.full_clean()
        try:
            report = services.take(now=timezone.now(), actor=Actor.staff(request.user), **form.cleaned_data)
        except PrivacyError as error:
            messages.error(request, str(error))
        else:
            text = ngettext("%(count)d backup was taken.", "%(count)d backups were taken.", len(report.files))
            messages.success(request, text % {"count": len(report.files)})
        return HttpResponseRedirect(reverse("admin:privacy_backup_changelist"))

    def _require(self, request: HttpRequest, permission: str) -> None:
        if not self.has_view_permission(request) or not request.user.has_perm(permission):
            raise PermissionDenied


@admin.display(description=gettext_lazy("status"), ordering="status")
def status_column(backup: Backup) -> str:
    word = chip(backup.status, backup.get_status_display())
    return format_html('{}<br><span class="pv-quiet">{}</span>', word, backup.error) if backup.error else word


def _shown(status: str) -> list[dict[str, object]]:
    """Links above the list: which states it shows. A column of filters would push the ages off the screen."""
    choices: list[tuple[str, object]] = [("", _("all")), *Backup.Status.choices]
    return [
        {"label": label, "query": f"?{STATUS}={value}" if value else "?", "current": value == status}
        for value, label in choices
    ]


@admin.display(description=gettext_lazy("size"), ordering="size")
def size_column(backup: Backup) -> str:
    return "–" if backup.size is None else filesizeformat(backup.size)


def _age_columns(now: datetime, period: Period | None) -> tuple[Column, ...]:
    """How much of its time each backup has used, and when it must be gone; nothing without a promise."""
    if period is None:
        return ()

    @admin.display(description=gettext_lazy("age against the promise"), ordering="taken_at")
    def age(backup: Backup) -> str:
        end = queries.ends_at(backup.taken_at, period)
        if end is None or not backup.is_here:
            return "–"
        return age_meter(backup.taken_at, end, now)

    @admin.display(description=gettext_lazy("gone at the latest"), ordering="taken_at")
    def gone_by(backup: Backup) -> str:
        if backup.destroyed_at:
            when = date_format(timezone.localtime(backup.destroyed_at), "DATE_FORMAT")
            return _("gone since %(when)s") % {"when": when}
        end = queries.ends_at(backup.taken_at, period)
        return date_format(timezone.localtime(end), "DATETIME_FORMAT") if end and backup.is_here else "–"

    return age, gone_by
