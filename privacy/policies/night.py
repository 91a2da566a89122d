"""What the hour does for this room."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from privacy.core.actors import Actor
from privacy.core.registries import HourlyStep, hourly_steps
from privacy.policies.services import announce_missing, publish_due

PUBLISH = "policies.publish"
ANNOUNCE = "policies.announce"


def run_publications(now: datetime, actor: Actor) -> Mapping[str, int]:
    """Publish what was scheduled up to now."""
    return publish_due(now=now, actor=actor)


def run_announcements(now: datetime, actor: Actor) -> Mapping[str, int]:
    """Begin the mails that no version has yet, such as after a restore."""
    return {"announced": announce_missing(now=now, actor=actor)}


hourly_steps.add(PUBLISH, HourlyStep(PUBLISH, 200, _("Publish the policies whose moment has come"), run_publications))
hourly_steps.add(
    ANNOUNCE, HourlyStep(ANNOUNCE, 210, _("Tell of versions that nobody was told of yet"), run_announcements)
)
