"""What the screens of this room share: lists to read, and pages of our own."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format

from privacy.core.generic_admin import ModelAdmin

M = TypeVar("M", bound=Model)


class ReadingAdmin(ModelAdmin[M], Generic[M]):
    """Rows that nobody changes by a form."""

    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        """One of our own templates, below ``admin/privacy/<model>/``."""
        base = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/privacy/{self.opts.model_name}/{name}.html", base | context)

    def find(self, request: HttpRequest, pk: Any, permission: str = "") -> M:
        """The row, for whoever may see it, and has the permission.

        Raises:
            Http404, PermissionDenied
        """
        row: M | None = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row) or (permission and not request.user.has_perm(permission)):
            raise PermissionDenied
        return row


def moment(value: datetime | None) -> str:
    """A moment as lists show it."""
    return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT") if value else "–"
