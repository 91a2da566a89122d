"""How the co-op ended a membership before the app came: a flag and a date, and all rows stay."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from project.coop.models import Member


@transaction.atomic
def close(*, members: QuerySet[Member], now: datetime) -> int:
    """Flag the accounts as closed; returns how many were not closed before. The night erases them later."""
    keys = list(members.exclude(status=Member.Status.CLOSED).values_list("pk", flat=True))
    get_user_model().objects.filter(member__in=keys).update(is_active=False)
    return Member.objects.filter(pk__in=keys).update(status=Member.Status.CLOSED, closed_at=now)


@transaction.atomic
def suspend(*, members: QuerySet[Member]) -> int:
    """Lock active members out for a while. A suspended account is not a closed one: its rows stay."""
    keys = list(members.filter(status=Member.Status.ACTIVE).values_list("pk", flat=True))
    get_user_model().objects.filter(member__in=keys).update(is_active=False)
    return Member.objects.filter(pk__in=keys).update(status=Member.Status.SUSPENDED)
