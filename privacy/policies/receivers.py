"""What was published is guarded by the database itself, comes back after a restore, and its mails are remembered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from privacy.evidence.triggers import protect
from privacy.messages.models import OutboxMessage
from privacy.messages.signals import came_back, left
from privacy.policies import services  # registers the replayer
from privacy.policies.acceptance import services as acceptance_services  # noqa: F401 - registers its own, and its night
from privacy.policies.acceptance.models import Acceptance, AcceptedVersion
from privacy.policies.gate import receivers as gate_receivers  # noqa: F401
from privacy.policies.models import PolicyVersion, PolicyWithdrawal
from privacy.promises.models import FrozenBound

protect(FrozenBound, PolicyVersion, PolicyWithdrawal, Acceptance, AcceptedVersion)


def mail_left(sender: Any, message: OutboxMessage, at: datetime, **kwargs: Any) -> None:
    """It may have been about a version."""
    services.remember_dispatch(message=message, at=at)


def mail_came_back(sender: Any, message: OutboxMessage, at: datetime, **kwargs: Any) -> None:
    """The same."""
    services.remember_bounce(message=message, at=at)


left.connect(mail_left, dispatch_uid="privacy.policies.mail_left")
came_back.connect(mail_came_back, dispatch_uid="privacy.policies.mail_came_back")
