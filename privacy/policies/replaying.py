"""After a restore: what was published since the backup is published again, word for word, under its own number."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from privacy.core.actors import Actor
from privacy.core.replayers import Replayer, Told, replayers
from privacy.evidence.services import record
from privacy.policies import journalling, notices
from privacy.policies.bounds import promised_in
from privacy.policies.drafting import database
from privacy.policies.models import PolicyDocument, PolicyDraft, PolicyVersion, PolicyWithdrawal
from privacy.promises.services import freeze


def replay_versions(told: list[Told], now: datetime, actor: Actor) -> dict[str, int]:
    """Bring back every version that the database lost, and every withdrawal. A second replay changes nothing.

    The draft that a version was made of came back with the backup: it goes where its text was published.

    Returns:
        ``told`` versions of the journal, ``again`` published, ``there`` already, and ``withdrawn`` again.
    """
    counts = Counter(told=len(told), again=0, there=0, withdrawn=0)
    using = database()
    for one in sorted(told, key=lambda one: (str(one.facts.get("published_at", "")), one.id)):
        with transaction.atomic(using=using):
            if PolicyVersion.objects.using(using).filter(pk=one.id).exists():
                counts["there"] += 1
            elif "text" in one.facts:
                _publish_again(one, using)
                counts["again"] += 1
            there = PolicyVersion.objects.using(using).filter(pk=one.id, withdrawal__isnull=True).exists()
            if there and "withdrawn" in one.states:
                at = datetime.fromisoformat(str(one.facts["withdrawn_at"]))
                again = PolicyWithdrawal(version_id=one.id, at=at, reason=one.facts["reason"])
                again.save(using=using)
                # The backup may hold its mails, still to be sent.
                notices.call_off(version=again.version, now=now, actor=actor)
                counts["withdrawn"] += 1
    if counts["again"] or counts["withdrawn"]:
        brought = {"versions": counts["again"], "withdrawals": counts["withdrawn"]}
        record(act="policies.replayed", label="privacy.PolicyVersion", counts=brought, now=now, actor=actor)
    return dict(counts)


def _publish_again(one: Told, using: str) -> None:
    facts = one.facts
    published_at = datetime.fromisoformat(str(facts["published_at"]))
    announced_at = facts.get("announced_at")
    document = str(facts["document"])
    PolicyDocument.objects.using(using).get_or_create(pk=document, defaults={"added_at": published_at})
    version = PolicyVersion(
        key=one.id,
        document_id=document,
        revised_on=date.fromisoformat(str(facts["revised_on"])),
        announced_at=datetime.fromisoformat(str(announced_at)) if announced_at else None,
        published_at=published_at,
        # A line of before there were effects tells nothing of them.
        **{name: facts[name] for name in journalling.COLUMNS if name in facts},
    )
    version.save(using=using)
    announced = version.announced_at or published_at
    freeze(version=version.pk, figures=promised_in(version.figures), at=announced)
    draft = PolicyDraft.objects.using(using).filter(document_id=document, language=facts["language"])
    # Whoever works on another text keeps it; what was scheduled is looked at again before it is published.
    draft.filter(text=facts["text"]).delete()
    draft.update(publish_at=None)


replayers.add(journalling.KIND, Replayer(journalling.KIND, 150, _("Published versions of policies"), replay_versions))
