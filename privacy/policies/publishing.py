"""From a draft to a version that never changes, at once or at its moment; and taking back what was a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localtime

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.words import has_words
from privacy.disposal.journal.restores import SiteRestored
from privacy.evidence.services import record
from privacy.policies import journalling, notices
from privacy.policies.bounds import promised_in
from privacy.policies.drafting import database, lock
from privacy.policies.effects import Planned, planned
from privacy.policies.lint import Fault
from privacy.policies.models import PolicyDraft, PolicyVersion, PolicyWithdrawal
from privacy.policies.queries import DraftView, draft_view
from privacy.policies.site import Site
from privacy.promises.services import freeze, refuse_unkept

#: What is scheduled is published so long after its moment at the latest, while the hour runs.
WITHIN = timedelta(hours=1)


class CannotPublish(PrivacyError):
    """The text has faults that keep it from being published.

    Attributes:
        faults: all of them.
    """

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        first = faults[0]
        super().__init__(
            field="text",
            problem=f"it cannot be published: {len(faults)} faults, the first on line {first.line} ({first.code})",
            mend=first.mend,
        )


class DraftChanged(PrivacyError):
    """The draft is not the one that was looked at, or it is gone."""

    def __init__(self) -> None:
        super().__init__(
            field="draft", problem="it was changed or published meanwhile", mend="Look at it again before you publish"
        )


class WrongMoment(PrivacyError):
    """A publication cannot be scheduled for a moment that is over."""


class AlreadyWithdrawn(PrivacyError):
    """The version was withdrawn before."""


class NoReason(PrivacyError):
    """Readers are told why a version was withdrawn."""


def publish(*, draft: PolicyDraft, digest: str, site: Site | None = None, now: datetime, actor: Actor) -> PolicyVersion:
    """Publish a draft as the next version of its document and language; the draft is gone then.

    However many accounts there are, it takes the same number of queries: who is to be told by mail is gathered by the
    outbox.

    Args:
        digest: of the text that was looked at, as ``draft_view`` gave it.
        site: whose figures and names count; where none is given, the profile that the draft came with, else the one
            in force.

    Raises:
        CannotPublish: with every fault of the text.
        TooEarly, BeforePosting, NoMailToGoFirst, NoNote: of when it is to bind, and how it is told.
        UntruthfulSender, NoWayOut, NoPostalAddress: no mail about it could ever leave.
        DraftChanged: it is not the text that was looked at.
        WeakerThanPromised: something is set weaker than the text would promise.
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    with transaction.atomic(using=database()):
        row = _locked(draft)
        view = draft_view(row, site=site)
        if view.digest != digest:
            raise DraftChanged
        if view.faults:
            raise CannotPublish(view.faults)
        _refuse_unkept(row, view, now)
        return _publish(row, view, planned(draft=row, now=now), now=now, actor=actor)


def schedule(*, draft: PolicyDraft, digest: str, at: datetime, now: datetime, actor: Actor) -> None:
    """Have a draft published at a moment, within the hour that follows it. Changing the draft calls it off.

    Raises:
        CannotPublish: with every fault that the text has now.
        TooEarly, BeforePosting, NoMailToGoFirst, NoNote: of when it would bind, were it published at that moment or an
            hour later, and how it is told.
        DraftChanged: it is not the text that was looked at.
        WeakerThanPromised: something is set weaker than the text would promise.
        WrongMoment: that moment is over.
    """
    if at <= now:
        raise WrongMoment(field="publish_at", problem="this moment is over", mend="Choose a later one")
    with transaction.atomic(using=database()):
        row = _locked(draft)
        view = draft_view(row)
        if view.digest != digest:
            raise DraftChanged
        if view.faults:
            raise CannotPublish(view.faults)
        for moment in (at, at + WITHIN):
            planned(draft=row, now=moment)
        _refuse_unkept(row, view, now)
        row.publish_at, row.refusal = at, ""
        row.save(update_fields=("publish_at", "refusal"))
        _record("policies.scheduled", row, now=now, actor=actor, details={"at": at, "digest": digest})


def unschedule(*, draft: PolicyDraft, now: datetime, actor: Actor) -> None:
    """Call a scheduled publication off; the draft stays.

    Raises:
        DraftChanged: it was published meanwhile.
    """
    with transaction.atomic(using=database()):
        row = _locked(draft)
        if row.publish_at is not None:
            row.publish_at = None
            row.save(update_fields=("publish_at",))
            _record("policies.unscheduled", row, now=now, actor=actor, details={})


def publish_due(*, now: datetime, actor: Actor) -> Mapping[str, int]:
    """Publish what was scheduled up to now. What cannot be published any more is called off, and says why.

    Returns:
        ``published`` and ``refused``.
    """
    counts = {"published": 0, "refused": 0}
    for draft in PolicyDraft.objects.using(database()).due(now).order_by("publish_at", "pk"):
        with transaction.atomic(using=database()):
            try:
                row = _locked(draft)
            except DraftChanged:
                continue  # somebody published or discarded it since the list was read
            if row.publish_at is None or row.publish_at > now:
                continue
            counts["published" if _publish_or_call_off(row, now=now, actor=actor) else "refused"] += 1
    return counts


def _publish_or_call_off(row: PolicyDraft, *, now: datetime, actor: Actor) -> bool:
    """Whether it was published; what keeps it from that is written down on the draft."""
    view = draft_view(row)
    try:
        if view.faults:
            raise CannotPublish(view.faults)
        plan = planned(draft=row, now=now)
        _refuse_unkept(row, view, now)
        with transaction.atomic(using=database()):
            _publish(row, view, plan, now=now, actor=actor)
    except SiteRestored:
        raise
    except PrivacyError as refusal:
        row.publish_at, row.refusal = None, str(refusal)[:500]
        row.save(update_fields=("publish_at", "refusal"))
        _record("policies.unscheduled", row, now=now, actor=actor, details={"faults": len(view.faults)})
        return False
    return True


def withdraw(*, version: PolicyVersion, reason: str, now: datetime, actor: Actor) -> PolicyWithdrawal:
    """Take back a version that was published by mistake: the one before it is in force again, and both stay readable.

    Where it may have bound somebody, its figures go on binding settings until a later version has had its notice.

    Args:
        reason: for readers, a sentence.

    Raises:
        AlreadyWithdrawn: it was before.
        NoReason: ``reason`` says nothing.
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    if not has_words(reason):
        raise NoReason(field="reason", problem="readers are not told why", mend="Say in a sentence what went wrong")
    with transaction.atomic(using=database()):
        lock(version.document_id, version.language)
        if PolicyWithdrawal.objects.using(database()).filter(pk=version.pk).exists():
            raise AlreadyWithdrawn(
                field="version", problem="it is withdrawn already", mend="Publish a new version if this was wrong"
            )
        made = PolicyWithdrawal(version=version, at=now, reason=reason.strip()[:500])
        made.save(using=database())
        journalling.withdrawn(made, now=now)
        notices.call_off(version=version, now=now, actor=actor)
        record(
            act="policies.withdrawn",
            label="privacy.PolicyVersion",
            counts={"version": version.number},
            details={"document": version.document_id, "language": version.language, "digest": version.digest},
            now=now,
            actor=actor,
        )
    return made


def _locked(draft: PolicyDraft) -> PolicyDraft:
    """The draft as it stands, for this transaction alone.

    Raises:
        DraftChanged: it is gone.
    """
    lock(draft.document_id, draft.language)
    row = PolicyDraft.objects.using(database()).select_for_update().filter(pk=draft.pk).first()
    if row is None:
        raise DraftChanged
    return row


def _refuse_unkept(draft: PolicyDraft, view: DraftView, now: datetime) -> None:
    key = PolicyVersion.key_of(draft.document_id, draft.language, view.number)
    refuse_unkept(version=key, figures=promised_in(view.figures), now=now)


def _publish(draft: PolicyDraft, view: DraftView, plan: Planned, *, now: datetime, actor: Actor) -> PolicyVersion:
    version = PolicyVersion(
        key=PolicyVersion.key_of(draft.document_id, draft.language, view.number),
        document_id=draft.document_id,
        language=draft.language,
        number=view.number,
        title=draft.title,
        form=draft.form,
        text=view.text,
        digest=view.digest,
        figures=view.figures,
        date_label=view.date_label,
        revised_on=draft.revised_on or localtime(plan.posted_at, settings.calendar.zone).date(),
        note=draft.note,
        material=draft.material,
        effect=plan.effect.stored(),
        early_reason=draft.early_reason if plan.effect.early else "",
        announced_at=plan.announced_at,
        published_at=plan.posted_at,
    )
    version.save(using=database())
    freeze(version=version.pk, figures=promised_in(version.figures), at=now)
    journalling.published(version, now=now)
    notices.announce(version=version, now=now, actor=actor)
    draft.delete()
    record(
        act="policies.published",
        label="privacy.PolicyVersion",
        counts={"version": version.number},
        details={"document": version.document_id, "language": version.language, "digest": version.digest},
        now=now,
        actor=actor,
    )
    return version


def _record(act: str, draft: PolicyDraft, *, now: datetime, actor: Actor, details: Mapping[str, object]) -> None:
    said = {"document": draft.document_id, "language": draft.language, **details}
    record(act=act, label="privacy.PolicyDraft", details=said, now=now, actor=actor)
