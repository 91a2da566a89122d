"""Staff close an account: find it, look at what goes and what stays, say how the identity was confirmed, close it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin
from privacy.disposal import services
from privacy.disposal.forms import CloseAccount, FindAccount
from privacy.disposal.mandate import VerifiedBy
from privacy.disposal.models import Closure
from privacy.disposal.queries import rules

if TYPE_CHECKING:
    Base = ModelAdmin[Closure]
else:
    Base = object

CLOSE = "privacy.close_account"
_URL = "admin:privacy_closure_close"


def closing_url(user_key: Any = None) -> str:
    """The screen, and where a key says nothing about its person (a number, a UUID) already at that account."""
    url = reverse(_URL)
    key: Any = get_user_model()._meta.pk
    while key.remote_field is not None:
        key = key.target_field
    silent = isinstance(key, models.IntegerField | models.UUIDField)
    return f"{url}?account=pk:{user_key}" if user_key is not None and silent else url


class ClosingScreen(Base):
    """The part of the closures' admin that closes an account."""

    def closing_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.close_view)
        return [path("close/", view, name="privacy_closure_close")]

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CLOSE)

    # The closing has its own transactions: one around the whole request would undo the cut-off when the page fails.
    @method_decorator(transaction.non_atomic_requests)
    def close_view(self, request: HttpRequest) -> HttpResponse:
        """One address for all three moves, so that nothing a person is known by stands in one."""
        if not self.has_close_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            word = request.GET.get("account", "")
            find = FindAccount({"account": word}) if word else FindAccount()
            return self._preview(request, find) if word and find.is_valid() else self._page(request, find=find)
        if "understood" not in request.POST and "verified_by" not in request.POST and "close" not in request.POST:
            find = FindAccount(request.POST)
            return self._preview(request, find) if find.is_valid() else self._page(request, find=find)
        form = CloseAccount(request.POST, rules=rules())
        if form.user is None and form.has_error("account"):
            return self._page(request, find=FindAccount(request.POST))
        return self._close(request, form) if form.is_valid() else self._preview(request, form, form)

    def _close(self, request: HttpRequest, form: CloseAccount) -> HttpResponse:
        if form.user.pk == request.user.pk:
            messages.error(request, _("This is your own account. Close it on your own privacy page."))
            return self._preview(request, form, form)
        try:
            report = services.close_account(
                user=form.user,
                mandate=services.Mandate("staff", Closure.Channel.ADMIN, cast("VerifiedBy", form.confirmed_by)),
                now=timezone.now(),
                actor=Actor.staff(request.user),
            )
        except PrivacyError as refusal:
            messages.error(request, str(refusal))
            return self._preview(request, form, form)
        self._tell(request, report.status)
        to = ("admin:privacy_closure_change", [report.closure_id])
        return HttpResponseRedirect(reverse(to[0], args=to[1]) if self.has_view_permission(request) else reverse(_URL))

    def _tell(self, request: HttpRequest, status: str) -> None:
        if status == Closure.Status.DONE:
            messages.success(request, _("The account is closed, and everything in it is removed."))
        elif status == Closure.Status.SCHEDULED:
            messages.success(request, _("The account is closed. It is removed by its date, which is shown below."))
        elif status == Closure.Status.CUT_OFF:
            messages.success(request, _("The account is closed; removing it goes on at this moment."))
        else:
            messages.warning(request, _("The account is closed, and something is left; the reasons are shown below."))

    def _preview(self, request: HttpRequest, find: FindAccount, form: CloseAccount | None = None) -> HttpResponse:
        user, now = find.user, timezone.now()
        under_way = Closure.objects.open().of(str(user.pk)).first()
        return self._page(
            request,
            account=user,
            its_own=user.pk == request.user.pk,
            plan=services.preview_account(user=user, now=now),
            under_way=under_way,
            may_see=self.has_view_permission(request),
            rules=rules(),
            form=form or CloseAccount(initial={"account": f"pk:{user.pk}"}, rules=rules()),
        )

    def _page(self, request: HttpRequest, **context: Any) -> HttpResponse:
        common = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Close an account")}
        return TemplateResponse(request, "admin/privacy/closure/close.html", common | context)
