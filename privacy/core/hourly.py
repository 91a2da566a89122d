"""The hour: every registered step, and one that fails keeps none of the others."""

from __future__ import annotations

import logging
from datetime import datetime

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.registries import hourly_steps, providers

logger = logging.getLogger(__name__)


def run_hour(*, now: datetime, actor: Actor) -> dict[str, dict[str, int] | str]:
    """Run the steps in their order; none while a restore waits for its replay.

    Returns:
        By step its counts, or what failed: the words of an error of ours, of any other its kind only, since
        its text may hold personal data.
    """
    restored = providers.find("restored")
    if restored is not None and restored(now=now):
        return {"hour": "the database was restored and waits for privacy_replay"}
    told: dict[str, dict[str, int] | str] = {}
    for step in sorted(hourly_steps, key=lambda step: (step.order, step.name)):
        try:
            told[step.name] = dict(step.run(now, actor))
        except Exception as error:  # noqa: BLE001 - whatever a step raises is its own failure
            words = str(error) if isinstance(error, PrivacyError) else type(error).__name__
            logger.error("The hourly step %s failed: %s", step.name, words)
            told[step.name] = words
    return told
