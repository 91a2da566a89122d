"""What a member has still to accept, by the profile's rules and the ledger. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max, Q

from privacy.consent.people import Person
from privacy.policies.acceptance.models import AcceptedVersion, Event, Kind
from privacy.policies.acceptance.timeline import Timeline, covered, timeline, using
from privacy.policies.models import PolicyVersion
from privacy.policies.rules import AskAgain, PolicyRules

#: What counts where the site asks: what the person said, or agreed to by signing up. No other act answers a question.
_ANSWERS = Q(acceptance__kind__in=(Kind.EXPRESS, Kind.ON_BEHALF)) | Q(acceptance__event=Event.SIGNUP)


class _Newest(NamedTuple):
    language: str
    number: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Owing:
    """How a member stands to the versions that bind them now.

    Attributes:
        documents: those that they have not accepted, by code; empty where all is well.
        by_use: going on to use the site accepts them; else the member is asked.
        quiet_until: nothing changes before this moment, unless something is published; None while nothing is to come.
        timeline: what it was read from.
    """

    documents: tuple[str, ...]
    by_use: bool
    quiet_until: datetime | None
    timeline: Timeline


def owing(user_key: str, rules: PolicyRules, *, now: datetime) -> Owing:
    """What a member has to accept now. Five queries, whatever the number of members and of acceptances.

    Where the site asks, only material changes count, and whoever never answered is asked in any case; where use
    accepts, every version counts.
    """
    asked = rules.acceptance
    seen = timeline(Person(user_key=user_key), covered(rules), now=now)
    if not asked.continued_use and asked.ask_again is AskAgain.NEVER:
        return Owing((), False, None, seen)
    binding = seen.binding()
    needed = binding if asked.continued_use else seen.binding_material()
    accepted = _accepted(user_key, answers_only=not asked.continued_use)
    open_ones = tuple(
        document
        for document in asked.documents
        if document in binding and not _answered(accepted.get(document, ()), needed.get(document))
    )
    return Owing(open_ones, asked.continued_use, seen.quiet_until(), seen)


def _answered(accepted: Collection[_Newest], needed: PolicyVersion | None) -> bool:
    """Whether what was accepted is at least what is needed: by number in its own language, by date in another."""
    if needed is None:
        return bool(accepted)
    return any(
        one.number >= needed.number if one.language == needed.language else one.published_at >= needed.published_at
        for one in accepted
    )


def _accepted(user_key: str, *, answers_only: bool) -> dict[str, list[_Newest]]:
    """The newest version that a member accepted, by document, in each language; withdrawn ones are none. One query."""
    rows = (
        AcceptedVersion.objects.using(using())
        .of_member(user_key)
        .filter(version__isnull=False, version__withdrawal__isnull=True)
    )
    if answers_only:
        rows = rows.filter(_ANSWERS)
    by_language = rows.order_by().values_list("document", "version__language")
    found: dict[str, list[_Newest]] = {}
    for document, *newest in by_language.annotate(Max("version__number"), Max("version__published_at")):
        found.setdefault(document, []).append(_Newest(*newest))
    return found
