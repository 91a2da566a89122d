"""The gate for programs that sign in without a session: a permission class for the site's own API."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from privacy.core.actors import Actor
from privacy.policies.gate.answering import CODE, refusal
from privacy.policies.gate.looking import to_accept


class PoliciesAccepted(BasePermission):
    """Refuses a signed-in member who has something to accept; whoever is not signed in is not its business.

    Put it into ``DEFAULT_PERMISSION_CLASSES``. The middleware does the same where a session cookie comes along.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """
        Raises:
            PermissionDenied: its code is ``policy_acceptance_required``.
        """
        # A key of a program is no member, though it may be signed in.
        if not request.user.is_authenticated or getattr(request.user, "pk", None) is None:
            return True
        actor = Actor.member(request.user)
        found = to_accept(str(request.user.pk), language=get_language() or "", now=timezone.now(), actor=actor)
        if found:
            raise PermissionDenied(detail=refusal(), code=CODE)
        return True
