"""One more line of the ledger: both halves, the evidence, and what waits for the commit. Every path ends here."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial

from django.db import router, transaction

from privacy.consent import signals
from privacy.consent.commitments import commit, new_salt
from privacy.consent.models import ConsentContext, ConsentRecord, Decision, Wording
from privacy.consent.people import Network, Person
from privacy.consent.rules import consent_rules
from privacy.consent.subjects import Subject
from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.locks import one_at_a_time
from privacy.evidence.services import record as record_evidence


def using() -> str:
    """The database of the ledger."""
    return router.db_for_write(ConsentRecord)


def last_of(subject: Subject, purpose: str) -> ConsentContext | None:
    """Wait for whoever decides for this person, and read the last word. Call it inside a transaction."""
    one_at_a_time(subject.lock, using())
    rows = ConsentContext.objects.using(using()).last_words().filter(purpose=purpose, **subject.filters)
    for _ in range(2):
        # The night may end a grant meanwhile: its new last word is seen by the second look only.
        found = rows.select_for_update(of=("self",)).select_related("record", "record__wording").first()
        if found is not None:
            return found
    return None


def write(
    subject: Subject,
    purpose: str,
    decision: Decision,
    *,
    last: ConsentContext | None,
    wording: Wording | None,
    surface: str,
    language: str,
    network: Network | None,
    expires_at: datetime | None = None,
    reference: uuid.UUID | None = None,
    at: datetime | None = None,
    person: Person | None = None,
    now: datetime,
    actor: Actor,
) -> ConsentRecord:
    """Add a decision behind ``last``, which was locked by ``last_of`` in this transaction.

    Args:
        reference, at: those of a decision that a restore took back; else a new one, made now.
        person: whom the signals name.
    """
    kept = consent_rules().proof_kept
    row = ConsentRecord(
        reference=reference or uuid.uuid4(),
        at=at or now,
        purpose=purpose,
        decision=decision,
        wording=wording,
        surface=surface,
        language=language,
        expires_at=expires_at,
        previous=last.record if last else None,
    )
    salt, word = new_salt(), subject.pseudonym
    row.commitment = commit(row, pseudonym=word, salt=salt)
    row.save(using=using())
    ends = kept.end(expires_at or now, settings.calendar)
    if last is not None:
        # A proof that would outlast the new one, of a grant that ended before its time, is not needed so long.
        earlier = min(last.until, max(ends, kept.end(now, settings.calendar)))
        ConsentContext.objects.using(using()).filter(pk=last.pk).update(is_last=False, until=earlier)
    ConsentContext.objects.using(using()).create(
        record=row,
        purpose=purpose,
        pseudonym=word,
        salt=salt,
        network=network.network if network else "",
        entered_by=actor.kind,
        until=ends,
        **subject.columns,
    )
    details = {
        "reference": row.reference,
        "purpose": purpose,
        "wording": wording.digest if wording else "",
        "surface": surface,
        "commitment": row.commitment,
    }
    record_evidence(
        act=f"consent.{decision.value}",
        label="privacy.ConsentRecord",
        subject=subject.user_key,
        details=details,
        now=now,
        actor=actor,
    )
    signal = signals.given if decision == Decision.GIVEN else signals.withdrawn
    told = partial(signal.send, sender=ConsentRecord, purpose=purpose, person=person, count=1)
    transaction.on_commit(told, using=using())
    return row
