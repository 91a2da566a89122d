"""After a restore: what people took back stays taken back, and what they stopped stays stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from privacy.consent import journalling
from privacy.consent.models import ConsentRecord, Decision, Flag, Wording
from privacy.consent.subjects import Subject
from privacy.consent.writing import last_of, using, write
from privacy.core.actors import Actor
from privacy.core.replayers import Replayer, Told, replayers
from privacy.disposal.journal import matching


def replay_withdrawals(told: list[Told], now: datetime, actor: Actor) -> dict[str, int]:
    """Take back again what was taken back since the backup, under its own reference and date.

    A grant that is newer than the withdrawal stays. A second replay finds each reference and changes nothing.

    Returns:
        ``told`` withdrawals of the journal, ``again`` written, ``there`` already, ``later`` granted anew, and ``gone``,
        whose person is not there.
    """
    counts = Counter(told=len(told), again=0, there=0, later=0, gone=0)
    for one, subject in people_of(told):
        if subject is None:
            counts["gone"] += 1
            continue
        with transaction.atomic(using=using()):
            counts[_withdraw_again(one, subject, now=now, actor=actor)] += 1
    return dict(counts)


def replay_flags(told: list[Told], _now: datetime, _actor: Actor) -> dict[str, int]:
    """Raise again what was raised since the backup, and bring each to where it was in the end.

    Returns:
        ``told`` flags of the journal, ``again`` as they were, and ``gone``, whose person is not there.
    """
    counts = Counter(told=len(told), again=0, gone=0)
    for one, subject in people_of(told):
        values: dict[str, Any] = {name: one.facts[name] for name in journalling.FLAG_FACTS}
        values |= {name: _moment(one.facts.get(name)) for name in journalling.FLAG_MOMENTS}
        if values["outcome"] == Flag.Outcome.REJECTED:
            # Why stands in no journal: it may speak of the person. The evidence of the rejection went with the restore.
            values["reason"] = str(_("The reason was lost with the database."))
        with transaction.atomic(using=using()):
            row = Flag.objects.using(using()).filter(pk=one.id)
            changed = row.exclude(reason="").update(**{k: v for k, v in values.items() if k != "reason"})
            changed = changed or row.update(**values)
            if not changed and subject is not None:
                columns = {**subject.columns, **values}
                Flag.objects.using(using()).create(pk=UUID(one.id), **columns)
            counts["again" if changed or subject is not None else "gone"] += 1
    return dict(counts)


def _withdraw_again(one: Told, subject: Subject, *, now: datetime, actor: Actor) -> str:
    facts = one.facts
    at, purpose = datetime.fromisoformat(facts["at"]), str(facts["purpose"])
    last = last_of(subject, purpose)
    if ConsentRecord.objects.using(using()).filter(reference=one.id).exists():
        return "there"
    if last is not None and last.record.at > at:
        return "later"
    wording = last.record.wording if last else Wording.objects.filter(pk=facts.get("wording") or "").first()
    write(
        subject,
        purpose,
        Decision.WITHDRAWN,
        last=last,
        wording=wording,
        surface=str(facts["surface"]),
        language=str(facts["language"]),
        network=None,
        reference=UUID(one.id),
        at=at,
        now=now,
        actor=actor,
    )
    return "again"


def people_of(told: list[Told]) -> Iterator[tuple[Told, Subject | None]]:
    """Each with its person; None where the account is not there. Walks over all accounts once, for members."""
    members = [one for one in told if "account" in one.who]
    keys = {found.told.id: found.key for about in matching.accounts_back(members) for found in about}
    for one in sorted(told, key=lambda one: one.at):
        if "account" not in one.who:
            yield one, Subject(digests=tuple(one.who["address"].split()))
        else:
            yield one, Subject(keys[one.id]) if one.id in keys else None


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


# Behind the holds, and in front of the closures: an erasure takes what is applied here along.
replayers.add(
    journalling.WITHDRAWAL,
    Replayer(journalling.WITHDRAWAL, 200, _("Consents that were withdrawn"), replay_withdrawals),
)
for _kind, _title in zip(journalling.FLAGS, (_("Restrictions"), _("Objections")), strict=True):
    replayers.add(_kind, Replayer(_kind, 210, _title, replay_flags))
