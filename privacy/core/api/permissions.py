"""Who may ask: a signed-in member about themselves, or staff with a named permission of Django's."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class SignedIn(BasePermission):
    """Any signed-in member. What they are shown is theirs: the view's rows see to that."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.is_authenticated and request.user.is_active


class Staff(SignedIn):
    """Staff with the view's ``permission``, and with its ``to_change`` as well when something is to change.

    The same two conditions as in the admin: ``is_staff``, and the permission by name.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view) or not getattr(request.user, "is_staff", False):
            return False
        wanted = [view.permission] if request.method in SAFE_METHODS else [view.permission, view.to_change]
        return all(wanted) and request.user.has_perms(wanted)
