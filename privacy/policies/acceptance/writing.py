"""One more line of the ledger: both halves, its versions, the evidence, the journal. Every path ends here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import router

from privacy.consent.people import Network, Person
from privacy.consent.rules import consent_rules
from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.locks import one_at_a_time
from privacy.evidence.services import record
from privacy.policies.acceptance import journalling
from privacy.policies.acceptance.commitments import commit, new_salt
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, AcceptedVersion, Event, Kind
from privacy.policies.acceptance.whom import Whom
from privacy.policies.models import PolicyWithdrawal


@dataclass(frozen=True, slots=True)
class Said:
    """What was accepted and how; the attributes are those of the ledger's row and its context.

    Attributes:
        versions: document to the version's key; empty where none was published.
    """

    kind: Kind
    event: Event
    versions: Mapping[str, str]
    surface: str
    language: str = ""
    about: str = ""
    reason: str = ""
    network: Network | None = None


def using() -> str:
    """The database of the ledger."""
    return router.db_for_write(Acceptance)


def one_by_one(person: Person) -> None:
    """Wait for whoever writes about this person. Call it inside a transaction."""
    one_at_a_time(f"privacy.acceptance {person.pseudonym}", using())


def said_before(person: Person, said: Said, *, actor: Actor) -> Acceptance | None:
    """The last line that this person said in this way, where it says just this.

    Another version may have bound in between and been withdrawn: after a withdrawal whatever is said is said anew. Call
    it inside a transaction, behind ``one_by_one``: who waited there finds what the other wrote. Three queries.
    """
    same_way = (
        AcceptanceContext.objects.using(using())
        .of(person)
        .filter(
            acceptance__kind=said.kind,
            acceptance__event=said.event,
            acceptance__surface=said.surface,
            acceptance__language=said.language,
            about=said.about,
            reason=said.reason,
            entered_by=actor.kind,
        )
    )
    last = same_way.select_related("acceptance").order_by("-pk").first()
    if last is None or last.acceptance.accepted != said.versions:
        return None
    withdrawn = PolicyWithdrawal.objects.using(using()).filter(
        version__document__in=list(said.versions), at__gt=last.acceptance.at
    )
    return None if withdrawn.exists() else last.acceptance


def write(
    whom: Whom,
    said: Said,
    *,
    reference: uuid.UUID | None = None,
    at: datetime | None = None,
    now: datetime,
    actor: Actor,
) -> Acceptance:
    """Write an acceptance. Call it inside a transaction; eight queries, and one for each version.

    Args:
        reference, at: those of an acceptance that a restore took back, which the journal tells already.

    Raises:
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    row = Acceptance(
        reference=reference or uuid.uuid4(),
        at=at or now,
        kind=said.kind,
        event=said.event,
        surface=said.surface,
        language=said.language,
    )
    salt, word = new_salt(), whom.pseudonym
    row.commitment = commit(row, said.versions, pseudonym=word, salt=salt)
    row.save(using=using())
    for document, key in said.versions.items():
        AcceptedVersion(acceptance=row, document=document, version_id=key or None).save(using=using())
    AcceptanceContext.objects.using(using()).create(
        acceptance=row,
        **whom.columns,
        pseudonym=word,
        salt=salt,
        network=said.network.network if said.network else "",
        about=said.about,
        reason=said.reason,
        entered_by=actor.kind,
        until=consent_rules().proof_kept.end(row.at if whom.digests else now, settings.calendar),
    )
    record(
        act="policies.accepted" if reference is None else "policies.accepted_again",
        label="privacy.Acceptance",
        subject=whom.user_key,
        details={
            "reference": row.reference,
            "kind": str(said.kind),
            "event": str(said.event),
            "versions": dict(said.versions),
            "commitment": row.commitment,
        },
        now=now,
        actor=actor,
    )
    if reference is None:
        journalling.accepted(whom, row, said.versions, now=now)
    return row
