"""What the desk shows: each card asks the room that knows, and gets counts, labels and moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from privacy.core import charts
from privacy.core.conf import settings
from privacy.core.registries import Status, desk_cards
from privacy.core.words import duration_words
from privacy.disposal.models import Closure
from privacy.promises import queries as promises
from privacy.retention import queries as retention
from privacy.retention.models import NightRun

_TREND_RUNS = 200
_TREND_DAYS = 30
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Card:
    """A card ready for its template."""

    name: str
    template: str
    context: Mapping[str, Any]


def cards_for(user: Any, now: datetime) -> list[Card]:
    """The cards that this member of staff may see, in order; a card without content is left out."""
    ordered = sorted(desk_cards, key=lambda card: (card.order, card.name))
    found = [(card, card.context(now)) for card in ordered if user.has_perm(card.permission)]
    return [Card(card.name, card.template, context) for card, context in found if context]


def ledger_card(now: datetime) -> Mapping[str, Any]:
    """The promises by answer, the broken ones by name, and the last days as a chart."""
    ledger = promises.ledger()
    local = settings.calendar.zone
    by_day = {
        run.checked_at.astimezone(local).date(): charts.Day(
            run.checked_at.astimezone(local).date(), run.kept, run.broken, run.cannot_tell
        )
        for run in promises.trend(limit=_TREND_RUNS)
    }
    days = [by_day[day] for day in sorted(by_day)][-_TREND_DAYS:]
    broken = [row for row in ledger.rows if row.status == Status.BROKEN]
    return {
        "ledger": ledger,
        "broken": broken[:_LISTED],
        "broken_more": max(0, len(broken) - _LISTED),
        "age": duration_words(now - ledger.checked_at) if ledger.checked_at else "",
        "chart": charts.history(days, title=_("Promises by day"), key="desk-ledger") if len(days) > 1 else None,
    }


def approvals_card(_now: datetime) -> Mapping[str, Any]:
    """The question of a careful night, while one waits."""
    waiting = retention.waiting_approval()
    return {"approval": waiting} if waiting is not None else {}


def nights_card(now: datetime) -> Mapping[str, Any]:
    """The latest night and the next one, and whether any was missed."""
    latest = NightRun.objects.order_by("-as_of", "-created_at").first()
    return {
        "latest": latest,
        "state": retention.answered(latest) if latest else "",
        "failed": latest.steps.filter(status="failed") if latest else (),
        "completed": retention.last_completed_night(now),
        "missed": retention.missed_nights(now),
        "next_night": retention.begins_next(now),
    }


def closures_card(now: datetime) -> Mapping[str, Any]:
    """Closures by state, and those that need somebody."""
    by_status = dict(Closure.objects.order_by().values_list("status").annotate(Count("pk")))
    waiting = sum(by_status.get(status, 0) for status in ("scheduled", "planned", "cut_off"))
    return {
        "partial": by_status.get("partial", 0),
        "waiting": waiting,
        "held": by_status.get("held", 0),
        "done": by_status.get("done", 0),
        "undecided": by_status.get("undecided", 0),
        "overdue": Closure.objects.overdue(now).count(),
        "listed": Closure.objects.filter(status__in=("partial", "undecided")).order_by("due_at")[:_LISTED],
    }
