"""The profile's purposes become rows, the ledger is guarded, and a request remembers what it asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.signals import request_finished, request_started
from django.dispatch import receiver

from privacy.consent import asking
from privacy.consent.models import ConsentRecord, Wording
from privacy.consent.rules import ConsentRules
from privacy.consent.services import take_over_purposes
from privacy.consent.signals import given, withdrawn
from privacy.core.actors import Actor
from privacy.evidence.triggers import protect
from privacy.promises.signals import profile_loaded

protect(ConsentRecord, Wording)


@receiver(profile_loaded, dispatch_uid="privacy.consent.purposes")
def take_over(sender: object, *, rules: Mapping[str, Any], now: datetime, actor: Actor, **kwargs: Any) -> None:
    take_over_purposes(rules=rules.get("consent") or ConsentRules(), now=now, actor=actor)


@receiver(request_started, dispatch_uid="privacy.consent.begin")
def begin(sender: object, **kwargs: Any) -> None:
    asking.remember()


@receiver(request_finished, dispatch_uid="privacy.consent.end")
@receiver((given, withdrawn), dispatch_uid="privacy.consent.changed")
def forget(sender: object, **kwargs: Any) -> None:
    asking.forget(finished="purpose" not in kwargs)
