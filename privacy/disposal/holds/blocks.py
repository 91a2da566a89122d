"""What other rooms are given: rows without the held ones, a block for members, a card for the desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from privacy.core.registries import DeskCard, PageBlock, desk_cards, page_blocks, providers
from privacy.datamap import graph
from privacy.disposal.holds import alarms as hold_alarms
from privacy.disposal.holds.queries import holds_told_to
from privacy.disposal.holds.sparing import without_held
from privacy.disposal.models import Hold

_LISTED = 5


def without_held_rows(rows: QuerySet[Any]) -> QuerySet[Any]:
    """For rooms below this one that let rows of their own end: the same rows, those under a legal hold left out."""
    declared = graph.find(rows.model)
    return without_held(declared, rows) if declared is not None else rows


def _member(user: Any, now: datetime) -> Mapping[str, Any]:
    return {"holds": holds_told_to(user)}


def _card(now: datetime) -> Mapping[str, Any]:
    in_force = Hold.objects.in_force().count()
    if not in_force:
        return {}
    raised = hold_alarms.alarms(now)
    return {
        "in_force": in_force,
        "bad": sum(alarm.level == "bad" for alarm in raised),
        "soon": sum(alarm.level == "warn" for alarm in raised),
        "alarms": raised[:_LISTED],
        "more": max(0, len(raised) - _LISTED),
    }


providers.add("without_held_rows", without_held_rows)
page_blocks.add("holds", PageBlock("holds", 20, "privacy/disposal/block_holds.html", _member))
desk_cards.add("holds", DeskCard("holds", 35, "privacy/disposal/card_holds.html", "privacy.view_hold", _card))
