"""A card for the desk: how far the sealing has come."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from privacy.core.registries import DeskCard, desk_cards
from privacy.evidence import queries


def card(_now: datetime) -> Mapping[str, Any]:
    """The figures of the card; none while there is no evidence at all."""
    sealing = queries.seal_state()
    return {"sealing": sealing} if sealing.seals or sealing.unsealed else {}


desk_cards.add("evidence", DeskCard("evidence", 500, "privacy/evidence/card.html", "privacy.view_evidenceentry", card))
