"""The outbox on the admin's screens: what waits, what left, and what a person must decide."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.messages import services
from privacy.messages.admin.reading import ReadingAdmin, moment
from privacy.messages.models import OutboxMessage
from privacy.messages.reasons import reason_words

SEE, DECIDE = "privacy.view_recipients", "privacy.decide_message"
_DECISIONS = ("arrived", "again", "drop")


@admin.register(OutboxMessage)
class OutboxAdmin(ReadingAdmin[OutboxMessage]):
    """A list without names; a page for each message, on which a doubt is decided."""

    list_display = ("number", "status", "topic", "kind", "waiting_since", "ended", "why")
    list_filter = ("state", "kind", "test")
    list_display_links = ("number",)
    search_fields = ("=id", "=mailing__code")
    search_help_text = gettext_lazy("The number of a message, or the code of a mailing")
    list_select_related = ("mailing",)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        decide = path("<int:pk>/decide/", wrap(require_POST(self.decide_view)), name="privacy_outboxmessage_decide")
        return [decide, *super().get_urls()]

    @admin.display(description=gettext_lazy("message"), ordering="id")
    def number(self, row: OutboxMessage) -> str:
        return f"{row.pk}" + (f" ({row.mailing.code})" if row.mailing else "")

    @admin.display(description=gettext_lazy("status"), ordering="state")
    def status(self, row: OutboxMessage) -> SafeString:
        return chip(_chip(row), row.get_state_display())

    @admin.display(description=gettext_lazy("queued"), ordering="queued_at")
    def waiting_since(self, row: OutboxMessage) -> str:
        return moment(row.queued_at)

    @admin.display(description=gettext_lazy("ended"), ordering="ended_at")
    def ended(self, row: OutboxMessage) -> str:
        return moment(row.ended_at)

    @admin.display(description=gettext_lazy("why"))
    def why(self, row: OutboxMessage) -> str:
        return reason_words(row.reason) + (f" ({row.code})" if row.code else "")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        doubtful = OutboxMessage.objects.ambiguous().count()
        words = ngettext(
            "Nobody knows whether %(n)d message arrived", "Nobody knows whether %(n)d messages arrived", doubtful
        )
        context = {
            "title": _("Outbox"),
            "doubtful": words % {"n": doubtful} if doubtful else "",
            "pv_empty_text": _("Messages that the site writes to people wait here until they have left."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.find(request, object_id)
        context = {
            "title": _("Message %(number)s") % {"number": row.pk},
            "row": row,
            "state": _chip(row),
            "why": reason_words(row.reason),
            "address": row.address if request.user.has_perm(SEE) else "",
            "may_see": request.user.has_perm(SEE),
            "may_decide": row.state == OutboxMessage.State.AMBIGUOUS and request.user.has_perm(DECIDE),
        }
        return self.page(request, "detail", context)

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.find(request, pk, DECIDE)
        decision: Any = request.POST.get("decision")
        if decision in _DECISIONS:
            try:
                services.decide(message=row, decision=decision, now=timezone.now(), actor=Actor.staff(request.user))
            except PrivacyError as refusal:
                self.message_user(request, f"{refusal.problem}. {refusal.mend}.", messages.ERROR)
            else:
                said = _("Decided, and recorded in the evidence.")
                self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:privacy_outboxmessage_change", args=[row.pk]))


def _chip(row: OutboxMessage) -> str:
    """The status that colours it; a state of the same name may mean something else in another room."""
    return "came_back" if row.bounced_at else f"mail_{row.state}"
