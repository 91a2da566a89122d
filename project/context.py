"""What every template of the site may say about the site."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(_request: HttpRequest) -> dict[str, object]:
    return {"brand": settings.SITE.name}
