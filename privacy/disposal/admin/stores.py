"""Outside places on the admin's screens: what each confirmed and owes, and a person's word where one is gone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin
from privacy.disposal import services
from privacy.disposal.models import StoreReceipt
from privacy.disposal.queries import store_standings

SETTLE = "privacy.settle_store"


@admin.register(StoreReceipt)
class StoreReceiptAdmin(ModelAdmin[StoreReceipt]):
    """A table of the places above the list of their receipts; nothing here can be edited."""

    list_display = ("place", "said", "account", "times", "asked", "verified")
    list_display_links = None
    list_filter = ("store", "answer")
    list_per_page = 50
    list_select_related = ("closure",)
    ordering = ("verified_at", "-opened_at")

    def get_urls(self) -> list[URLPattern]:
        settle = self.admin_site.admin_view(require_POST(self.settle_view))
        return [path("settle/", settle, name="privacy_storereceipt_settle"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: StoreReceipt | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StoreReceipt | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        standings = store_standings()
        context = {
            "title": _("Receipts of outside places"),
            "standings": standings,
            "gone": [store for store in standings if store.open and not store.declared],
            "owing": [store for store in standings if store.open and store.declared],
            "may_settle": request.user.has_perm(SETTLE),
            "pv_empty_text": _("Each place declared with register_store gets a receipt when an account is erased."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def settle_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request) or not request.user.has_perm(SETTLE):
            raise PermissionDenied
        try:
            count = services.settle_store(
                store=request.POST.get("store", ""), now=timezone.now(), actor=Actor.staff(request.user)
            )
        except PrivacyError as refusal:
            messages.error(request, str(refusal))
        else:
            said = _("Confirmed for %(count)d people. The next night finishes their closures.")
            messages.success(request, said % {"count": count})
        return HttpResponseRedirect(reverse("admin:privacy_storereceipt_changelist"))

    @admin.display(description=gettext_lazy("place"), ordering="store")
    def place(self, receipt: StoreReceipt) -> str:
        return receipt.store

    @admin.display(description=gettext_lazy("answer"), ordering="answer")
    def said(self, receipt: StoreReceipt) -> SafeString:
        looks = chip(receipt.answer)
        if receipt.answer in ("left", "refused", "late"):
            return format_html('{} <span class="pv-quiet">{}</span>', looks, receipt.reason)
        return looks

    @admin.display(description=gettext_lazy("closure"))
    def account(self, receipt: StoreReceipt) -> str | SafeString:
        if receipt.closure is None:
            return "–"
        url = reverse("admin:privacy_closure_change", args=[receipt.closure_id])
        return format_html('<a href="{}">{}…</a>', url, receipt.closure.pseudonym[:8])

    @admin.display(description=gettext_lazy("times asked"), ordering="attempts")
    def times(self, receipt: StoreReceipt) -> int:
        return receipt.attempts

    @admin.display(description=gettext_lazy("last asked"), ordering="asked_at")
    def asked(self, receipt: StoreReceipt) -> str:
        return _moment(receipt.asked_at)

    @admin.display(description=gettext_lazy("confirmed"), ordering="verified_at")
    def verified(self, receipt: StoreReceipt) -> str:
        return _moment(receipt.verified_at)


def _moment(value: datetime | None) -> str:
    return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT") if value else "–"
