"""Whatever is published, withdrawn or ruled otherwise voids every pass; signing in is using the site."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import get_language

from privacy.core.actors import Actor
from privacy.policies.gate import epochs
from privacy.policies.gate.looking import to_accept
from privacy.policies.models import PolicyVersion, PolicyWithdrawal
from privacy.promises.signals import profile_loaded


@receiver(post_save, sender=PolicyVersion, dispatch_uid="privacy.gate.version")
@receiver(post_save, sender=PolicyWithdrawal, dispatch_uid="privacy.gate.withdrawal")
def published(sender: object, raw: bool = False, **kwargs: Any) -> None:
    # By signal, so that a publication, its return after a restore, and a row from a fixture all count.
    epochs.change(now=timezone.now())


@receiver(profile_loaded, dispatch_uid="privacy.gate.profile")
def ruled(sender: object, *, now: datetime, **kwargs: Any) -> None:
    epochs.change(now=now)


@receiver(user_logged_in, dispatch_uid="privacy.gate.sign_in")
def signed_in(sender: object, user: Any, **kwargs: Any) -> None:
    """Where going on is agreement, signing in is the first of it. Where the site asks, the gate does so next."""
    to_accept(str(user.pk), language=get_language() or "", now=timezone.now(), actor=Actor.member(user))
