"""Telling people of a version, by the channels that the profile promises, and remembering when each was told.

The posting is the version's own column and always there. Mails are one mailing of the messages room, to every account.
When a mail left stands in a row of ours as well, since a day rests on it that must be known after the outbox forgot.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import router, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.periods import Period
from privacy.evidence.services import record
from privacy.messages.addressing import newest_addresses
from privacy.messages.classes import Kind
from privacy.messages.models import Mailing, OutboxMessage
from privacy.messages.services import WrongMailingState, notify_everybody, stop
from privacy.policies.binding import binds_everybody_from, changes_at_work
from privacy.policies.clocks import Effect
from privacy.policies.models import PolicyAnnouncement, PolicyNotice, PolicyVersion
from privacy.policies.rules import EffectRule, Told
from privacy.promises.queries import facts

_LONGEST_CODE = 60


def announce(*, version: PolicyVersion, now: datetime, actor: Actor) -> PolicyAnnouncement | None:
    """Begin to tell every account by mail, where the version's channels say so. Safe to call again.

    The same number of queries for any number of accounts: the outbox gathers them afterwards, in constant memory. A
    translation is told of by the version in the language that binds, so that nobody gets two mails about one change.

    Raises:
        UntruthfulSender, NoWayOut, NoPostalAddress: no mail of it could ever leave.
    """
    effect = Effect.read(version.effect)
    if Told.EMAIL not in effect.channels:
        return None
    using = router.db_for_write(PolicyAnnouncement)
    with transaction.atomic(using=using):
        if PolicyAnnouncement.objects.using(using).filter(pk=version.pk).exists():
            return None
        subject, text = _words(version, effect)
        mailing = notify_everybody(
            code=_code(version.pk), subject=subject, text=text, language=version.language, now=now, actor=actor
        )
        made = PolicyAnnouncement(version=version, mailing=mailing.pk, at=now)
        made.save(using=using, force_insert=True)
        record(
            act="policies.announced",
            label="privacy.PolicyVersion",
            counts={"version": version.number},
            details={"document": version.document_id, "language": version.language, "mailing": str(mailing.pk)},
            now=now,
            actor=actor,
        )
    return made


def announce_missing(*, now: datetime, actor: Actor) -> int:
    """Begin the mails of versions at work that have none yet, such as after a restore; returns how many were begun.

    Whoever got the mail before the restore does not get it again: the journal knows. Three queries, and those of each
    version that is announced.
    """
    at_work = [row for row, effect in changes_at_work(now, translations=False) if Told.EMAIL in effect.channels]
    begun = set(PolicyAnnouncement.objects.filter(version__in=at_work).values_list("pk", flat=True))
    waiting = [row for row in at_work if row.pk not in begun]
    return sum(announce(version=row, now=now, actor=actor) is not None for row in waiting)


def call_off(*, version: PolicyVersion, now: datetime, actor: Actor) -> None:
    """What still waits of a version's mails does not go: it was withdrawn."""
    begun = PolicyAnnouncement.objects.filter(pk=version.pk).first()
    mailing = Mailing.objects.filter(pk=begun.mailing).first() if begun else None
    if mailing is None:
        return
    try:
        stop(mailing=mailing, now=now, actor=actor)
    except WrongMailingState:
        return  # every mail left before: there is nothing to stop


def remember_dispatch(*, message: OutboxMessage, at: datetime) -> None:
    """A mail of a version left: its reader was told at this moment, whether or not it arrives (CPT-14-2, CPT-14-6).

    The first one counts, should another follow. Nothing is kept of an account that is gone meanwhile. Four queries;
    none where the mail is no notice, so that a newsletter costs what it did.
    """
    version = _version_of(message)
    address = newest_addresses([message.user_key]).get(message.user_key) if version and message.user_key else None
    if address is None:
        return
    notice = {"version_id": version, "user_key": message.user_key}
    # The member may put the banner away at the same moment.
    PolicyNotice.objects.bulk_create([PolicyNotice(**notice)], ignore_conflicts=True)
    untold = PolicyNotice.objects.filter(**notice, dispatched_at=None)
    untold.update(dispatched_at=at, newest=address == message.address)


def remember_bounce(*, message: OutboxMessage, at: datetime) -> None:
    """A mail came back. The day from which the version binds stays where it is (CPT-14-2)."""
    if version := _version_of(message):
        notices = PolicyNotice.objects.filter(version_id=version, user_key=message.user_key)
        notices.filter(bounced_at=None).update(bounced_at=at)


def put_away(*, user_key: str, versions: list[str], now: datetime) -> None:
    """A member has seen the banner about these versions: a courtesy, on which no day rests."""
    with transaction.atomic(using=router.db_for_write(PolicyNotice)):
        for version in PolicyVersion.objects.filter(pk__in=versions).values_list("pk", flat=True):
            row, _made = PolicyNotice.objects.get_or_create(version_id=version, user_key=user_key)
            PolicyNotice.objects.filter(pk=row.pk, seen_at=None).update(seen_at=now)


def _version_of(message: OutboxMessage) -> str:
    """The key of the version that a mail tells of, or nothing."""
    if message.kind != Kind.LEGAL or message.mailing_id is None:
        return ""
    found = PolicyAnnouncement.objects.filter(mailing=message.mailing_id)
    return found.values_list("pk", flat=True).first() or ""


def _code(key: str) -> str:
    """With it nobody gets the mail twice. The blank keeps it apart from every code that staff may choose."""
    code = f"policy {key}"
    return code if len(code) <= _LONGEST_CODE else f"policy {hashlib.sha256(key.encode()).hexdigest()[:40]}"


def _lead_of_its_own(version: PolicyVersion, effect: Effect) -> Period | None:
    """How long after its own mail a version binds a reader, where that may be sooner than it binds everybody."""
    if effect.begins is not None:
        return None
    if effect.rule is EffectRule.NOTICE and version.announced_at:
        return effect.lead
    return effect.email_lead if effect.rule is EffectRule.EARLIER else None


def _words(version: PolicyVersion, effect: Effect) -> tuple[str, str]:
    """Subject and text, in the language of the version."""
    base = settings.site_url
    place = [version.document_id, version.language, version.number]
    # Whoever publishes may be in another zone than the site.
    with override(version.language), timezone.override(settings.calendar.zone):
        context = {
            "version": version,
            "site": facts().name,
            "everybody_from": binds_everybody_from(version),
            "by_mail": _lead_of_its_own(version, effect),
            "page": base and f"{base}{reverse('privacy:policy_version', args=place)}",
            "changes": base and f"{base}{reverse('privacy:policy_compare', args=place[:2])}?after={version.number}",
        }
        subject = _("%(title)s of %(site)s: what changes") % {"title": version.title, "site": context["site"]}
        return subject, render_to_string("privacy/policies/mail/notice.txt", context)
