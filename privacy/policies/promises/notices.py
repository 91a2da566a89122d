"""Live checks about telling people of changes, and about the day from which a change binds them (K01).

What is over cannot be mended: a check looks at the versions from the one in force on, and at every notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.core.conf import settings
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.core.words import has_words
from privacy.messages.models import Mailing
from privacy.policies import queries
from privacy.policies.binding import binds_everybody_from, changes_at_work
from privacy.policies.clocks import Effect, binds_from
from privacy.policies.models import PolicyAnnouncement, PolicyNotice, PolicyVersion
from privacy.policies.other_sites import shows_the_same
from privacy.policies.rules import EffectRule, NewUsers, Told, policy_rules


@live_check("policies.lead_kept", "Is a change told long enough before it binds?")
def lead_kept(context: CheckContext) -> Finding:
    """*Broken* by a version that binds somebody sooner than ``figure`` after its first notice, without a reason.

    HVR-14-1.
    """
    lead = Period.parse(context.promise.figure or "P30D")
    changes = list(changes_at_work(context.now))
    early = [
        version
        for version, effect in changes
        if not has_words(version.early_reason) and _soonest(version, effect) < _end(version, lead)
    ]
    why = ngettext(
        "%(count)d version binds sooner than promised, and nobody wrote down why",
        "%(count)d versions bind sooner than promised, and nobody wrote down why",
        len(early),
    )
    return _answer(changes, len(early), why, _("Every change was told long enough before, or says why not."))


@live_check("policies.announced", "Is every account told of a change by the promised ways?")
def announced(context: CheckContext) -> Finding:
    """*Broken* by a version whose mails were promised and not begun, or were stopped or paused on their way.

    Every version is posted; HVR-14-1, CPT-14-1.
    """
    changes = list(changes_at_work(context.now))
    leading = changes_at_work(context.now, translations=False)
    mailed = [version for version, effect in leading if Told.EMAIL in effect.channels]
    begun = dict(PolicyAnnouncement.objects.filter(version__in=mailed).values_list("version_id", "mailing"))
    halted = Mailing.objects.filter(
        pk__in=list(begun.values()), state__in=(Mailing.State.STOPPED, Mailing.State.PAUSED)
    )
    untold = len(mailed) - len(begun) + halted.count()
    why = ngettext(
        "%(count)d version was not told to every account by mail",
        "%(count)d versions were not told to every account by mail",
        untold,
    )
    return _answer(changes, untold, why, _("Every change is told by the ways that were promised."))


@live_check("policies.bounces_move_no_day", "Does a notice count although its mail came back?")
def bounces_move_no_day(_context: CheckContext) -> Finding:
    """*Broken* by a mail that came back and whose dispatch is not known any more. CPT-14-2."""
    bounced = PolicyNotice.objects.filter(bounced_at__isnull=False)
    lost = bounced.filter(dispatched_at__isnull=True).count()
    if lost:
        why = ngettext(
            "%(count)d notice came back and has no day any more",
            "%(count)d notices came back and have no day any more",
            lost,
        )
        return Finding.broken(f"{why % {'count': lost}}.", str(lost))
    if not PolicyNotice.objects.dispatched().exists():
        return Finding.cannot_tell(_("No notice was sent by mail yet."))
    return Finding.kept(_("Every notice that came back counts from its dispatch."), str(bounced.count()))


@live_check("policies.dates_per_account", "Does a change bind each account on its own day?", {"email": "period"})
def dates_per_account(context: CheckContext) -> Finding:
    """*Broken* by a version that binds otherwise than by the earlier of its mail and the page, or sooner after either.

    ``figure`` is the promised time after the posting, ``email`` in ``params`` the shortest reading of the one after the
    mail. A reason that was written down allows another day. CPT-14-3.
    """
    page = Period.parse(context.promise.figure or "P2D")
    mail = Period.parse(str(context.promise.params.get("email", "P1D")))
    changes = list(changes_at_work(context.now))
    wrong = [
        version
        for version, effect in changes
        if not has_words(version.early_reason)
        and (
            effect.rule is not EffectRule.EARLIER
            or page.may_outlast(effect.posting_lead)
            or mail.may_outlast(effect.email_lead)
        )
    ]
    why = ngettext(
        "%(count)d version binds by another rule than the promised one",
        "%(count)d versions bind by another rule than the promised one",
        len(wrong),
    )
    return _answer(changes, len(wrong), why, _("Every change binds each account on its own day."))


@live_check("policies.new_users_at_once", "Does the newest version bind new accounts at once?")
def new_users_at_once(context: CheckContext) -> Finding:
    """*Broken* by a version that new accounts are bound by only later. CPT-14-4."""
    changes = list(changes_at_work(context.now))
    late = [
        version
        for version, effect in changes
        if effect.new_users is not NewUsers.AT_ONCE and binds_everybody_from(version) > version.published_at
    ]
    why = ngettext(
        "%(count)d version does not bind new accounts at once",
        "%(count)d versions do not bind new accounts at once",
        len(late),
    )
    return _answer(changes, len(late), why, _("Whoever signs up is bound by the newest version."))


@live_check("policies.to_newest_address", "Do notices go to the address that the account has?")
def to_newest_address(_context: CheckContext) -> Finding:
    """*Broken* by a notice that left for another address than the account had just then. CPT-14-6."""
    sent = PolicyNotice.objects.dispatched()
    elsewhere = sent.filter(newest=False).count()
    if elsewhere:
        why = ngettext(
            "%(count)d notice left for an address that was not the newest",
            "%(count)d notices left for an address that was not the newest",
            elsewhere,
        )
        return Finding.broken(f"{why % {'count': elsewhere}}.", str(elsewhere))
    total = sent.count()
    if not total:
        return Finding.cannot_tell(_("No notice was sent by mail yet."))
    return Finding.kept(_("Every notice went to the newest address."), str(total))


@live_check("policies.same_on_every_site", "Do all sites that the policy covers show the same version?")
def same_on_every_site(context: CheckContext) -> Finding:
    """*Broken* by a site of ``policies.sites`` whose text is another one than here, byte for byte. HVR-0-4.

    Asks each of them for the file of the version in force; one that does not answer leaves the check without an answer.
    """
    in_force = queries.currents("privacy", context.now)
    if not in_force:
        return Finding.cannot_tell(_("No privacy policy was published yet."))
    sites = policy_rules().sites
    asked = {(site, row.language): shows_the_same(site, row) for site in sites for row in in_force.values()}
    other = sorted({site for (site, _language), same in asked.items() if same is False})
    if other:
        return Finding.broken(_("Another text stands on: %(sites)s.") % {"sites": ", ".join(other)}, str(len(other)))
    silent = sorted({site for (site, _language), same in asked.items() if same is None})
    if silent:
        return Finding.cannot_tell(_("These sites do not answer: %(sites)s.") % {"sites": ", ".join(silent)})
    return Finding.kept(_("Every site that the policy covers shows the version in force."), str(1 + len(sites)))


@live_check("policies.noted", "Does the page say what changed?")
def noted(context: CheckContext) -> Finding:
    """*Broken* by a change on the page that has no note beside it. HMY-9-4."""
    changes = [version for version, _effect in changes_at_work(context.now) if version.published_at <= context.now]
    silent = [version for version in changes if not has_words(version.note)]
    why = ngettext(
        "%(count)d version does not say what it changed",
        "%(count)d versions do not say what they changed",
        len(silent),
    )
    return _answer(changes, len(silent), why, _("The page says what changed."))


def _answer(changes: Sequence[object], wrong: int, why: str, kept: str) -> Finding:
    if wrong:
        return Finding.broken(f"{why % {'count': wrong}}.", str(wrong))
    if not changes:
        return Finding.cannot_tell(_("No version changed anything yet."))
    return Finding.kept(kept, str(len(changes)))


def _first_notice(version: PolicyVersion) -> datetime:
    return version.announced_at or version.published_at


def _end(version: PolicyVersion, lead: Period) -> datetime:
    return lead.end(_first_notice(version), settings.calendar)


def _soonest(version: PolicyVersion, effect: Effect) -> datetime:
    """The first moment at which it may bind somebody who had an account: whose mail left with the first notice."""
    from_mail = _first_notice(version) if Told.EMAIL in effect.channels else None
    return binds_from(effect, posted_at=version.published_at, dispatched_at=from_mail)
