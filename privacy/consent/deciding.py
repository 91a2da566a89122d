"""A person agrees, refuses, or takes back. Every answer is a new line of the ledger, tied to the words shown."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from privacy.consent import journalling, surfaces
from privacy.consent.models import Choice, ConsentContext, ConsentRecord, Decision, Flag, Purpose, Wording
from privacy.consent.people import Network, Person
from privacy.consent.queries import purpose_of
from privacy.consent.subjects import Subject
from privacy.consent.writing import last_of, using, write
from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.evidence.services import record as record_evidence


class NobodyIsAsked(PrivacyError):
    """The purpose rests on something else than consent, or was retired."""


class WordingReplaced(PrivacyError):
    """The words that were shown are not those that are served, or belong to another purpose."""


class NothingToWithdraw(PrivacyError):
    """The ledger's last word is no grant."""


def decide(
    *,
    person: Person,
    purpose: str,
    choice: Choice,
    wording: Wording,
    surface: str,
    language: str,
    network: Network | None = None,
    now: datetime,
    actor: Actor,
) -> ConsentRecord:
    """Write down what a person answered to the words that they were shown (HTC-2-2, HVR-3-3).

    A no after a yes takes the yes back. A yes after a yes renews it, from now.

    Args:
        surface: where, ``"page:signup"``; what is no act of the person gives no consent.
        language: in which they were asked; that of the wording.

    Raises:
        UnknownPurpose, NobodyIsAsked, WordingReplaced, NoConsentFrom, UnknownSurface: names the argument.
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    asked = _asked(purpose)
    if choice == Choice.GIVEN:
        surfaces.refuse_for_grant(surface, express=asked.express)
    else:
        surfaces.refuse_unknown(surface)
    _refuse_other_words(asked, wording, language)
    subject = Subject.of(person)
    with transaction.atomic(using=using()):
        last = last_of(subject, purpose)
        decision = Decision(choice.value)
        if decision == Decision.REFUSED and last is not None and last.record.decision == Decision.GIVEN:
            decision = Decision.WITHDRAWN
        ends = asked.grant_lasts.end(now, settings.calendar) if decision == Decision.GIVEN else None
        written = write(
            subject,
            purpose,
            decision,
            last=last,
            wording=wording,
            surface=surface,
            language=language,
            network=network,
            expires_at=ends,
            person=person,
            now=now,
            actor=actor,
        )
        if decision == Decision.WITHDRAWN:
            journalling.withdrawn(subject, written, now=now)
    return written


def withdraw(
    *,
    person: Person,
    purpose: str,
    surface: str,
    language: str = "",
    network: Network | None = None,
    now: datetime,
    actor: Actor,
) -> ConsentRecord:
    """Take a grant back, for the future: what was done before stays lawful, and its record as it is (HMY-10-8, X16).

    Raises:
        UnknownPurpose, UnknownSurface: names the argument.
        NothingToWithdraw: the ledger's last word is no grant.
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    purpose_of(purpose)
    surfaces.refuse_unknown(surface)
    subject = Subject.of(person)
    with transaction.atomic(using=using()):
        last = last_of(subject, purpose)
        if last is None or last.record.decision != Decision.GIVEN:
            raise NothingToWithdraw(
                field="purpose", problem="there is no consent to take back", mend="Nothing is left to do"
            )
        written = write(
            subject,
            purpose,
            Decision.WITHDRAWN,
            last=last,
            wording=last.record.wording,
            surface=surface,
            language=language or last.record.language,
            network=network,
            person=person,
            now=now,
            actor=actor,
        )
        journalling.withdrawn(subject, written, now=now)
    return written


def forget_address(*, person: Person, now: datetime, actor: Actor) -> int:
    """Erase somebody without an account from the ledger: what stays is a proof under a pseudonym, until its end.

    Returns:
        How many decisions and flags lost their person.
    """
    with transaction.atomic(using=using()):
        contexts = ConsentContext.objects.using(using()).of(person).filter(user_key="")
        gone = contexts.update(digest="", network="", is_last=False)
        gone += Flag.objects.using(using()).of(person).filter(user_key="").delete()[0]
        if gone:
            counts = {"rows": gone}
            record_evidence(
                act="consent.address_forgotten", label="privacy.ConsentContext", counts=counts, now=now, actor=actor
            )
    return gone


def _asked(code: str) -> Purpose:
    purpose = purpose_of(code)
    if not purpose.needs_consent or purpose.retired_at is not None:
        raise NobodyIsAsked(
            field="purpose",
            problem="nobody is asked about it",
            mend="Record an objection, if somebody does not want it",
        )
    return purpose


def _refuse_other_words(purpose: Purpose, wording: Wording, language: str) -> None:
    if wording.purpose != purpose.code or wording.language != language:
        raise WordingReplaced(
            field="wording", problem="it belongs to another purpose or language", mend="Give the wording that was shown"
        )
    newest = Wording.objects.of(purpose.code).filter(language=language).newest_first().values_list("pk", flat=True)
    if newest.first() != wording.pk:
        raise WordingReplaced(
            field="wording", problem="other words are served by now", mend="Show the new words, and ask again"
        )
