"""How often one person may ask."""

from __future__ import annotations

from rest_framework.throttling import UserRateThrottle

from privacy.core.conf import settings


class Rate(UserRateThrottle):
    """``PRIVACY["API_RATE"]`` for each account over all endpoints of ours; nothing when it is empty.

    Who is not signed in was refused before. The host's own throttles count besides.
    """

    scope = "privacy"

    def get_rate(self) -> str | None:
        return settings.api_rate or None
