"""Live checks: does what really left keep to what the policy says about messages? (K16)

They read the outbox as it is, whatever those who send believe. Tests of staff do not count.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.core.conf import settings
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.evidence.models import EvidenceEntry
from privacy.messages import agreeing, queries
from privacy.messages.classes import PROMOTIONAL, Basis, Channel, Kind, Level
from privacy.messages.models import MailEvent, Mailing, OutboxMessage, Suppression
from privacy.messages.querysets import OutboxQuerySet
from privacy.messages.rules import MessageRules, message_rules
from privacy.messages.sources import has_client_addresses


def _verdict(bad: int, total: int, kept: str, wrong: str) -> Finding:
    """``wrong`` names what is wrong with ``%(count)d`` messages."""
    figure = _("%(part)d of %(total)d") % {"part": bad, "total": total}
    return Finding.broken(wrong % {"count": bad}, figure) if bad else Finding.kept(kept, figure)


def _sent() -> OutboxQuerySet:
    return OutboxMessage.objects.sent()


def _nothing_sent() -> Finding:
    return Finding.cannot_tell(_("No message was sent yet."))


def _nothing_promotional() -> Finding:
    return Finding.cannot_tell(_("No promotional message was sent yet."))


@live_check("messages.every_mail_classed", "Has every message a class and a topic that the profile knows?")
def every_mail_classed(context: CheckContext) -> Finding:
    """HTC-3.3-1, CPT-2-2, HMY-4-2."""
    total = _sent().count()
    if not total:
        return _nothing_sent()
    rules = message_rules()
    known = Q()
    for topic in rules.topics.values():
        known |= Q(topic=topic.code, kind=topic.kind)
    bad = _sent().exclude(known).count()
    kept = _("Every message that was sent has a class and a topic.")
    return _verdict(bad, total, kept, _("Of no class or topic that the profile knows: %(count)d."))


@live_check("messages.classes_within", "Are only messages of the named classes sent?", {"classes": "texts"})
def classes_within(context: CheckContext) -> Finding:
    """HMY-15-1."""
    total = _sent().count()
    if not total:
        return _nothing_sent()
    classes = context.promise.params.get("classes") or Kind.values
    bad = _sent().exclude(kind__in=classes).count()
    return _verdict(bad, total, _("Every message is of a class that is named."), _("Of another class: %(count)d."))


@live_check("messages.none_after_opt_out", "Did nobody get promotion after an opt-out?")
def none_after_opt_out(context: CheckContext) -> Finding:
    """HTC-3.3-2, HTC-5.3-1, CPT-6-1: *broken* by a promotional mail that began to leave behind an opt-out.

    An objection to direct marketing is one, whatever it is called (GDPR Art. 21(3)), and a restriction stops it too.
    """
    rows = _sent().promotional()
    total = rows.count()
    if not total and not Suppression.objects.exists():
        return _nothing_promotional()
    rules = message_rules()
    bad = queries.sent_after_opt_out(rows, rules, levels=queries.ALL_LEVELS)
    if not bad and (objected := queries.sent_after_objection(rows, rules)):
        return _verdict(objected, total, "", _("Sent although its recipient had objected: %(count)d."))
    kept = _("Nobody who had opted out got promotion.")
    return _verdict(bad, total, kept, _("Sent although its recipient had opted out: %(count)d."))


@live_check("messages.none_after_all", "Does all correspondence stop, but for what is exempt and logged?")
def none_after_all(context: CheckContext) -> Finding:
    """HMY-15-9: any mail behind an opt-out from all, unless it is exempt; and each exempt one has its entry."""
    if not Suppression.objects.filter(level=Level.ALL).exists():
        return Finding.cannot_tell(_("Nobody has stopped all correspondence yet."))
    total = _sent().count()
    bad = queries.sent_after_opt_out(_sent(), message_rules(), levels=(Level.ALL,))
    if not bad:
        exempt = _sent().filter(suppressed_all=True).count()
        logged = EvidenceEntry.objects.of_act("messages.exempt_sent").count()
        if logged < exempt:
            why = _("Exempt messages without an entry in the evidence: %(count)d.")
            return Finding.broken(why % {"count": exempt - logged})
    kept = _("Whoever stopped all correspondence got only what is exempt, and each of these is logged.")
    return _verdict(bad, total, kept, _("Sent although all correspondence was stopped: %(count)d."))


@live_check("messages.way_out_in_each", "Does each mail say how to stop it?", {"every": "flag"})
def way_out_in_each(context: CheckContext) -> Finding:
    """HTC-5.3-1, HVR-4-2, CPT-6-1; with ``params.every`` service mail too (HMY-15-8)."""
    every = bool(context.promise.params.get("every"))
    rows = _sent() if every else _sent().promotional()
    total = rows.count()
    if not total:
        return _nothing_sent() if every else _nothing_promotional()
    bad = rows.filter(linked=False).count()
    return _verdict(bad, total, _("Each carries its way out."), _("Without a way out: %(count)d."))


@live_check("messages.labelled", "Is every advertisement marked as one?")
def labelled(context: CheckContext) -> Finding:
    """HMY-15-4."""
    return _each_promotional("labelled", _("Each is marked."), _("Without the mark: %(count)d."))


@live_check("messages.postal_address_in_each", "Does every advertisement carry the postal address?")
def postal_address_in_each(context: CheckContext) -> Finding:
    """HMY-15-5."""
    return _each_promotional("addressed", _("Each carries it."), _("Without the postal address: %(count)d."))


@live_check("messages.sender_truthful", "Do all mails come from the site's own domains, with approved texts?")
def sender_truthful(context: CheckContext) -> Finding:
    """HMY-15-3: *broken* by a sender outside the profile's domains, or a mailing that nobody approved."""
    rules = message_rules()
    if not rules.sender_domains:
        return Finding.cannot_tell(_("The profile's table [messages] names no sender_domains."))
    total = _sent().count()
    if not total:
        return _nothing_sent()
    # A restore leaves the place of a message, and not what stood in it.
    rows = _sent().exclude(reason="restored")
    bad = rows.filter(~Q(sender_domain__in=rules.sender_domains) | Q(mailing__isnull=False, mailing__approved_at=None))
    kept = _("Every mail came from a domain of the site, and every mailing was approved.")
    return _verdict(bad.count(), total, kept, _("From another domain, or not approved: %(count)d."))


@live_check("messages.preferences_kept", "Do members get only the promotion they want, as often as they want it?")
def preferences_kept(context: CheckContext) -> Finding:
    """HTC-5.3-2."""
    total = _sent().promotional().count()
    if not total:
        return _nothing_promotional()
    bad = queries.sent_against_choice(_sent())
    kept = _("Every promotional mail kept to what its reader chose.")
    return _verdict(bad, total, kept, _("Of a refused topic, or sooner than wanted: %(count)d."))


@live_check("messages.channels_kept", "Is nobody promoted to by a channel that they refused, or that is not named?")
def channels_kept(context: CheckContext) -> Finding:
    """CPT-2-3. What the site sends by text, telephone and post it does with the lists that it is given here."""
    rules = message_rules()
    total = _sent().promotional().count()
    if not total:
        return _nothing_promotional()
    bad = total if Channel.EMAIL not in rules.channels else queries.sent_against_choice(_sent())
    return _verdict(bad, total, _("Every channel was a wanted one."), _("By a channel that was not wanted: %(count)d."))


@live_check("messages.no_promotion_elsewhere", "Is nothing advertised in messages that an opt-out does not stop?")
def no_promotion_elsewhere(context: CheckContext) -> Finding:
    """HTC-5.3-3, CPT-6-3: somebody read every mailing that is no promotion, and found none in it."""
    rows = Mailing.objects.exclude(started_at=None).exclude(kind__in=PROMOTIONAL)
    total = rows.count()
    if not total:
        return Finding.cannot_tell(_("No mailing was sent yet that is no promotion."))
    bad = rows.exclude(promotional=False).count()
    kept = _("Every such mailing was read, and advertises nothing.")
    return _verdict(bad, total, kept, _("Not read, or advertising: %(count)d."))


@live_check(
    "messages.only_opted_in",
    "Does promotion rest on an express opt-in, given before?",
    {"classes": "texts"},
)
def only_opted_in(context: CheckContext) -> Finding:
    """HVR-3-3, HVR-3-4, HVR-4-1: *broken* by a mail without a grant in the consent ledger from before it left."""
    classes = context.promise.params.get("classes") or [str(kind) for kind in PROMOTIONAL]
    rows = _sent().filter(kind__in=classes)
    total = rows.count()
    if not total:
        return _nothing_promotional()
    bad = agreeing.sent_without_grant(rows, message_rules())
    kept = _("Everybody who got it had agreed before.")
    return _verdict(bad, total, kept, _("Without an earlier consent: %(count)d."))


@live_check(
    "messages.reason_for_each", "Has every promotional mail a reason why its reader may get it?", {"reasons": "texts"}
)
def reason_for_each(context: CheckContext) -> Finding:
    """HMY-15-2, ADS-6-1."""
    reasons: Sequence[str] = context.promise.params.get("reasons") or [str(Basis.OPT_IN), str(Basis.CUSTOMER)]
    total = _sent().promotional().count()
    if not total:
        return _nothing_promotional()
    bad = _sent().promotional().exclude(basis__in=reasons).count()
    return _verdict(bad, total, _("Each has one of the named reasons."), _("Without one of them: %(count)d."))


@live_check("messages.no_client_recipients", "Is nobody written to whose address only a client gave us?")
def no_client_recipients(context: CheckContext) -> Finding:
    """HTC-3.3-3."""
    if not has_client_addresses():
        return Finding.cannot_tell(_("No table with clients' addresses is declared."))
    rows = _sent().exclude(topic="request_answer")
    total = rows.count()
    if not total:
        return _nothing_sent()
    bad = queries.sent_to_clients_people(rows)
    kept = _("No address came from a client's data alone.")
    return _verdict(bad, total, kept, _("Sent to an address that only a client gave us: %(count)d."))


@live_check("messages.opt_outs_in_time", "Did every opt-out take effect within the limit?")
def opt_outs_in_time(context: CheckContext) -> Finding:
    """HMY-15-7, CPT-6-2: from the day it was asked for, whoever entered it."""
    rules: MessageRules = message_rules()
    limit = Period.parse(context.promise.figure) if context.promise.figure else rules.opt_out_within
    total = Suppression.objects.count()
    if not total:
        return Finding.cannot_tell(_("Nobody has opted out yet."))
    late = Suppression.objects.filter(entered_at__gt=F("requested_at"))
    moments = late.values_list("requested_at", "entered_at").iterator()
    bad = sum(limit.end(requested_at, settings.calendar) < entered_at for requested_at, entered_at in moments)
    kept = _("Every opt-out took effect within the limit.")
    return _verdict(bad, total, kept, _("Took effect too late: %(count)d."))


@live_check("messages.tracking_only_where_on", "Are openings and clicks kept only where a mailing allows it?")
def tracking_only_where_on(context: CheckContext) -> Finding:
    """HVR-5-1."""
    rows = MailEvent.objects.watched()
    total = rows.count()
    if not total and not Mailing.objects.exists():
        return Finding.cannot_tell(_("No mailing was written yet."))
    bad = rows.filter(tracked=False).count()
    return _verdict(bad, total, _("None was kept where tracking is off."), _("Kept with tracking off: %(count)d."))


@live_check("messages.doubts_decided", "Has somebody decided about every message that may have arrived?")
def doubts_decided(context: CheckContext) -> Finding:
    """For sites that promise answers: a message in doubt for more than three days is one nobody looks after."""
    total = OutboxMessage.objects.exclude(sending_at=None).count()
    if not total:
        return _nothing_sent()
    old = Period(days=3).cutoff(context.now, settings.calendar)
    bad = OutboxMessage.objects.ambiguous().filter(ended_at__lte=old).count()
    why = ngettext(
        "%(count)d message waits for a decision for more than three days.",
        "%(count)d messages wait for a decision for more than three days.",
        bad,
    )
    return _verdict(bad, total, _("None waits for a decision for long."), why)


def _each_promotional(field: str, kept: str, wrong: str) -> Finding:
    rows = _sent().promotional().exclude(reason="restored")
    total = rows.count()
    if not total:
        return _nothing_promotional()
    return _verdict(rows.filter(**{field: False}).count(), total, kept, wrong)
