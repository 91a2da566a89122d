"""Mailings on the admin's screens: written, tested, counted, approved, started, and watched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings as django_settings
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from privacy.core.actors import Actor
from privacy.core.chips import chip
from privacy.core.errors import PrivacyError
from privacy.core.words import number
from privacy.datamap.shapes import email_field
from privacy.messages import queries, services
from privacy.messages.admin.reading import ReadingAdmin, moment
from privacy.messages.audiences import audiences
from privacy.messages.forms import MailingForm, MailTestForm
from privacy.messages.models import Mailing, OutboxMessage
from privacy.messages.reasons import left_out_words
from privacy.messages.rules import message_rules

WRITE, SEND = "privacy.write_mailing", "privacy.send_mailing"
_State = Mailing.State


@admin.register(Mailing)
class MailingAdmin(ReadingAdmin[Mailing]):
    """A list with how far each has come; a form to write one; a page with everything that can be done with it."""

    list_display = ("code", "status", "topic", "subject", "written")
    list_filter = ("state", "kind")
    search_fields = ("code", "subject")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts = {
            "test": (self.test_view, WRITE),
            "approve": (self.approve_view, SEND),
            "start": (
                self._simple(services.start, _("The recipients are gathered, and the mails begin to leave.")),
                SEND,
            ),
            "pause": (self._simple(services.pause, _("Paused: no further mail of it leaves.")), SEND),
            "resume": (self._simple(services.resume, _("It goes on.")), SEND),
            "stop": (self._simple(services.stop, _("Stopped for good; what waited is dropped.")), SEND),
        }
        pages = [
            path(
                f"<uuid:pk>/{name}/",
                wrap(require_POST(self._with(view, permission))),
                name=f"privacy_mailing_{name}",
            )
            for name, (view, permission) in acts.items()
        ]
        edit = path("<uuid:pk>/edit/", wrap(self.edit_view), name="privacy_mailing_edit")
        count = path("<uuid:pk>/count/", wrap(self.count_view), name="privacy_mailing_count")
        return [*pages, edit, count, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(WRITE)

    # --- list ------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Mailings"),
            "pv_empty_text": _("A mailing is one text to many people, each of whom may get it."),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description=gettext_lazy("status"), ordering="state")
    def status(self, mailing: Mailing) -> SafeString:
        return chip(_chip(mailing), mailing.get_state_display())

    @admin.display(description=gettext_lazy("written"), ordering="created_at")
    def written(self, mailing: Mailing) -> str:
        return moment(mailing.created_at)

    def get_list_display(self, request: HttpRequest) -> tuple[str | Callable[[Mailing], str], ...]:
        # One query for the whole page, asked when the first row is shown.
        known: dict[Any, queries.Progress] = {}

        @admin.display(description=gettext_lazy("ended"))
        def come(mailing: Mailing) -> str:
            if not known:
                known.update(queries.progress([row.pk for row in self.get_queryset(request)[:500]]))
            found = known.get(mailing.pk)
            return f"{number(found.over)} / {number(found.total)}" if found and found.total else "–"

        return ("code", "status", "topic", "subject", "written", come)

    # --- writing ---------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        initial = {"sender": django_settings.DEFAULT_FROM_EMAIL, "language": django_settings.LANGUAGE_CODE}
        form = MailingForm(request.POST or None, rules=message_rules(), initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                mailing = services.write(**form.cleaned_data, now=timezone.now(), actor=Actor.staff(request.user))
            except PrivacyError as refusal:
                form.refuse(refusal.field, f"{refusal.problem}. {refusal.mend}.")
            else:
                self.message_user(request, _("Written down. Send a test, and read it."), messages.SUCCESS)
                return _to(mailing)
        return self.page(request, "write", {"title": _("Write a mailing"), "form": form})

    def edit_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        mailing = self.find(request, pk, WRITE)
        initial = {name: getattr(mailing, name) for name in MailingForm.base_fields}
        form = MailingForm(request.POST or None, rules=message_rules(), written=True, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                services.rewrite(
                    mailing=mailing, now=timezone.now(), actor=Actor.staff(request.user), **form.cleaned_data
                )
            except PrivacyError as refusal:
                form.refuse(refusal.field, f"{refusal.problem}. {refusal.mend}.")
            else:
                self.message_user(request, _("Changed. It has to be tested and approved anew."), messages.SUCCESS)
                return _to(mailing)
        title = _("Change mailing %(code)s") % {"code": mailing.code}
        return self.page(request, "write", {"title": title, "form": form})

    # --- one mailing -----------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._detail(request, self.find(request, object_id))

    def count_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Walks the whole audience, so it is asked for by a press of its own."""
        mailing = self.find(request, pk)
        try:
            counted = services.reach(mailing=mailing, now=timezone.now())
        except PrivacyError as refusal:
            self.message_user(request, f"{refusal.problem}. {refusal.mend}.", messages.ERROR)
            return _to(mailing)
        return self._detail(request, mailing, counted=counted)

    def test_view(self, request: HttpRequest, mailing: Mailing) -> HttpResponse:
        form = MailTestForm(request.POST)
        if not form.is_valid():
            return self._detail(request, mailing, form=form)
        services.test(mailing=mailing, address=form.cleaned_data["address"], now=timezone.now())
        said = _("The test is on its way. Read it as its readers will: text, pictures, links.")
        self.message_user(request, said, messages.SUCCESS)
        return _to(mailing)

    def approve_view(self, request: HttpRequest, mailing: Mailing) -> HttpResponse:
        promotional = request.POST.get("promotional") == "yes"
        services.approve(mailing=mailing, promotional=promotional, now=timezone.now(), actor=Actor.staff(request.user))
        self.message_user(request, _("Approved; it can be started."), messages.SUCCESS)
        return _to(mailing)

    def _simple(self, service: Callable[..., Any], said: str) -> Callable[[HttpRequest, Mailing], HttpResponse]:
        def view(request: HttpRequest, mailing: Mailing) -> HttpResponse:
            service(mailing=mailing, now=timezone.now(), actor=Actor.staff(request.user))
            self.message_user(request, said, messages.SUCCESS)
            return _to(mailing)

        return view

    def _with(
        self, view: Callable[[HttpRequest, Mailing], HttpResponse], permission: str
    ) -> Callable[..., HttpResponse]:
        """The mailing for a view, and a refusal as a message on its page."""

        def found(request: HttpRequest, pk: Any) -> HttpResponse:
            mailing = self.find(request, pk, permission)
            try:
                return view(request, mailing)
            except PrivacyError as refusal:
                self.message_user(request, f"{refusal.problem}. {refusal.mend}.", messages.ERROR)
                return _to(mailing)

        return found

    def _detail(
        self, request: HttpRequest, mailing: Mailing, *, form: MailTestForm | None = None, counted: Any = None
    ) -> HttpResponse:
        progress = queries.progress([mailing.pk])[mailing.pk]
        labels = dict(OutboxMessage.State.choices)
        context = {
            "title": _("Mailing %(code)s") % {"code": mailing.code},
            "mailing": mailing,
            "topic": message_rules().topics.get(mailing.topic),
            "audience": {one.name: one.title for one in audiences}.get(mailing.audience, mailing.audience),
            "state": _chip(mailing),
            "progress": progress,
            "states": [(labels[state], count) for state, count in progress.by_state.items()],
            "left_out": left_out_words(mailing.left_out),
            "counted": counted,
            "counted_out": left_out_words(counted.left_out) if counted else [],
            "form": form or MailTestForm(initial={"address": _own_address(request)}),
            "is_draft": mailing.state == _State.DRAFT,
            "may_write": mailing.state == _State.DRAFT and request.user.has_perm(WRITE),
            "may_send": request.user.has_perm(SEND),
            "is_open": mailing.state not in (_State.FINISHED, _State.STOPPED),
        }
        return self.page(request, "detail", context)


def _to(mailing: Mailing) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:privacy_mailing_change", args=[mailing.pk]))


def _chip(mailing: Mailing) -> str:
    return f"mailing_{mailing.state}"


def _own_address(request: HttpRequest) -> str:
    """Where whoever looks gets their mail; empty where accounts have no address."""
    field = email_field(get_user_model())
    return str(getattr(request.user, field) or "") if field else ""
