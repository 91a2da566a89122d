"""What other rooms are given: a block for members, a card for the desk, keys in use, and what a restore needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from privacy.core.registries import DeskCard, PageBlock, desk_cards, key_users, page_blocks
from privacy.core.replayers import Replayer, replayers
from privacy.messages import journalling, queries
from privacy.messages.classes import Channel
from privacy.messages.preferences import standings
from privacy.messages.suppression import suppressions_by_key


def _member(user: Any, now: datetime) -> Mapping[str, Any]:
    shown = [
        {
            "topic": one.topic,
            "stopped": one.stopped,
            "on": [Channel(channel).label for channel, wanted in one.channels.items() if wanted],
        }
        for one in standings(user, now=now)
    ]
    return {"standings": shown}


page_blocks.add("messages", PageBlock("messages", 40, "privacy/messages/block.html", _member))
desk_cards.add(
    "messages", DeskCard("messages", 45, "privacy/messages/card.html", "privacy.view_outboxmessage", queries.overview)
)
key_users.add("messages.suppressions", suppressions_by_key)
replayers.add(
    # Before accounts are erased again: an opt-out is no one's account.
    journalling.SUPPRESSION,
    Replayer(journalling.SUPPRESSION, 300, _("Opt-outs"), journalling.replay_suppressions),
)
replayers.add(
    journalling.DISPATCHED,
    Replayer(journalling.DISPATCHED, 310, _("Messages that were sent"), journalling.replay_dispatched),
)
replayers.add(
    journalling.CHOICE,
    Replayer(journalling.CHOICE, 305, _("What members chose about messages"), journalling.replay_choices),
)
