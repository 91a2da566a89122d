"""What the site does with people's data for a purpose, as the declared tables show it.

A table rests on a purpose when its declaration names the purpose, or a use that the purpose covers. A row counts from
the moment at which its period begins, or, where the declaration names none, from when its person's account was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

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
    """Rows whose person had not agreed to any of the purposes before. Those from before the site asked are left out."""
    since = min(purpose.added_at for purpose in resting.purposes)
    granted = ConsentContext.objects.filter(purpose__in=resting.codes, record__decision="given")
    count = 0
    for rows, moment in _rows(resting.declared):
        before = granted.filter(user_key=OuterRef("_who"))
        if moment:
            rows = rows.filter(**{f"{moment}__gte": since})
        if resting.declared.expiries:
            # The row's own moment; of one that is known only by its account, nobody can say when it came.
            before = before.filter(record__at__lte=OuterRef(moment))
        count += rows.filter(~Exists(before)).count()
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
            columns = (side.path, moment) if moment else (side.path, Value(None, output_field=DateTimeField()))
            found = rows.filter(pk__in=keys).values_list(*columns)
            people = [(Person(address=address), at) for address, at in found if address and address.strip()]
            told = granted.of_any([person for person, _at in people])  # type: ignore[attr-defined]
            first = dict(told.order_by().values_list("digest").annotate(Min("record__at")))
            yield sum(not _agreed_before(person, at, first) for person, at in people)


def _agreed_before(person: Person, at: Any, first: Mapping[str, datetime]) -> bool:
    agreed = [first[word] for word in person.digests if word in first]
    return bool(agreed) and (not isinstance(at, datetime) or min(agreed) <= at)


def agreed_no_more(resting: Resting) -> int:
    """Rows that came into being while their person's last word, of each purpose that they spoke of, was no grant.

    What counts is how things stood at that moment: agreeing again later mends nothing that came in between.
    """
    count = 0
    for rows, moment in _rows(resting.declared):
        if not moment:
            continue
        names = [f"_word_{number}" for number, _ in enumerate(resting.codes)]
        words = {name: _word_at(code, moment) for name, code in zip(names, resting.codes, strict=True)}
        ended, given = Q(), Q()
        for name in names:
            ended |= Q(**{f"{name}__in": ("refused", "withdrawn", "expired")})
            given |= Q(**{name: "given"})
        count += rows.alias(**words).filter(ended & ~given).count()
    return count


def _word_at(purpose: str, moment: str) -> Any:
    """What the ledger's last word about a row's person was when the row came into being; empty before the first."""
    run_out = Q(record__decision="given", record__expires_at__lte=OuterRef(moment))
    said = ConsentContext.objects.filter(user_key=OuterRef("_who"), purpose=purpose, record__at__lt=OuterRef(moment))
    word = Case(When(run_out, then=Value("expired")), default=F("record__decision"), output_field=TextField())
    last = said.annotate(_word=word).order_by("-record__at", "-record_id").values("_word")[:1]
    return Coalesce(Subquery(last), Value(""), output_field=TextField())


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
