"""What other rooms are given: the last backup's date, and a card for the desk."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from privacy.backups import queries
from privacy.core.registries import DeskCard, desk_cards, providers


def card(now: datetime) -> Mapping[str, Any]:
    """The figures of the desk's card about backups."""
    return {"overview": queries.overview(now)}


providers.add("last_backup_date", queries.last_backup_date)
providers.add("oldest_backup", queries.oldest_backup)
desk_cards.add("backups", DeskCard("backups", 400, "privacy/backups/card.html", "privacy.view_backup", card))
