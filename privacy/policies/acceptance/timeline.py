"""Which versions bind one person, and from when. The ledger and the gate both go by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import router

from privacy.consent.people import Person
from privacy.core.conf import settings
from privacy.core.people import created_field, joined_at
from privacy.policies.binding import leading
from privacy.policies.clocks import Effect, binds_from
from privacy.policies.models import PolicyNotice, PolicyVersion
from privacy.policies.rules import EffectRule, PolicyRules


@dataclass(frozen=True, slots=True)
class Timed:
    """A version, and from when it binds the person.

    Attributes:
        binds_at: in UTC.
        not_before: it cannot bind sooner, whatever is dispatched from now on.
    """

    version: PolicyVersion
    binds_at: datetime
    not_before: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """The standing versions of some documents in the language in which each binds, as they bind one person.

    Attributes:
        rows: by document, the numbers rising.
        now: the moment of the question.
    """

    rows: tuple[Timed, ...]
    now: datetime

    def binding(self) -> dict[str, PolicyVersion]:
        """The version that binds now, by document."""
        return {one.version.document_id: one.version for one in self.rows if one.binds_at <= self.now}

    def binding_material(self) -> dict[str, PolicyVersion]:
        """The newest one that binds among those that readers are asked about, by document."""
        bound = (one.version for one in self.rows if one.binds_at <= self.now and one.version.material)
        return {version.document_id: version for version in bound}

    def quiet_until(self) -> datetime | None:
        """Nothing changes for the person before this moment; None while nothing is to come."""
        return min((one.not_before for one in self.rows if one.binds_at > self.now), default=None)


def timeline(person: Person, documents: Iterable[str], *, now: datetime) -> Timeline:
    """How the versions of some documents bind a person. Four queries; memory grows with the versions alone.

    Somebody without an account is taken for one who signs up now.
    """
    versions = PolicyVersion.objects.using(using()).filter(document_id__in=list(documents)).standing().without_text()
    told: dict[str, datetime] = {}
    joined: datetime | None = now
    if person.user_key:
        joined = _joined(person.user_key, now)
        notices = PolicyNotice.objects.using(using()).of(person.user_key).dispatched()
        told = {key: at for key, at in notices.values_list("version_id", "dispatched_at") if at is not None}
    rows = []
    for some in leading(versions.order_by("document_id", "language", "-number"), now).values():
        for version in reversed(some):
            effect, dispatched = Effect.read(version.effect), told.get(version.pk)
            moment = binds_from(effect, posted_at=version.published_at, dispatched_at=dispatched, joined_at=joined)
            rows.append(Timed(version, moment, moment if dispatched else min(moment, _soonest(effect, now))))
    return Timeline(tuple(rows), now)


def using() -> str:
    """Where all this is written: a copy that is read elsewhere may not know yet what was published."""
    return router.db_for_write(PolicyVersion)


def covered(rules: PolicyRules) -> tuple[str, ...]:
    """The documents of an acceptance: those that the site asks about, and those that belong to them."""
    asked = rules.acceptance.documents
    companions = (one for document in asked for one in rules.companions.get(document, ()))
    return tuple(dict.fromkeys((*asked, *companions)))


def _joined(user_key: str, now: datetime) -> datetime | None:
    """When the account was made; None where it is gone or the user model does not tell."""
    field = created_field()
    accounts = get_user_model()._base_manager.filter(pk=user_key)
    user = accounts.only(field).first() if field else None
    joined = joined_at(user) if user is not None else None
    # A site may ask for the moment first, and make the account then.
    return min(joined, now) if joined else None


def _soonest(effect: Effect, now: datetime) -> datetime:
    """When a mail that goes out now would make it bind."""
    lead = effect.email_lead if effect.rule is EffectRule.EARLIER else effect.lead
    return max(now, lead.end(now, settings.calendar))
