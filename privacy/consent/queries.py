"""How people stand to each purpose, for their own page and for staff. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Exists, Model, OuterRef, QuerySet

from privacy.consent.models import ConsentContext, ConsentRecord, Flag, Purpose, Wording
from privacy.consent.people import Person
from privacy.core.errors import PrivacyError
from privacy.core.people import created_field
from privacy.datamap.rows import key_as_text

M = TypeVar("M", bound=Model)


class UnknownPurpose(PrivacyError):
    """No purpose has this code. A question about one that nobody declared is a mistake, not a no."""

    def __init__(self) -> None:
        super().__init__(
            field="purpose",
            problem="no purpose has this code",
            mend="Declare it in the profile's [[consent.purposes]], or add it on the admin's screen of purposes",
        )


class State(StrEnum):
    """How a person stands to a purpose."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    BEFORE_APP = "before_app"
    NOT_ASKED = "not_asked"


def purpose_of(code: str) -> Purpose:
    """The purpose with this code, retired or not.

    Raises:
        UnknownPurpose: there is none.
    """
    found = Purpose.objects.filter(pk=code).first()
    if found is None:
        raise UnknownPurpose
    return found


def last_word(person: Person, purpose: str) -> ConsentRecord | None:
    """The ledger's last record about this person and purpose."""
    context = ConsentContext.objects.of(person).last_words().filter(purpose=purpose).select_related("record").first()
    return context.record if context else None


@dataclass(frozen=True, slots=True)
class Question:
    """One purpose as a person sees it.

    Attributes:
        wording: the words in which they are asked now; None where the site wrote none.
        state: how they stand to it.
        record: the ledger's last word; None before the first.
        stopped: an objection or a restriction keeps it from being used.
        newer: the words were changed since they answered.
    """

    purpose: Purpose
    wording: Wording | None
    state: State
    record: ConsentRecord | None
    stopped: bool
    newer: bool

    @property
    def chip(self) -> str:
        """The state as the design system calls it."""
        return {State.REFUSED: "declined", State.EXPIRED: "run_out"}.get(self.state, self.state.value)

    @property
    def is_open(self) -> bool:
        """Whether the person is still to be asked: they never answered, or their answer ran out."""
        return self.state in (State.BEFORE_APP, State.NOT_ASKED, State.EXPIRED)


def questions(
    person: Person, *, language: str, joined_at: datetime | None = None, now: datetime
) -> tuple[Question, ...]:
    """Every purpose for which people are asked, with this person's standing. Four queries.

    Args:
        language: the tag of the person's language; wordings of another are taken where it has none.
        joined_at: when the account was made. One that is older than a purpose, and has no record, is *before app*:
            it is asked, and never assumed to have agreed.
    """
    purposes = list(Purpose.objects.asking())
    words = served([purpose.code for purpose in purposes], language=language)
    mine = ConsentContext.objects.of(person).last_words().select_related("record", "record__wording")
    last = {context.purpose: context.record for context in mine}
    stopped = set(Flag.objects.of(person).stopping().values_list("purpose", flat=True))
    found = []
    for purpose in purposes:
        record, wording = last.get(purpose.code), words.get(purpose.code)
        asked_in = record.wording if record else None
        newer = bool(wording and asked_in and wording.version != asked_in.version)
        found.append(
            Question(
                purpose,
                wording,
                _state(record, purpose, joined_at, now),
                record,
                bool(stopped & {"", purpose.code}),
                newer,
            )
        )
    return tuple(found)


def open_questions(person: Person, *, now: datetime) -> int:
    """How many purposes this person is still to be asked about; one query, for the site's own pages."""
    answered = ConsentContext.objects.of(person).last_words().filter(purpose=OuterRef("pk"))
    answered = answered.exclude(record__decision="expired").exclude(
        record__decision="given", record__expires_at__lte=now
    )
    has_words = Wording.objects.filter(purpose=OuterRef("pk"))
    return Purpose.objects.asking().filter(~Exists(answered), Exists(has_words)).count()


def served(codes: Sequence[str], *, language: str) -> dict[str, Wording]:
    """The wording that is served for each purpose: the newest in this language, or in the nearest there is. One query.

    The nearest is the language without its region, then the site's own, then any.
    """
    from django.conf import settings as django_settings

    wanted = [language, language.partition("-")[0], django_settings.LANGUAGE_CODE.partition("-")[0]]
    newest: dict[tuple[str, str], Wording] = {}
    for wording in Wording.objects.filter(purpose__in=codes).newest_first():
        newest.setdefault((wording.purpose, wording.language.lower()), wording)
    found: dict[str, Wording] = {}
    for code in codes:
        of_purpose = {tag: wording for (purpose, tag), wording in newest.items() if purpose == code}
        tags = [tag.lower() for tag in wanted if tag.lower() in of_purpose] or list(of_purpose)
        if tags:
            found[code] = of_purpose[tags[0]]
    return found


@dataclass(frozen=True, slots=True)
class ConsentsPage:
    """What a member sees of their consents.

    Attributes:
        others: purposes that rest on something else than consent, each with whether the member objected.
        history: every decision, the newest first; ``title`` names its purpose.
        flags: restrictions and objections, those that stop something first.
    """

    questions: tuple[Question, ...]
    others: tuple[tuple[Purpose, bool], ...]
    history: tuple[tuple[str, ConsentRecord], ...]
    flags: tuple[tuple[str, Flag], ...]

    @property
    def open(self) -> int:
        return sum(question.is_open and question.wording is not None for question in self.questions)

    @property
    def restricted(self) -> bool:
        """Whether a restriction of everything stands."""
        return any(flag.stops and flag.kind == "restriction" and not flag.purpose for _, flag in self.flags)


def page_for(person: Person, *, language: str, joined_at: datetime | None, now: datetime) -> ConsentsPage:
    """The member's page; seven queries, whatever the number of purposes and decisions."""
    asked = questions(person, language=language, joined_at=joined_at, now=now)
    purposes = {purpose.code: purpose for purpose in Purpose.objects.all()}
    flags = sorted(flags_of(person), key=lambda flag: not flag.stops)
    objected = {flag.purpose for flag in flags if flag.stops}
    others = [
        (purpose, bool(objected & {"", purpose.code}))
        for purpose in purposes.values()
        if not purpose.needs_consent and purpose.retired_at is None
    ]

    def title(code: str) -> str:
        return purposes[code].title if code in purposes else code

    return ConsentsPage(
        questions=asked,
        others=tuple(others),
        history=tuple((title(context.purpose), context.record) for context in records_of(person)),
        flags=tuple((title(flag.purpose) if flag.purpose else "", flag) for flag in flags),
    )


def own_record(person: Person, reference: UUID) -> ConsentContext | None:
    """One of this person's decisions; nothing where it is another's."""
    return records_of(person).filter(record__reference=reference).first()


def flag_of(person: Person, key: UUID) -> Flag | None:
    """One of this person's flags; nothing where it is another's."""
    return flags_of(person).filter(pk=key).first()


def records_of(person: Person) -> QuerySet[ConsentContext]:
    """Every decision of a person, the newest first, with record and wording."""
    return ConsentContext.objects.of(person).select_related("record", "record__wording").order_by("-pk")


def flags_of(person: Person) -> QuerySet[Flag]:
    """Every restriction and objection of a person, the newest first."""
    return Flag.objects.of(person)


@dataclass(frozen=True, slots=True)
class PurposeFigures:
    """How people stand to a purpose.

    Attributes:
        standing: grants that stand now.
        decided: people the ledger has a last word of.
        before_app: accounts older than the purpose that have not answered; None where accounts have no date.
    """

    standing: int
    decided: int
    before_app: int | None


def figures_of(purpose: Purpose, *, now: datetime) -> PurposeFigures:
    """Three counts, whatever the number of people."""
    last = ConsentContext.objects.last_words().filter(purpose=purpose.code)
    standing = ConsentContext.objects.granting(now).filter(purpose=purpose.code).count()
    made = created_field()
    before: int | None = None
    if made and purpose.needs_consent:
        accounts: QuerySet[Any] = QuerySet(get_user_model())
        keyed = accounts.filter(**{f"{made}__lt": purpose.added_at}).alias(
            _who=key_as_text(get_user_model(), accounts.db)
        )
        before = keyed.filter(~Exists(last.filter(user_key=OuterRef("_who")))).count()
    return PurposeFigures(standing, last.exclude(user_key="", digest="").count(), before)


def records() -> QuerySet[ConsentRecord]:
    """The ledger; it names nobody."""
    return ConsentRecord.objects.all()


def purposes() -> QuerySet[Purpose]:
    """Every purpose, retired ones included."""
    return Purpose.objects.all()


def all_flags() -> QuerySet[Flag]:
    """Everybody's restrictions and objections."""
    return Flag.objects.all()


def _state(record: ConsentRecord | None, purpose: Purpose, joined_at: datetime | None, now: datetime) -> State:
    if record is None:
        return State.BEFORE_APP if joined_at is not None and joined_at < purpose.added_at else State.NOT_ASKED
    if record.expires_at is not None and record.expires_at <= now:
        return State.EXPIRED
    return State(record.decision)
