"""The blocks that this room puts on its own page. Rooms above add theirs to the same registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from privacy.account.queries import closure_offer, holdings
from privacy.core.registries import PageBlock, page_blocks
from privacy.disposal.services import preview_account


def _holdings(user: Any, now: datetime) -> Mapping[str, Any]:
    held, empty = holdings(user, now)
    return {"held": held, "empty": empty}


def _closure(user: Any, now: datetime) -> Mapping[str, Any]:
    offer = closure_offer(user)
    plan = preview_account(user=user, now=now) if offer.by_self else None
    # A row that loses its person may keep a field under a ground: it is not without anything about them.
    kept = {item.model for item in plan.kept} if plan else set()
    return {"offer": offer, "plan": plan, "kept_models": kept}


page_blocks.add("holdings", PageBlock("holdings", 10, "privacy/account/block_holdings.html", _holdings))
page_blocks.add("closure", PageBlock("closure", 90, "privacy/account/block_closure.html", _closure))
