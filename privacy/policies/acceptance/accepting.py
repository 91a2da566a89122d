"""Somebody accepts: by saying so, by an act that the text counts as agreement, or through staff (K02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from privacy.consent.people import Network, Person
from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.evidence.services import record
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, Event, Kind
from privacy.policies.acceptance.owing import owing
from privacy.policies.acceptance.timeline import Timeline, covered, timeline
from privacy.policies.acceptance.whom import Whom
from privacy.policies.acceptance.writing import Said, one_by_one, said_before, using, write
from privacy.policies.notices import put_away
from privacy.policies.rules import Kind as RuleOfAct
from privacy.policies.rules import PolicyRules, policy_rules

#: Acts that a profile may count as agreement.
_ACTS = (Event.SIGNUP, Event.PURCHASE, Event.DOWNLOAD, Event.CONTACT, Event.VISIT)
#: Acts that somebody does again: two of them are two, unless ``about`` says that they are one.
_EACH_TIME = (Event.PURCHASE, Event.DOWNLOAD, Event.CONTACT)


class VersionsChanged(PrivacyError):
    """The versions that were shown are not those that bind the person now."""


class NothingPublished(PrivacyError):
    """No version binds anybody: there is nothing to accept."""


class ExpressNeeded(PrivacyError):
    """The profile says that this act needs an express agreement, and nobody gave one."""


class NoAct(PrivacyError):
    """The event is no act that a profile counts as agreement."""


class NoReason(PrivacyError):
    """Staff accepted on somebody's behalf without saying why."""


class NotStaff(PrivacyError):
    """Somebody who is not staff would accept on another's behalf."""


def accept(
    *,
    person: Person,
    versions: Sequence[str],
    event: Event = Event.CHANGE,
    surface: str,
    language: str = "",
    about: str = "",
    network: Network | None = None,
    now: datetime,
    actor: Actor,
) -> Acceptance:
    """Write down that somebody said that they agree to the versions that they were shown.

    A member who answers the question about a change has seen its banner, too. It is no consent to any purpose (T15).
    The documents that belong to these are stored with it (HTC-0-3, CPT-0-3). Who says the same once more, as with a
    second click, is answered with the line that is there; a purchase, a download or a message that is not said to be
    the same one by ``about`` is another.

    Args:
        versions: the keys that were shown, ``["privacy.en.3"]``: of each document that the site asks about, the one
            that binds the person now.
        event: on what occasion.
        language: of the page that showed them.
        surface: where, ``"page"``.
        about: the site's own key of what was bought, downloaded or sent, ``"shop.Order 17"``.

    Returns:
        The acceptance; the one from before where it said the same, and no version was withdrawn since.

    Raises:
        VersionsChanged: others bind by now, or one of them was not shown.
        NothingPublished: none binds.
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    rules = policy_rules()
    with transaction.atomic(using=using()):
        one_by_one(person)
        seen = timeline(person, covered(rules), now=now)
        found = _snapshot(seen, rules)
        asked = {found[document] for document in rules.acceptance.documents} - {""}
        if not asked <= set(versions) <= set(found.values()):
            raise VersionsChanged(
                field="versions", problem="other versions bind by now", mend="Show those, and ask again"
            )
        if person.user_key and event == Event.CHANGE:
            put_away(user_key=person.user_key, versions=list(versions), now=now)
        said = Said(Kind.EXPRESS, event, found, surface, language=language, about=about, network=network)
        before = said_before(person, said, actor=actor) if about or event not in _EACH_TIME else None
        return before or write(Whom.of(person), said, now=now, actor=actor)


def deem(
    *,
    person: Person,
    event: Event,
    surface: str,
    language: str = "",
    about: str = "",
    network: Network | None = None,
    now: datetime,
    actor: Actor,
) -> Acceptance | None:
    """Write down an act that the published text counts as agreement (HTC-0-1, HVR-0-2, CPT-0-2, CPT-4-3).

    A site calls it where the act happens, whatever its profile says. Visits and sign-ups are written once a version.

    Args:
        event: sign-up, purchase, download, contact form or visit.
        surface, about: as in ``accept``.

    Returns:
        The acceptance; None where the text does not count the act as one, or no version binds yet.

    Raises:
        ExpressNeeded: the act needs an express agreement; ask with ``AgreementMixin``, and call ``accept``.
        NoAct: another event than these.
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    if event not in _ACTS:
        raise NoAct(field="event", problem="this is no act of a person", mend=f"Use one of: {', '.join(_ACTS)}")
    rules = policy_rules()
    counts: RuleOfAct = getattr(rules.acceptance, event.value)
    if counts is RuleOfAct.EXPRESS:
        raise ExpressNeeded(
            field="event",
            problem="the profile says that this act needs an express agreement",
            mend="Show the documents with a box to tick, and call accept",
        )
    if counts is RuleOfAct.NONE:
        return None
    with transaction.atomic(using=using()):
        one_by_one(person)
        try:
            found = _snapshot(timeline(person, covered(rules), now=now), rules)
        except NothingPublished:
            return None
        if event not in _EACH_TIME and (before := _before(person, event, found)):
            return before
        said = Said(Kind.DEEMED, event, found, surface, language=language, about=about, network=network)
        return write(Whom.of(person), said, now=now, actor=actor)


def accept_by_use(
    *, user_key: str, rules: PolicyRules, language: str = "", now: datetime, actor: Actor
) -> Acceptance | None:
    """Write down that a member went on to use the site after a version came to bind them (HTC-14-2, CPT-14-5).

    It is no consent to any purpose (T15).

    Returns:
        The acceptance; None where they had accepted what binds them already.

    Raises:
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    person = Person(user_key=user_key)
    with transaction.atomic(using=using()):
        one_by_one(person)
        # Two requests at once come here: the second finds what the first wrote.
        open_ones = owing(user_key, rules, now=now)
        if not open_ones.by_use or not open_ones.documents:
            return None
        found = _snapshot(open_ones.timeline, rules)
        return write(Whom.of(person), Said(Kind.CONTINUED, Event.USE, found, "site", language), now=now, actor=actor)


def accept_on_behalf(
    *, person: Person, reason: str, surface: str, language: str = "", now: datetime, actor: Actor
) -> Acceptance:
    """Staff write down that somebody agreed, on paper or by telephone; the same, sent twice, is one line.

    Args:
        reason: why staff enter it; kept in the half that is erased.
        surface: how it reached the site, ``"paper"``.

    Raises:
        NotStaff: the actor is no member of staff, and no command.
        NoReason: ``reason`` is empty.
        NothingPublished: no version binds.
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    if actor.kind not in ("staff", "command"):
        raise NotStaff(field="actor", problem="only staff accept for others", mend="Ask the person")
    if not reason.strip():
        raise NoReason(field="reason", problem="nobody could tell later why", mend="Say how the person agreed")
    rules = policy_rules()
    with transaction.atomic(using=using()):
        one_by_one(person)
        found = _snapshot(timeline(person, covered(rules), now=now), rules)
        said = Said(Kind.ON_BEHALF, Event.STAFF, found, surface, language=language, reason=reason.strip()[:500])
        return said_before(person, said, actor=actor) or write(Whom.of(person), said, now=now, actor=actor)


def forget_address(*, person: Person, now: datetime, actor: Actor) -> int:
    """Erase somebody without an account from the ledger: what stays is a proof under a pseudonym, until its end.

    Returns:
        How many acceptances lost their person.
    """
    with transaction.atomic(using=using()):
        contexts = AcceptanceContext.objects.using(using()).of(person).filter(user_key="")
        gone = contexts.update(digest="", network="", about="", reason="")
        if gone:
            counts = {"rows": gone}
            record(
                act="policies.address_forgotten", label="privacy.AcceptanceContext", counts=counts, now=now, actor=actor
            )
    return gone


def _snapshot(seen: Timeline, rules: PolicyRules) -> dict[str, str]:
    """The keys of the versions that bind now, by document.

    Raises:
        NothingPublished: not one of those that the site asks about.
    """
    binding = seen.binding()
    if not any(document in binding for document in rules.acceptance.documents):
        raise NothingPublished(
            field="versions", problem="nothing is published that binds anybody", mend="Publish the document first"
        )
    return {document: binding[document].pk if document in binding else "" for document in covered(rules)}


def _before(person: Person, event: Event, versions: Mapping[str, str]) -> Acceptance | None:
    """An acceptance of just these versions on such an occasion."""
    mine = AcceptanceContext.objects.using(using()).of(person).filter(acceptance__event=event)
    for context in mine.select_related("acceptance").prefetch_related("acceptance__versions").order_by("-pk")[:5]:
        if context.acceptance.accepted == versions:
            return context.acceptance
    return None
