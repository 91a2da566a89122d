"""Restrictions (GDPR Art. 18) and objections (Art. 21): raised by the person, weighed and lifted by staff."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction

from privacy.consent import journalling, signals, surfaces
from privacy.consent.models import Flag, Purpose
from privacy.consent.people import Person
from privacy.consent.queries import purpose_of
from privacy.consent.rules import consent_rules
from privacy.consent.subjects import Subject
from privacy.consent.writing import using
from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.locks import one_at_a_time
from privacy.evidence.services import record

_LONGEST_REASON = 500


class AlreadyRaised(PrivacyError):
    """The same stands already."""


class NotOpen(PrivacyError):
    """It stops nothing any more, or was decided."""


class NoReason(PrivacyError):
    """The person must be told why."""


class CannotReject(PrivacyError):
    """An objection to direct marketing is never weighed (GDPR Art. 21(3))."""


class NoGround(PrivacyError):
    """A restriction needs one of the four grounds (GDPR Art. 18(1))."""


def restrict(*, person: Person, ground: str, purpose: str = "", surface: str, now: datetime, actor: Actor) -> Flag:
    """Restrict the use of a person's data from this moment on: it is stored, and otherwise left alone (HMY-10-6).

    Args:
        ground: one of ``Flag.Ground``.
        purpose: one purpose's code; empty restricts all.

    Raises:
        NoGround, UnknownPurpose, UnknownSurface: names the argument.
        AlreadyRaised: the same restriction stands.
    """
    if not ground or ground not in Flag.Ground.values:
        raise NoGround(
            field="ground", problem="it is none of the four", mend="Use accuracy, unlawful, claims, objection"
        )
    return _raise(Flag.Kind.RESTRICTION, person, purpose, ground, surface, now=now, actor=actor)


def object_to(*, person: Person, purpose: str = "", surface: str, now: datetime, actor: Actor) -> Flag:
    """Object to a use of one's data. It stops at once, and again only if the site shows better grounds (HMY-10-5).

    An objection to direct marketing needs no weighing and is upheld as it comes.

    Args:
        purpose: one purpose's code; empty objects to all.

    Raises:
        UnknownPurpose, UnknownSurface: names the argument.
        AlreadyRaised: the same objection stands.
    """
    return _raise(Flag.Kind.OBJECTION, person, purpose, "", surface, now=now, actor=actor)


def decide_objection(*, flag: Flag, uphold: bool, reason: str = "", now: datetime, actor: Actor) -> Flag:
    """Uphold an objection, or reject it with the reason that the person is told (HTC-5.1-9).

    What was objected to as a whole and is rejected goes on, upheld, against every purpose of direct marketing.

    Raises:
        NotOpen: it is no objection that waits.
        CannotReject: the purpose is direct marketing.
        NoReason: a rejection without one, or a reason that is too long.
    """
    reason = reason.strip()
    with transaction.atomic(using=using()):
        flag = _locked(flag)
        if flag.kind != Flag.Kind.OBJECTION or flag.outcome != Flag.Outcome.PENDING:
            raise NotOpen(field="flag", problem="it is no objection that waits", mend="Choose one that does")
        if not uphold and _is_marketing(flag.purpose):
            raise CannotReject(
                field="flag", problem="an objection to direct marketing is never weighed", mend="Uphold it"
            )
        _refuse_reason(reason, needed=not uphold)
        flag.outcome = Flag.Outcome.UPHELD if uphold else Flag.Outcome.REJECTED
        flag.decided_at, flag.reason = now, reason
        if not uphold:
            flag.until = consent_rules().proof_kept.end(now, settings.calendar)
        flag.save(update_fields=["outcome", "decided_at", "reason", "until"])
        _record("consent.flag_decided", flag, now=now, actor=actor)
        journalling.flagged(flag, flag.outcome, now=now)
        if not uphold and not flag.purpose:
            _go_on_against_marketing(flag, now=now, actor=actor)
    return flag


def lift(*, flag: Flag, reason: str, now: datetime, actor: Actor) -> Flag:
    """End a restriction or an objection. The person is told before (GDPR Art. 18(3)), or asks for it themselves.

    Raises:
        NotOpen: it stops nothing any more.
        NoReason: no reason, or one that is too long.
    """
    reason = reason.strip()
    _refuse_reason(reason, needed=True)
    with transaction.atomic(using=using()):
        flag = _locked(flag)
        flag.lifted_at, flag.reason = now, reason
        flag.until = consent_rules().proof_kept.end(now, settings.calendar)
        flag.save(update_fields=["lifted_at", "reason", "until"])
        _record("consent.flag_lifted", flag, now=now, actor=actor)
        journalling.flagged(flag, "lifted", now=now)
    return flag


def _raise(
    kind: Flag.Kind, person: Person, purpose: str, ground: str, surface: str, *, now: datetime, actor: Actor
) -> Flag:
    if purpose:
        purpose_of(purpose)
    surfaces.refuse_unknown(surface)
    subject = Subject.of(person)
    with transaction.atomic(using=using()):
        one_at_a_time(subject.lock, using())
        same = Flag.objects.using(using()).stopping().filter(kind=kind, purpose=purpose, **subject.filters)
        if same.exists():
            raise AlreadyRaised(field="purpose", problem="the same stands already", mend="Nothing is left to do")
        flag = Flag(kind=kind, purpose=purpose, ground=ground, raised_at=now, surface=surface, **subject.columns)
        if kind == Flag.Kind.RESTRICTION or _is_marketing(purpose):
            flag.outcome, flag.decided_at = Flag.Outcome.UPHELD, now
        flag.save(force_insert=True, using=using())
        _record("consent.flag_raised", flag, now=now, actor=actor)
        journalling.flagged(flag, "raised", now=now)
        told = partial(signals.withdrawn.send, sender=Flag, purpose=purpose, person=person, count=1)
        transaction.on_commit(told, using=using())
    return flag


def _go_on_against_marketing(flag: Flag, *, now: datetime, actor: Actor) -> None:
    whose = {"user_key": flag.user_key, "digest": flag.digest}
    flags = Flag.objects.using(using())
    stopped = flags.stopping().filter(kind=flag.kind, **whose).values("purpose")
    for purpose in Purpose.objects.in_force().filter(marketing=True).exclude(pk__in=stopped).order_by("pk"):
        kept = Flag(
            kind=flag.kind,
            purpose=purpose.code,
            raised_at=flag.raised_at,
            surface=flag.surface,
            digest_key=flag.digest_key,
            outcome=Flag.Outcome.UPHELD,
            decided_at=now,
            **whose,
        )
        kept.save(force_insert=True, using=using())
        _record("consent.flag_raised", kept, now=now, actor=actor)
        journalling.flagged(kept, "upheld", now=now)


def _locked(flag: Flag) -> Flag:
    found = Flag.objects.using(using()).select_for_update().stopping().filter(pk=flag.pk).first()
    if found is None:
        raise NotOpen(field="flag", problem="it stops nothing any more", mend="Raise a new one, if the ground is back")
    return found


def _is_marketing(purpose: str) -> bool:
    return bool(purpose) and Purpose.objects.filter(pk=purpose, marketing=True).exists()


def _record(act: str, flag: Flag, *, now: datetime, actor: Actor) -> None:
    details = {
        "flag": flag.pk,
        "kind": flag.kind,
        "purpose": flag.purpose,
        "ground": flag.ground,
        "outcome": flag.outcome,
        "reason": flag.reason,
    }
    record(act=act, label="privacy.Flag", subject=flag.user_key, details=details, now=now, actor=actor)


def _refuse_reason(reason: str, *, needed: bool) -> None:
    if (needed and not reason) or len(reason) > _LONGEST_REASON:
        raise NoReason(
            field="reason", problem="the person must be told why, in 500 letters at most", mend="Write the reason"
        )
