"""What the site does with people's data for a purpose, as the declared tables show it.

A table rests on a purpose when its declaration names the purpose, or a use that the purpose covers. A row counts from
the moment at which its period begins, or, where the declaration names none, from when its person's account was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from privacy.consent.models import ConsentContext, Flag, Purpose
from privacy.consent.people import Person
from privacy.consent.writing import using
from privacy.core.batches import keyset
from privacy.core.conf import settings
from privacy.core.people import created_field
from privacy.datamap.answers import by_host, own
from privacy.datamap.graph import Declared, Side
from privacy.datamap.rows import key_as_text


@dataclass(frozen=True, slots=True)
class Resting:
    """One declared table and the purposes that its rows rest on."""

    declared: Declared
    purposes: tuple[Purpose, ...]

    @property
    def codes(self) -> list[str]:
        return [purpose.code for purpose in self.purposes]


def on_consent(source: str = "") -> list[Resting]:
    """The site's own tables that rest on consent, each with the purposes that ask for it; without one, with none.

    Args:
        source: only tables whose source begins so, ``"provider"``.
    """
    purposes = list(Purpose.objects.asking())
    asked = [item for item in by_host(own()) if item.legal_basis == "consent" and item.source.startswith(source)]
    return [Resting(item, _covering(item, purposes)) for item in asked]


def for_purposes(purposes: Sequence[Purpose]) -> list[Resting]:
    """The site's own tables that serve some purposes on the same legal basis."""
    found = [
        Resting(item, _covering(item, [one for one in purposes if one.legal_basis == item.legal_basis]))
        for item in by_host(own())
    ]
    return [one for one in found if one.purposes]


def never_agreed(resting: Resting) -> int:
    """Rows whose person never agreed to any of the purposes. Those from before the site asked are left out."""
    since = min(purpose.added_at for purpose in resting.purposes)
    granted = ConsentContext.objects.filter(purpose__in=resting.codes, record__decision="given")
    count = 0
    for rows, moment in _rows(resting.declared):
        if moment:
            rows = rows.filter(**{f"{moment}__gte": since})
        count += rows.filter(~Exists(granted.filter(user_key=OuterRef("_who")))).count()
    return count + sum(_addresses_without(resting.declared, granted, since))


def _addresses_without(declared: Declared, granted: QuerySet[Any], since: datetime) -> Iterator[int]:
    """Rows of people without an account who never agreed: a database cannot make digests, so they are walked over."""
    moment = str(declared.expiries[0].start) if declared.expiries else ""
    for side in declared.sides:
        if side.kind != "email":
            continue
        rows: QuerySet[Any] = QuerySet(declared.model, using=declared.using).exclude(**{side.path: ""})
        rows = rows.filter(**{f"{moment}__gte": since}) if moment else rows
        for keys in keyset(rows, settings.batch_size):
            addresses = rows.filter(pk__in=keys).values_list(side.path, flat=True)
            people = [Person(address=address) for address in addresses if address and address.strip()]
            known = set(granted.of_any(people).values_list("digest", flat=True))  # type: ignore[attr-defined]
            yield sum(not known.intersection(person.digests) for person in people)


def agreed_no_more(resting: Resting) -> int:
    """Rows that came into being after their person took the last consent back, or let it run out."""
    last = ConsentContext.objects.last_words().filter(purpose__in=resting.codes)
    over = last.exclude(record__decision="given")
    count = 0
    for rows, moment in _rows(resting.declared):
        if not moment:
            continue
        theirs = over.filter(user_key=OuterRef("_who"), record__at__lt=OuterRef(moment))
        standing = last.filter(user_key=OuterRef("_who"), record__decision="given")
        count += rows.filter(Exists(theirs), ~Exists(standing)).count()
    return count


def stopped(resting: Resting, kind: str) -> int:
    """Rows that came into being after a flag of this kind, which still stands, was raised against their purpose."""
    flags = Flag.objects.stopping().filter(Q(purpose="") | Q(purpose__in=resting.codes), kind=kind)
    count = 0
    for rows, moment in _rows(resting.declared):
        if moment:
            count += rows.filter(
                Exists(flags.filter(user_key=OuterRef("_who"), raised_at__lt=OuterRef(moment)))
            ).count()
    return count


def began_to_ask() -> datetime | None:
    """When the first purpose was declared; later ones were added later."""
    found: datetime | None = Purpose.objects.aggregate(first=Min("added_at"))["first"]
    return found


def _covering(declared: Declared, purposes: Sequence[Purpose]) -> tuple[Purpose, ...]:
    return tuple(one for one in purposes if declared.purpose in (one.code, *one.covers))


def _rows(declared: Declared) -> Iterator[tuple[QuerySet[Any], str]]:
    """The rows of each side with ``_who``, their person's key as text, and the path of their moment."""
    if declared.using != using():
        return
    for side in declared.sides:
        if side.kind not in ("user", "key"):
            continue
        rows: QuerySet[Any] = QuerySet(declared.model, using=declared.using)
        yield rows.alias(_who=_who(declared, side)).filter(_who__isnull=False), _moment(declared, side)


def _who(declared: Declared, side: Side) -> Any:
    if side.kind == "key":
        return Cast(F(side.path), TextField())
    return key_as_text(get_user_model(), declared.using, f"{side.path}__pk" if side.path else "pk")


def _moment(declared: Declared, side: Side) -> str:
    if declared.expiries:
        return str(declared.expiries[0].start)
    made = created_field() if side.kind == "user" else ""
    return "__".join(filter(None, (side.path, made))) if made else ""


__all__ = ["Resting", "agreed_no_more", "began_to_ask", "for_purposes", "never_agreed", "on_consent", "stopped"]
