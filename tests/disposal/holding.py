"""Placing holds in a test, with dates that fit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from privacy.core.actors import Actor
from privacy.disposal.holds.placing import place_hold
from privacy.disposal.models import Hold

SOON = timedelta(days=60)
LATER = timedelta(days=180)


def hold(now: datetime, user: Any | None = None, *categories: str, **given: Any) -> Hold:
    """A hold in force since ``now``, reviewed in two months, ending in six."""
    words: dict[str, Any] = {"ground": "litigation", "review_at": now + SOON, "ends_at": now + LATER, "case": ""}
    return place_hold(user=user, categories=categories, now=now, actor=Actor.system("tests"), **words | given)
