"""Whether a member has a good pass: one query by primary key, or none with a shared cache."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Subquery

from privacy.policies.gate import shared
from privacy.policies.gate.epochs import ONE, using
from privacy.policies.gate.models import GatePass, PolicyEpoch


def holds(user_key: str, *, now: datetime) -> bool:
    """Whether nothing waits for this member: they had nothing to accept, and nothing has changed since."""
    if shared.holds(user_key, now=now):
        return True
    epoch = Subquery(PolicyEpoch.objects.filter(pk=ONE).values("value")[:1])
    rows = GatePass.objects.using(using()).filter(pk=user_key).values_list("epoch", "until", epoch)
    for written, until, current in rows:
        if written == current and (until is None or now < until):
            shared.keep(user_key, written, until)
            return True
    return False


def keep(user_key: str, *, epoch: str, until: datetime | None) -> None:
    """Write a pass. One statement, whether or not there is an older one.

    Args:
        epoch: the one that was read before the member was looked at: a publication in between voids the pass.
    """
    row = GatePass(user_key=user_key, epoch=epoch, until=until)
    GatePass.objects.using(using()).bulk_create(
        [row], update_conflicts=True, unique_fields=["user_key"], update_fields=["epoch", "until"]
    )
    shared.keep(user_key, epoch, until)
