"""The admin says beforehand why an account cannot simply be deleted, and leads to where it is closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from privacy.disposal import deleting
from privacy.disposal.admin.closing import closing_url

_TOLD = "privacy_told"


class DeletionGuard:
    """Middleware. The admin's own page says that a deletion would be refused, and why; so nothing is tried and logged.

    It asks whichever ``ModelAdmin`` shows the page, also one of another model whose rows take accounts along. What is
    refused all the same (from a page of the site's own) gets a page instead of a bare 403, where staff asked for it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, _request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> None:
        model_admin = getattr(view, "model_admin", None)
        if model_admin is not None and not hasattr(model_admin.get_deleted_objects, _TOLD):
            model_admin.get_deleted_objects = _telling(model_admin.get_deleted_objects)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        user: Any = getattr(request, "user", None)
        if not isinstance(error, deleting.DeletionRefused) or not getattr(user, "is_staff", False):
            return None
        try:
            context = {**admin.site.each_context(request), "title": _("Not deleted"), "refusal": error}
            context["closing_url"] = closing_url()
            return render(request, "admin/privacy/closure/refused.html", context, status=409)
        except NoReverseMatch:  # a site without the admin
            return None


def _telling(asked: Callable[..., Any]) -> Callable[..., Any]:
    def get_deleted_objects(objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, list[Any]]:
        to_delete, counts, needed, protected = asked(objs, request)
        names = {str(model._meta.verbose_name_plural) for model in deleting.account_models()}
        if names & {str(name) for name in counts} and (reason := _reason(objs)):
            protected = [*protected, reason]
        return to_delete, counts, needed, protected

    setattr(get_deleted_objects, _TOLD, True)
    return get_deleted_objects


def _reason(objs: Sequence[Any]) -> SafeString | None:
    """One line of the admin's list of what stands in the way."""
    try:
        refusal = deleting.why_refused(origin=objs, now=timezone.now())
    except (ProtectedError, RestrictedError):
        problem = _("rows that protect it stand in the way; closing it looks after them")
    else:
        if refusal is None:
            return None
        problem = refusal.problem
    account = capfirst(str(deleting.account_models()[0]._meta.verbose_name))
    accounts = [row for row in objs if isinstance(row, deleting.account_models())]
    url = closing_url(accounts[0].pk if len(accounts) == 1 else None)
    return format_html('{}: {}. <a href="{}">{}</a>', account, problem, url, _("Close the account instead"))
