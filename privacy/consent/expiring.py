"""Grants whose period is over. They permit nothing from that moment on; the night writes it into the ledger."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from privacy.consent import signals
from privacy.consent.commitments import commit, new_salt
from privacy.consent.models import ConsentContext, ConsentRecord, Decision
from privacy.consent.rules import consent_rules
from privacy.consent.writing import using
from privacy.core.actors import Actor
from privacy.core.batches import keyset
from privacy.core.conf import settings
from privacy.core.registries import Progress
from privacy.evidence.services import record

_SURFACE = "staff:night"


def expire_grants(*, now: datetime, actor: Actor, dry_run: bool = False, progress: Progress | None = None) -> int:
    """Write *expired* behind every grant that ran out; six statements a batch, memory for one batch.

    Safe to call again after a crash: each batch is one transaction.

    Returns:
        How many grants ran out, or would be written down.
    """
    over = ConsentContext.objects.using(using()).run_out(now)
    if dry_run:
        return over.count()
    expired = 0
    for keys in keyset(over, settings.batch_size):
        with transaction.atomic(using=using()):
            # Whoever renewed meanwhile is not among them any more.
            rows = over.filter(pk__in=keys).select_for_update(of=("self",)).select_related("record").order_by("pk")
            expired += _expire(list(rows), now=now, actor=actor)
        if progress:
            progress({"expired": expired})
    return expired


def _expire(ended: Sequence[ConsentContext], *, now: datetime, actor: Actor) -> int:
    if not ended:
        return 0
    until = consent_rules().proof_kept.end(now, settings.calendar)
    records, salts = [], []
    for context in ended:
        before, salt = context.record, new_salt()
        row = ConsentRecord(
            reference=uuid.uuid4(),
            at=now,
            purpose=context.purpose,
            decision=Decision.EXPIRED,
            wording_id=before.wording_id,
            surface=_SURFACE,
            language=before.language,
            previous=before,
        )
        row.commitment = commit(row, pseudonym=context.pseudonym, salt=salt)
        records.append(row)
        salts.append(salt)
    records = ConsentRecord.objects.using(using()).bulk_create(records)
    contexts = ConsentContext.objects.using(using())
    contexts.filter(pk__in=[context.pk for context in ended]).update(is_last=False)
    contexts.bulk_create(
        ConsentContext(
            record=row,
            purpose=row.purpose,
            pseudonym=context.pseudonym,
            salt=salt,
            entered_by=actor.kind,
            until=until,
            user_key=context.user_key,
            digest=context.digest,
            digest_key=context.digest_key,
        )
        for context, row, salt in zip(ended, records, salts, strict=True)
    )
    by_purpose = Counter(context.purpose for context in ended)
    for purpose, count in by_purpose.items():
        told = partial(signals.withdrawn.send, sender=ConsentRecord, purpose=purpose, person=None, count=count)
        transaction.on_commit(told, using=using())
    record(
        act="consent.expired",
        label="privacy.ConsentRecord",
        counts={"grants": len(ended)},
        details={"purposes": dict(by_purpose)},
        now=now,
        actor=actor,
    )
    return len(ended)
