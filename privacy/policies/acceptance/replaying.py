"""After a restore: what people accepted since the backup is in the ledger again, under its own reference and date."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from privacy.consent.replaying import people_of
from privacy.core.actors import Actor
from privacy.core.replayers import Replayer, Told, replayers
from privacy.policies.acceptance import journalling
from privacy.policies.acceptance.models import Acceptance, Event, Kind
from privacy.policies.acceptance.whom import Whom
from privacy.policies.acceptance.writing import Said, using, write
from privacy.policies.models import PolicyVersion


def replay_acceptances(told: list[Told], now: datetime, actor: Actor) -> dict[str, int]:
    """Write again what the database lost. A second replay finds each reference and changes nothing.

    Returns:
        ``told`` acceptances of the journal, ``again`` written, ``there`` already, and ``gone``, whose person is not
        there.
    """
    counts = Counter(told=len(told), again=0, there=0, gone=0)
    published = set(PolicyVersion.objects.using(using()).values_list("pk", flat=True))
    for one, subject in people_of(told):
        if subject is None:
            counts["gone"] += 1
        elif Acceptance.objects.using(using()).filter(reference=one.id).exists():
            counts["there"] += 1
        else:
            with transaction.atomic(using=using()):
                _again(one, Whom(subject.user_key, subject.digests), published, now=now, actor=actor)
            counts["again"] += 1
    return dict(counts)


def _again(one: Told, whom: Whom, published: set[str], *, now: datetime, actor: Actor) -> None:
    facts = one.facts
    said = Said(
        kind=Kind(facts["kind"]),
        event=Event(facts["event"]),
        versions={document: key if key in published else "" for document, key in facts["versions"].items()},
        surface=str(facts["surface"]),
        language=str(facts["language"]),
    )
    at = datetime.fromisoformat(facts["at"])
    write(whom, said, reference=UUID(one.id), at=at, now=now, actor=actor)


# Behind the versions, which are accepted, and in front of the closures: an erasure takes along what is written here.
replayers.add(journalling.KIND, Replayer(journalling.KIND, 190, _("Acceptances of policies"), replay_acceptances))
