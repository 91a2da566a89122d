"""What the privacy page of a member says about policies: which versions bind them, and from when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from privacy.core.people import joined_at
from privacy.core.registries import PageBlock, page_blocks
from privacy.policies.binding import versions_binding


def _member(user: Any, now: datetime) -> Mapping[str, Any]:
    found = versions_binding(user_key=str(user.pk), joined_at=joined_at(user), now=now)
    return {"bindings": [found[document] for document in sorted(found)]}


page_blocks.add("policies", PageBlock("policies", 15, "privacy/policies/block.html", _member))
