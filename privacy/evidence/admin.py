"""The evidence in the admin: read-only, in words, and nothing personal without the permission for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.core.chips import chip
from privacy.core.generic_admin import ModelAdmin
from privacy.core.words import counts_words
from privacy.evidence import queries
from privacy.evidence.acts import title_of
from privacy.evidence.models import EvidenceEntry, Seal

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

M = TypeVar("M", bound=Model)
DETAILS = "privacy.view_evidence_details"


class ActFilter(admin.SimpleListFilter):
    """Acts by their titles; only those that occur."""

    title = gettext_lazy("act")
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, _StrOrPromise]]:
        return [(name, title_of(name)) for name in queries.acts_in_use()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[EvidenceEntry]) -> QuerySet[EvidenceEntry]:
        return queryset.filter(act=self.value()) if self.value() else queryset


class ReadOnlyAdmin(ModelAdmin[M]):
    """Nobody, not even a superuser, adds, changes or removes anything."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


@admin.register(EvidenceEntry)
class EvidenceEntryAdmin(ReadOnlyAdmin[EvidenceEntry]):
    """What was done, when and how often. Nobody adds, changes or removes anything here."""

    list_display = ("title", "subject_matter", "at", "amounts_in_short", "details_state")
    list_display_links = ("title",)
    list_filter = (ActFilter,)
    date_hierarchy = "at"
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvidenceEntry]:
        return queries.entries()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": _("Evidence"), "overview": queries.overview()}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_fieldsets(self, request: HttpRequest, obj: EvidenceEntry | None = None) -> Any:
        proof = ("seal_state", "details_state", "commitment", "proof_state")
        people = ("who", "whom", "details_kept_until", "more")
        return (
            (None, {"fields": ("title", "subject_matter", "at", "amounts")}),
            (_("Proof"), {"fields": proof}),
            *(((_("People"), {"fields": people}),) if request.user.has_perm(DETAILS) else ()),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: EvidenceEntry | None = None) -> Any:
        return [name for _title, options in self.get_fieldsets(request, obj) for name in options["fields"]]

    @admin.display(description=gettext_lazy("act"), ordering="act")
    def title(self, entry: EvidenceEntry) -> str:
        return title_of(entry.act)

    @admin.display(description=gettext_lazy("about"), ordering="label", empty_value="–")
    def subject_matter(self, entry: EvidenceEntry) -> str:
        return queries.label_words(entry.label) or "–"

    @admin.display(description=gettext_lazy("counts"))
    def amounts_in_short(self, entry: EvidenceEntry) -> str:
        return counts_words(queries.sums(entry.counts), most=4) if entry.counts else "–"

    @admin.display(description=gettext_lazy("counts"))
    def amounts(self, entry: EvidenceEntry) -> SafeString | str:
        """In one line, or for a night a line for each of its steps."""
        by_step = queries.counts_by_step(entry.counts)
        if set(by_step) <= {""}:
            return counts_words(entry.counts) if entry.counts else "–"
        lines = ((step, counts_words(counts)) for step, counts in by_step.items())
        rows = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", lines)
        return format_html('<dl class="pv-definition">{}</dl>', rows)

    @admin.display(description=gettext_lazy("details"))
    def details_state(self, entry: EvidenceEntry) -> SafeString:
        left = queries.details_left(entry)
        return chip("present", _("there")) if left else chip("gone", _("erased"))

    @admin.display(description=gettext_lazy("seal"))
    def seal_state(self, entry: EvidenceEntry) -> str:
        seal = queries.seal_of(entry)
        if seal is None:
            return _("It waits for the next seal; one is made every hour.")
        moment = date_format(localtime(seal.made_at), "DATETIME_FORMAT")
        return _("Under seal %(number)d, made on %(moment)s") % {"number": seal.number, "moment": moment}

    @admin.display(description=gettext_lazy("check of the proof"))
    def proof_state(self, entry: EvidenceEntry) -> SafeString | str:
        answer = queries.proof_holds(entry)
        if answer is None:
            return _("The details are erased; an earlier export of them can still be checked.")
        return chip("intact") if answer else chip("altered")

    @admin.display(description=gettext_lazy("who acted"))
    def who(self, entry: EvidenceEntry) -> str:
        detail = queries.detail_of(entry)
        if detail is None:
            return "–"
        return f"{detail.actor_kind} {detail.actor_key or detail.actor_name}".strip()

    @admin.display(description=gettext_lazy("about whom"))
    def whom(self, entry: EvidenceEntry) -> str:
        detail = queries.detail_of(entry)
        return f"{detail.subject_key} ({detail.subject})" if detail and detail.subject_key else "–"

    @admin.display(description=gettext_lazy("details kept until"))
    def details_kept_until(self, entry: EvidenceEntry) -> str:
        detail = queries.detail_of(entry)
        return date_format(localtime(detail.until)) if detail is not None else "–"

    @admin.display(description=gettext_lazy("details"))
    def more(self, entry: EvidenceEntry) -> SafeString | str:
        detail = queries.detail_of(entry)
        if detail is None or not detail.details:
            return "–"
        rows = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", sorted(detail.details.items()))
        return format_html('<dl class="pv-definition">{}</dl>', rows)


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin[Seal]):
    """When the evidence was sealed, and by which key."""

    list_display = ("name", "made_at", "size", "signed", "root_in_short")
    list_display_links = ("name",)
    list_per_page = 50
    show_full_result_count = False
    fields = ("number", "made_at", "size", "root", "previous", "key", "signature")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": _("Seals of the evidence"), "sealing": queries.seal_state()}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description=gettext_lazy("seal"), ordering="number")
    def name(self, seal: Seal) -> str:
        return str(seal.number)

    @admin.display(description=gettext_lazy("root"))
    def root_in_short(self, seal: Seal) -> str:
        return f"{seal.root[:16]}…"

    @admin.display(description=gettext_lazy("signed"))
    def signed(self, seal: Seal) -> SafeString:
        return chip("on", _("signed")) if seal.signature else chip("off", _("not signed"))
