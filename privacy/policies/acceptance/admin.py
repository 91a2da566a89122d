"""The ledger of acceptances on the admin's screens: lines without people, who accepted what, and what staff enter."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from privacy.consent.admin.screens import ReadScreen, need
from privacy.core.actors import Actor
from privacy.core.charts import Chart, share_bar
from privacy.policies.acceptance import queries, services
from privacy.policies.acceptance.commitments import is_proved
from privacy.policies.acceptance.forms import OnBehalfForm
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext
from privacy.policies.models import PolicyVersion

SEE_PEOPLE, ON_BEHALF = "privacy.view_acceptance_people", "privacy.accept_on_behalf"
#: The app's own words for where it was; a site's word is shown as it is.
_SURFACES = {
    **dict(OnBehalfForm.SURFACES),
    "page": gettext_lazy("on a page"),
    "api": gettext_lazy("through the API"),
    "site": gettext_lazy("on the site"),
}
_ACTORS = {
    "member": gettext_lazy("the person"),
    "staff": gettext_lazy("staff"),
    "command": gettext_lazy("a command"),
    "system": gettext_lazy("the site itself"),
}


class ByVersion(admin.SimpleListFilter):
    """The published versions that somebody can have accepted."""

    title = gettext_lazy("version")
    parameter_name = "version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = PolicyVersion.objects.filter(acceptances__isnull=False).without_text().distinct()
        return [(row.pk, str(row)) for row in rows.order_by("document", "language", "-number")[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Acceptance]) -> QuerySet[Acceptance]:
        return queryset.filter(versions__version=self.value()) if self.value() else queryset


@admin.register(Acceptance)
class AcceptanceAdmin(ReadScreen[Acceptance]):
    """Nothing is ever changed here; what people said to staff is a new line."""

    list_display = ("at", "event", "kind", "accepted", "where", "language")
    list_filter = ("event", "kind", ByVersion, "at")
    search_fields = ("=reference",)
    search_help_text = gettext_lazy("The whole reference")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Acceptance]:
        return queries.ledger().order_by("-at", "-pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(ON_BEHALF)

    def show(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        base = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/privacy/acceptance/{name}.html", base | context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Ledger of acceptances"),
            "shares": [_drawn(one) for one in queries.shares(now=timezone.now())],
            "pv_empty_text": _("Nobody has accepted anything yet."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description=gettext_lazy("versions"))
    def accepted(self, row: Acceptance) -> str:
        return ", ".join(one.version_id or f"{one.document}: –" for one in row.versions.all())

    @admin.display(description=gettext_lazy("where"), ordering="surface")
    def where(self, row: Acceptance) -> str:
        return str(_SURFACES.get(row.surface, row.surface))

    @method_decorator(sensitive_post_parameters("person", "address", "reason"))
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        need(request, ON_BEHALF)
        form = OnBehalfForm(request.POST or None)

        def do() -> None:
            services.accept_on_behalf(
                person=form.cleaned_data["who"],
                reason=form.cleaned_data["reason"],
                surface=form.cleaned_data["surface"],
                language=get_language() or "",
                now=timezone.now(),
                actor=Actor.staff(request.user),
            )

        done = request.method == "POST" and self.act(request, form, do, _("Written down, as entered by staff."))
        context = {"title": _("Accept on somebody's behalf"), "form": form}
        return done or self.show(request, "form", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.found(request, object_id)
        context = AcceptanceContext.objects.filter(pk=row.pk).first()
        shown = {
            "title": _("Acceptance %(reference)s") % {"reference": str(row.reference)[:8]},
            "row": row,
            "where": self.where(row),
            "entered_by": _ACTORS.get(context.entered_by, context.entered_by) if context else "",
            "context": context if request.user.has_perm(SEE_PEOPLE) else None,
            "has_context": context is not None,
            "proved": context is not None and is_proved(row, context),
        }
        return self.show(request, "record", shown)


def _drawn(share: queries.Share) -> Chart:
    return share_bar(
        part=share.accepted,
        rest=share.open_ones,
        title=str(share.version),
        part_label=_("accepted"),
        rest_label=_("not yet"),
        key=f"share-{share.version.pk.replace('.', '-')}",
    )
