"""Whether an address on another host answers. Asked only where the site allows it (``ASK_OTHER_HOSTS``)."""

from __future__ import annotations

import urllib.error
import urllib.request

_SECONDS = 10


def answers(address: str) -> bool:
    """True when it answers 200 within ten seconds, redirects followed. Nothing about anybody is sent."""
    if not address.startswith(("https://", "http://")):
        return False
    request = urllib.request.Request(address, headers={"User-Agent": "privacy self-check"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310 - the profile's own link
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
