"""The admin's guard of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.apps.config import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning, register

GUARD = "privacy.disposal.admin.guarding.DeletionGuard"


@register
def deletion_guard(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """W501: the admin can say beforehand why an account cannot simply be deleted."""
    if GUARD in django_settings.MIDDLEWARE or not apps.is_installed("django.contrib.admin"):
        return []
    return [
        Warning(
            "An account that cannot simply be deleted is refused with a bare 403 in the admin.",
            hint=f'Add "{GUARD}" at the end of MIDDLEWARE.',
            id="privacy.W501",
        )
    ]
