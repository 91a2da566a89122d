"""What a member accepted and has still to accept, and how many accepted what. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Count, Max, Q, QuerySet

from privacy.consent.people import Person
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, AcceptedVersion
from privacy.policies.acceptance.owing import owing
from privacy.policies.acceptance.timeline import covered
from privacy.policies.binding import leading
from privacy.policies.models import PolicyVersion
from privacy.policies.rules import policy_rules

__all__ = ["Asked", "Question", "Share", "asked_of", "ledger", "own", "own_one", "shares"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One document of the question.

    Attributes:
        version: the one that binds the member now.
        is_open: the member has not accepted it.
        before: the number of the last version that they accepted in this language; 0 where they never did.
    """

    version: PolicyVersion
    is_open: bool
    before: int

    @property
    def changed(self) -> bool:
        """Whether there are two versions to compare."""
        return 0 < self.before < self.version.number


@dataclass(frozen=True, slots=True)
class Question:
    """What a member is asked.

    Attributes:
        documents: every document of an acceptance that binds them, open or not.
        is_open: they have to answer before the site goes on.
        by_use: going on to use the site is their answer; nobody asks.
        never: they have accepted nothing so far.
        before_app: their account is older than the first version that the app published: it is asked, never filled in.
    """

    documents: tuple[Asked, ...]
    is_open: bool
    by_use: bool
    never: bool
    before_app: bool


def asked_of(person: Person, *, joined_at: datetime | None = None, now: datetime) -> Question:
    """What a member has to accept, for their own page. Some ten queries.

    Args:
        joined_at: when the account was made.
    """
    rules = policy_rules()
    found = owing(person.user_key, rules, now=now)
    binding = found.timeline.binding()
    last = _last_accepted(person)
    documents = tuple(
        Asked(binding[one], one in found.documents, last.get((one, binding[one].language), 0))
        for one in covered(rules)
        if one in binding
    )
    began = min((one.version.published_at for one in found.timeline.rows), default=None)
    never = not last
    return Question(
        documents=documents,
        is_open=bool(found.documents) and not found.by_use,
        by_use=rules.acceptance.continued_use,
        never=never,
        before_app=never and bool(joined_at and began and joined_at < began),
    )


def own(person: Person) -> QuerySet[AcceptanceContext]:
    """Everything that somebody accepted, the latest first, with its versions: two queries."""
    mine = AcceptanceContext.objects.of(person).select_related("acceptance")
    return mine.prefetch_related("acceptance__versions__version").order_by("-acceptance__at", "-pk")


def own_one(person: Person, reference: UUID) -> AcceptanceContext | None:
    """One acceptance of somebody's."""
    return own(person).filter(acceptance__reference=reference).first()


def ledger() -> QuerySet[Acceptance]:
    """The whole ledger, without people, with its versions."""
    return Acceptance.objects.prefetch_related("versions__version")


@dataclass(frozen=True, slots=True)
class Share:
    """How many members accepted a version.

    Attributes:
        open_ones: members of the site who did not accept this version.
    """

    version: PolicyVersion
    accepted: int
    open_ones: int


def shares(*, now: datetime, limit: int = 12) -> list[Share]:
    """The newest versions, with the members who accepted each. Four queries; one reads each acceptance of them.

    Accounts that cannot sign in are not counted.
    """
    rules = policy_rules()
    rows = PolicyVersion.objects.filter(document_id__in=covered(rules)).standing().without_text()
    binding = leading(rows.order_by("document_id", "language", "-number"), now).values()
    standing = [version for some in binding for version in some]
    versions = sorted(standing, key=lambda one: (one.published_at, one.pk), reverse=True)[:limit]
    members = Count("acceptance__context__user_key", distinct=True, filter=~Q(acceptance__context__user_key=""))
    accepted = AcceptedVersion.objects.filter(version__in=[one.pk for one in versions]).order_by()
    counts = dict(accepted.values_list("version").annotate(members=members))
    accounts = get_user_model()._base_manager.filter(is_active=True).count()
    return [Share(one, counts.get(one.pk, 0), max(accounts - counts.get(one.pk, 0), 0)) for one in versions]


def _last_accepted(person: Person) -> dict[tuple[str, str], int]:
    rows = AcceptedVersion.objects.of_member(person.user_key).filter(version__isnull=False).order_by()
    found = rows.values_list("document", "version__language").annotate(newest=Max("version__number"))
    return {(document, language): number for document, language, number in found}
