"""The epoch: read before the gate looks at a member, and changed in the transaction that publishes."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial

from django.db import router, transaction

from privacy.policies.gate import shared
from privacy.policies.gate.models import PolicyEpoch

ONE = 1


def using() -> str:
    """The database of the gate; a replica may lag behind what was published."""
    return router.db_for_write(PolicyEpoch)


def change(*, now: datetime) -> None:
    """Void every pass, in every process, from the commit on. One query, whatever the number of members."""
    value = uuid.uuid4().hex
    shared.about_to_change(value)
    PolicyEpoch.objects.using(using()).bulk_create(
        [PolicyEpoch(pk=ONE, value=value, changed_at=now)],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["value", "changed_at"],
    )
    transaction.on_commit(partial(shared.changed, value), using=using())


def current(*, now: datetime) -> str:
    """The epoch; the first one is made here."""
    made = {"value": uuid.uuid4().hex, "changed_at": now}
    return PolicyEpoch.objects.using(using()).get_or_create(pk=ONE, defaults=made)[0].value
