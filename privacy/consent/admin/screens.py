"""What this room's three screens share: nothing is edited in place, every act is one form and one service call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from privacy.core.errors import PrivacyError
from privacy.core.generic_admin import ModelAdmin

M = TypeVar("M", bound=Model)


class ReadScreen(ModelAdmin[M]):
    """A list to read and a page for each row."""

    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def found(self, request: HttpRequest, pk: Any) -> Any:
        """The row, for whoever may see it."""
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def show(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        base = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/privacy/consent/{name}.html", base | context)

    def to(self, row: Any = None) -> HttpResponseRedirect:
        """The row's page, or the list."""
        name = f"admin:privacy_{self.opts.model_name}"
        url = reverse(f"{name}_change", args=[row.pk]) if row is not None else reverse(f"{name}_changelist")
        return HttpResponseRedirect(url)

    def act(self, request: HttpRequest, form: forms.Form, do: Callable[[], object], said: str) -> HttpResponse | None:
        """Do what a valid form asks; a refusal is shown beside its field, and None says to show the form again."""
        if not form.is_valid():
            return None
        try:
            do()
        except PrivacyError as refusal:
            field = refusal.field if refusal.field in form.fields else None
            form.add_error(field, f"{refusal.problem}. {refusal.mend}.")
            return None
        self.message_user(request, said, messages.SUCCESS)
        return self.to()


def need(request: HttpRequest, permission: str) -> None:
    """
    Raises:
        PermissionDenied: this member of staff has not the permission.
    """
    if not request.user.has_perm(permission):
        raise PermissionDenied
