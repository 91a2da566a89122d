"""A sign-in leaves its moment in the session, for members who have no password to confirm with."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from privacy.account.forms import SIGNED_IN_AT


@receiver(user_logged_in, dispatch_uid="privacy.account.signed_in")
def remember_sign_in(sender: object, request: HttpRequest | None, **kwargs: Any) -> None:
    if request is not None and hasattr(request, "session"):
        request.session[SIGNED_IN_AT] = timezone.now().timestamp()
