"""The card that greets a member, kept in the cache because every page of the dashboard shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Sum

#: Declared in ``privacy.py``, so that a closure empties it.
CARD_KEY = "coop:card:{key}"
SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Card:
    """What the dashboard says about a member at a glance."""

    display_name: str
    sites: int
    campaigns: int
    views: int
    paid: str


def member_card(user: Any) -> Card:
    """The member's card, at most fifteen minutes old."""
    key = CARD_KEY.format(key=user.pk)
    card: Card | None = cache.get(key)
    if card is None:
        card = _drawn(user)
        cache.set(key, card, SECONDS)
    return card


def _drawn(user: Any) -> Card:
    from project.coop.models import Earning, Member

    member = Member.objects.annotate(
        site_count=Count("sites", distinct=True), campaign_count=Count("sites__campaigns", distinct=True)
    ).get(user=user)
    paid = Earning.objects.filter(member=member).aggregate(total=Sum("amount"))["total"] or 0
    return Card(member.display_name, member.site_count, member.campaign_count, member.views.count(), f"{paid:.2f}")
