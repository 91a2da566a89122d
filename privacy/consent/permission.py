"""Who permits what: the one question a site asks before it uses data. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from privacy.consent.models import ConsentContext, Flag, Purpose
from privacy.consent.people import Person
from privacy.consent.queries import UnknownPurpose, purpose_of
from privacy.core.batches import chunks
from privacy.core.conf import settings
from privacy.datamap.rows import key_as_text

M = TypeVar("M", bound=Model)


def standing(person: Person | None, *, now: datetime) -> Mapping[str, bool]:
    """For each purpose whether this person's data may be processed for it now; one query, whatever their number.

    A purpose that rests on consent needs a grant that stands; any other needs no restriction and no objection. A
    purpose that was retired is never permitted.

    Args:
        person: None is somebody of whom nothing is known: they have agreed to nothing and objected to nothing.
    """
    contexts, flags = ConsentContext.objects.granting(now), Flag.objects.stopping()
    granted = contexts.of(person) if person else contexts.none()
    stopped = flags.of(person) if person else flags.none()
    rows = Purpose.objects.order_by().annotate(
        _granted=Exists(granted.filter(purpose=OuterRef("pk"))),
        _stopped=Exists(stopped.filter(Q(purpose="") | Q(purpose=OuterRef("pk")))),
    )
    columns = ("pk", "legal_basis", "retired_at", "_granted", "_stopped")
    return {
        code: retired is None and not is_stopped and (is_granted or basis != "consent")
        for code, basis, retired, is_granted, is_stopped in rows.values_list(*columns)
    }


def may_process(person: Person | None, purpose: str, *, now: datetime) -> bool:
    """Whether this person's data may be processed for a purpose now (HTC-2-2, HMY-10-5, HMY-10-6). One query.

    Raises:
        UnknownPurpose: nobody declared it.
    """
    found = standing(person, now=now)
    if purpose not in found:
        raise UnknownPurpose
    return found[purpose]


def permitted(people: Sequence[Person], purpose: str, *, now: datetime) -> set[Person]:
    """Those whose data may be processed for a purpose now: one query for the purpose, two at most for each batch.

    Raises:
        UnknownPurpose: nobody declared it.
    """
    asked = purpose_of(purpose)
    found: set[Person] = set()
    if asked.retired_at is not None:
        return found
    for some in chunks(list(people), settings.batch_size):
        stopped = _who(Flag.objects.stopping().about(purpose).of_any(some))
        granting = ConsentContext.objects.granting(now).filter(purpose=purpose)
        granted = _who(granting.of_any(some)) if asked.needs_consent else None
        for person in some:
            words = {person.user_key} if person.user_key else set(person.digests)
            if not words & stopped and (granted is None or words & granted):
                found.add(person)
    return found


def against_promotion(people: Sequence[Person], purpose: str = "") -> set[Person]:
    """Those whose own word keeps promotion away that does not rest on their consent. Two queries for each batch.

    A restriction or an objection against the purpose or against everything, and a purpose refused or taken back. An
    objection to everything covers direct marketing, which is never weighed: it holds here though it was rejected.

    Args:
        purpose: empty where the promotion is for none that was declared.
    """
    found: set[Person] = set()
    for some in chunks(list(people), settings.batch_size):
        words = _who(Flag.objects.stopping_promotion().about(purpose).of_any(some))
        if purpose:
            last = ConsentContext.objects.last_words().filter(purpose=purpose)
            words |= _who(last.filter(record__decision__in=("refused", "withdrawn")).of_any(some))
        found |= {person for person in some if words & ({person.user_key} if person.user_key else set(person.digests))}
    return found


def permitted_rows(rows: QuerySet[M], purpose: str, *, subject: str = "", now: datetime) -> QuerySet[M]:
    """The rows whose person permits a purpose, as part of the same query; one query more, for the purpose.

    Args:
        rows: of any model that leads to the user.
        subject: ORM path to the user, ``"customer"``; empty on the user model itself.

    Raises:
        UnknownPurpose: nobody declared it.
    """
    asked = purpose_of(purpose)
    if asked.retired_at is not None:
        return rows.none()
    path = f"{subject}__pk" if subject else "pk"
    keyed: QuerySet[Any] = rows.alias(_privacy_person=key_as_text(get_user_model(), rows.db, path))
    here = {"user_key": OuterRef("_privacy_person")}
    keyed = keyed.filter(~Exists(Flag.objects.stopping().about(purpose).filter(**here)))
    if asked.needs_consent:
        keyed = keyed.filter(Exists(ConsentContext.objects.granting(now).filter(purpose=purpose, **here)))
    return keyed


def _who(rows: QuerySet[Any]) -> set[str]:
    return {key or digest for key, digest in rows.order_by().values_list("user_key", "digest")}
