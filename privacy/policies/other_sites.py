"""Asking another site of the same owner for a text that must be the same there (HVR-0-4)."""

from __future__ import annotations

import http.client
from urllib.request import Request, urlopen

from django.urls import reverse

from privacy.policies.models import PolicyVersion

#: Seconds until a site counts as silent.
PATIENCE = 5
#: Bytes; the longest text that can be published is shorter.
_MOST = 2_000_000


def shows_the_same(site: str, version: PolicyVersion) -> bool | None:
    """Whether a site gives out this version byte for byte; None where it does not answer.

    Args:
        site: ``"https://other.example"``, of the profile, where this app runs as well.
    """
    place = reverse("privacy:policy_source", args=[version.document_id, version.language, version.number])
    try:
        # Only http and https pass the profile's own check.
        with urlopen(Request(f"{site.rstrip('/')}{place}"), timeout=PATIENCE) as answer:  # noqa: S310
            text = answer.read(_MOST)
    except http.client.HTTPException:
        return None
    except OSError as error:
        # An address that is not there holds another text, or none; only silence leaves the question open.
        return False if getattr(error, "code", 0) in (404, 410) else None
    return bool(PolicyVersion.digest_of(text.decode(errors="replace")) == version.digest)
