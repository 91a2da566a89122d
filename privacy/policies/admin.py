"""Drafts with their faults and a preview, publication, and what was published: the screens of staff."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin
from privacy.messages.reasons import left_out_words
from privacy.policies import queries, services
from privacy.policies.binding import binds_everybody_from, binds_somebody_from
from privacy.policies.bounds import promised_in
from privacy.policies.forms import DigestForm, DraftForm, NewDraftForm, ScheduleForm, WithdrawForm
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.progress import notice_progress, people_to_tell
from privacy.policies.rendering import rendered
from privacy.policies.rules import Told
from privacy.promises.queries import binding_now, bound_by

WRITE = "privacy.write_policies"
PUBLISH = "privacy.publish_policies"


class _Screens(ModelAdmin[Any]):
    """What both lists share: nothing is changed but by a service, and each page is ours."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        base = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/privacy/policy/{name}.html", base | context)

    def _find(self, request: HttpRequest, pk: Any, permission: str = "") -> Any:
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row) or (permission and not request.user.has_perm(permission)):
            raise PermissionDenied
        return row

    def _said(self, request: HttpRequest, words: str, level: int = messages.SUCCESS) -> None:
        self.message_user(request, words, level)


@admin.register(PolicyDraft)
class PolicyDraftAdmin(_Screens):
    """A list of texts that are worked on; each has a page with its faults, its preview and what can be done."""

    list_display = ("document", "language", "state", "publish_at", "changed_at")
    list_select_related = ("document",)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/edit/", wrap(self.edit_view), name="privacy_policydraft_edit"),
            path("<int:pk>/publish/", wrap(require_POST(self.publish_view)), name="privacy_policydraft_publish"),
            path("<int:pk>/schedule/", wrap(require_POST(self.schedule_view)), name="privacy_policydraft_schedule"),
            path("<int:pk>/call-off/", wrap(require_POST(self.call_off_view)), name="privacy_policydraft_call_off"),
            path("<int:pk>/discard/", wrap(require_POST(self.discard_view)), name="privacy_policydraft_discard"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(WRITE)

    @admin.display(description=gettext_lazy("status"))
    def state(self, draft: PolicyDraft) -> SafeString:
        return chip("scheduled" if draft.publish_at else "refused" if draft.refusal else "draft")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"pv_empty_text": _("A draft is the next version of a document while somebody works on it.")}
        return super().changelist_view(request, context | (extra_context or {}))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewDraftForm(request.POST or None)
        return self._written(request, form, {}) or self._page(
            request, "write", {"title": _("Write a draft"), "form": form}
        )

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        draft = self._find(request, pk, WRITE)
        form = DraftForm(request.POST or None, initial=DraftForm.of(draft))
        same = {"document": draft.document_id, "language": draft.language, "site": queries.site_of_draft(draft)}
        return self._written(request, form, same) or self._page(
            request, "write", {"title": _("Edit the draft"), "form": form, "draft": draft}
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """How the draft would be published now, and what keeps it from that."""
        return self._detail(request, self._find(request, object_id))

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        draft = self._find(request, pk, PUBLISH)
        form = DigestForm(request.POST)
        if not form.is_valid():
            return self._detail(request, draft)
        try:
            version = services.publish(
                draft=draft, digest=form.cleaned_data["digest"], now=timezone.now(), actor=Actor.staff(request.user)
            )
        except PrivacyError as refusal:
            self._said(request, str(refusal), messages.ERROR)
            return self._detail(request, draft)
        self._said(request, _("Published. From now on nobody can change this version."))
        return HttpResponseRedirect(reverse("admin:privacy_policyversion_change", args=[version.pk]))

    def schedule_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        draft = self._find(request, pk, PUBLISH)
        form = ScheduleForm(request.POST)
        if not form.is_valid():
            return self._detail(request, draft, form)
        try:
            services.schedule(
                draft=draft,
                digest=form.cleaned_data["digest"],
                at=form.moment(),
                now=timezone.now(),
                actor=Actor.staff(request.user),
            )
        except PrivacyError as refusal:
            form.refuse(refusal.field, f"{refusal.problem}. {refusal.mend}.")
            return self._detail(request, draft, form)
        self._said(request, _("Scheduled. Whoever changes the draft calls it off."))
        return _to(draft)

    def call_off_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        draft = self._find(request, pk, PUBLISH)
        try:
            services.unschedule(draft=draft, now=timezone.now(), actor=Actor.staff(request.user))
        except PrivacyError as refusal:
            self._said(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:privacy_policydraft_changelist"))
        self._said(request, _("Called off. The draft stays."))
        return _to(draft)

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        draft = self._find(request, pk, WRITE)
        services.discard_draft(draft=draft, now=timezone.now(), actor=Actor.staff(request.user))
        self._said(request, _("The draft is gone. What was published stays."))
        return HttpResponseRedirect(reverse("admin:privacy_policydraft_changelist"))

    def _written(self, request: HttpRequest, form: DraftForm, fixed: dict[str, Any]) -> HttpResponseRedirect | None:
        """Keep what was written, and go to it; None shows the form."""
        if request.method != "POST" or not form.is_valid():
            return None
        try:
            draft = services.write_draft(
                **{**form.cleaned_data, **fixed}, now=timezone.now(), actor=Actor.staff(request.user)
            )
        except PrivacyError as refusal:
            form.refuse(refusal.field, f"{refusal.problem}. {refusal.mend}.")
            return None
        self._said(request, _("Saved as a draft. Nobody but staff sees it."))
        return _to(draft)

    def _detail(self, request: HttpRequest, draft: PolicyDraft, form: ScheduleForm | None = None) -> HttpResponse:
        view = queries.draft_view(draft)
        may_publish = request.user.has_perm(PUBLISH)
        faults = len(view.faults)
        told = ngettext(
            "%(n)d fault keeps it from being published", "%(n)d faults keep it from being published", faults
        )
        plan, refused = _planned(draft)
        context = {
            "title": f"{draft.title} ({draft.language})",
            "draft": draft,
            "view": view,
            "plan": plan,
            "plan_refused": refused,
            "people": people_to_tell() if plan and Told.EMAIL in plan.effect.channels else 0,
            "faults": told % {"n": faults},
            "preview": rendered(view.text, draft.form, draft.title),
            "may_write": request.user.has_perm(WRITE),
            "may_publish": may_publish and view.publishable and plan is not None,
            "may_call_off": may_publish and draft.publish_at is not None,
            "form": form or ScheduleForm(),
        }
        return self._page(request, "draft", context)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(_Screens):
    """What was published, to read; a version that was a mistake is withdrawn here."""

    list_display = ("document", "language", "number", "state", "revised_on", "published_at")
    list_filter = ("document", "language")
    list_per_page = 50

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<str:pk>/withdraw/", wrap(self.withdraw_view), name="privacy_policyversion_withdraw"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return queries.published()

    @admin.display(description=gettext_lazy("status"))
    def state(self, version: PolicyVersion) -> SafeString:
        return chip("refused", _("withdrawn")) if version.is_withdrawn else chip("published")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"pv_empty_text": _("Nothing was published yet.")}
        return super().changelist_view(request, context | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version, now = self._find(request, object_id), timezone.now()
        may = request.user.has_perm(PUBLISH) and not version.is_withdrawn
        told = notice_progress([version]).get(version.pk)
        return self._page(
            request,
            "version",
            {
                "title": f"{version.title} {version.number} ({version.language})",
                "version": version,
                "preview": queries.page_of(version),
                "may_withdraw": may,
                "everybody_from": binds_everybody_from(version),
                "progress": told,
                "left_out": left_out_words(told.left_out) if told else [],
                "binds_now": binding_now(version.pk, now=now),
                "standings": bound_by(version.pk, now=now),
            },
        )

    def withdraw_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """First says what it means, then does it."""
        version = self._find(request, pk, PUBLISH)
        form = WithdrawForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                services.withdraw(
                    version=version,
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                    actor=Actor.staff(request.user),
                )
            except PrivacyError as refusal:
                form.refuse(refusal.field, f"{refusal.problem}. {refusal.mend}.")
            else:
                self._said(request, _("Withdrawn. It stays readable, with your reason above it."))
                return HttpResponseRedirect(reverse("admin:privacy_policyversion_change", args=[version.pk]))
        others, now = queries.standing_beside(version), timezone.now()
        context = {
            "title": _("Withdraw this version?"),
            "version": version,
            "form": form,
            "later": any(one.number > version.number for one in others),
            "before": others[0] if others else None,
            "binds_now": bool(promised_in(version.figures)) and binding_now(version.pk, now=now),
            "goes_on": binds_somebody_from(version) <= now,
        }
        return self._page(request, "withdraw", context)


def _planned(draft: PolicyDraft) -> tuple[services.Planned | None, PrivacyError | None]:
    """When it would bind, at its moment or now; or why it may not be published so."""
    try:
        return services.planned(draft=draft, now=draft.publish_at or timezone.now()), None
    except PrivacyError as refusal:
        return None, refusal


def _to(draft: PolicyDraft) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:privacy_policydraft_change", args=[draft.pk]))
