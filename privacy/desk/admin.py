"""The desk's door: it stands on the admin's page of our app, whatever AdminSite the host uses."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from privacy.desk.queries import Card, cards_for


def desk(request: HttpRequest) -> list[Card]:
    """The cards for the member of staff who asks."""
    return cards_for(request.user, timezone.now())
