"""Live checks: does nobody's data serve what they did not agree to, took back, or stopped?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.consent import processing
from privacy.consent.commitments import is_proved
from privacy.consent.models import ConsentContext, ConsentRecord, Flag, Purpose
from privacy.consent.processing import Resting
from privacy.consent.surfaces import NO_ACT, SPOKEN
from privacy.consent.writing import using
from privacy.core.conf import settings
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.evidence import triggers

#: So many of the newest proofs are worked out anew each time.
_PROOFS = 5_000


@live_check(
    "consent.needed_and_given",
    "Is consent asked for wherever it is the basis?",
    {"source": "text", "purposes": "texts"},
)
def needed_and_given(context: CheckContext) -> Finding:
    """HTC-2-2, HTC-2.3-1, HVR-3-3: 0 = processing[basis=consent, no earlier granted consent].

    ``params.source`` looks at tables of one source only; ``params.purposes`` names purposes that must be asked for.
    """
    params = context.promise.params
    wanted = set(params.get("purposes", ()))
    unasked = sorted(wanted - set(Purpose.objects.asking().values_list("pk", flat=True)))
    if unasked:
        return Finding.broken(_("Nobody is asked for their consent to: %(names)s.") % {"names": ", ".join(unasked)})
    resting = processing.on_consent(params.get("source", ""))
    if not resting and not wanted:
        return Finding.cannot_tell(_("No declared table rests on consent."))
    if uncovered := [one.declared.label for one in resting if not one.purposes]:
        return Finding.broken(
            _("No purpose asks for the consent that these rest on: %(names)s.") % {"names": ", ".join(uncovered)}
        )
    if found := _counted(resting, processing.never_agreed):
        return Finding.broken(_("Rows rest on a consent that was never given: %(names)s.") % {"names": found})
    return Finding.kept(_("Every row that rests on consent has one from before, or is older than the question."))


@live_check("consent.withdrawals_honoured", "Does a consent that was taken back end its use, for the future?")
def withdrawals_honoured(context: CheckContext) -> Finding:
    """HMY-10-8: 0 = processing[basis=consent, after withdrawal]; grant rows intact."""
    if not ConsentRecord.objects.exists():
        return Finding.cannot_tell(_("Nobody decided about any purpose yet."))
    if settings.evidence_triggers and triggers.missing(using()):
        return Finding.broken(_("The database would let the ledger be altered: its triggers are missing."))
    without = ConsentRecord.objects.filter(decision="withdrawn", previous__isnull=False)
    if torn := without.exclude(previous__decision="given").count():
        why = ngettext(
            "%(n)d withdrawal takes back what was never given.",
            "%(n)d withdrawals take back what was never given.",
            torn,
        )
        return Finding.broken(why % {"n": torn})
    contexts = ConsentContext.objects.select_related("record").order_by("-pk")[:_PROOFS]
    if altered := sum(not is_proved(row.record, row) for row in contexts):
        why = ngettext("%(n)d record is not what was decided.", "%(n)d records are not what was decided.", altered)
        return Finding.broken(why % {"n": altered})
    resting = [one for one in processing.on_consent() if one.purposes]
    if found := _counted(resting, processing.agreed_no_more):
        return Finding.broken(_("Rows came into being after their consent had ended: %(names)s.") % {"names": found})
    taken = ConsentRecord.objects.filter(decision="withdrawn").count()
    figure = ngettext("%(n)d withdrawal", "%(n)d withdrawals", taken) % {"n": taken}
    return Finding.kept(_("Nothing rests on a consent that has ended, and every grant stands as it was given."), figure)


@live_check(
    "consent.grants_express", "Does an express act stand behind every consent that needs one?", {"purposes": "texts"}
)
def grants_express(context: CheckContext) -> Finding:
    """HVR-3-3: separate unticked boxes, one consent each. ``params.purposes`` names those that need it."""
    wanted = set(context.promise.params.get("purposes", ()))
    express = set(Purpose.objects.asking().filter(express=True).values_list("pk", flat=True))
    if missing := sorted(wanted - express):
        return Finding.broken(_("No express consent is asked for: %(names)s.") % {"names": ", ".join(missing)})
    grants = ConsentRecord.objects.filter(decision="given", purpose__in=wanted or express)
    if not grants.exists():
        return Finding.cannot_tell(_("Nobody agreed to such a purpose yet."))
    kinds = (*SPOKEN, *NO_ACT)
    weak = sum(grants.filter(surface__regex=rf"^{kind}(:|$)").count() for kind in kinds)
    if weak:
        why = ngettext("%(n)d consent has no express act.", "%(n)d consents have no express act.", weak)
        return Finding.broken(why % {"n": weak})
    return Finding.kept(_("Every such consent was given by an act of the person's own, to words that are kept."))


@live_check("consent.given_by_the_person", "Does consent come from the person whom it is about?")
def given_by_the_person(context: CheckContext) -> Finding:
    """HTC-4-2: a member says so themselves; what staff enter was written or said by the person."""
    grants = ConsentContext.objects.filter(record__decision="given")
    if not grants.exists():
        return Finding.cannot_tell(_("Nobody agreed to anything yet."))
    by_software = grants.exclude(entered_by__in=("member", "staff")).count()
    by_staff = grants.filter(entered_by="staff").exclude(record__surface__regex=r"^(paper|mail|phone|counter)(:|$)")
    if wrong := by_software + by_staff.count():
        why = ngettext(
            "%(n)d consent was entered by somebody else.", "%(n)d consents were entered by somebody else.", wrong
        )
        return Finding.broken(why % {"n": wrong})
    return Finding.kept(_("Every consent comes from the person, or from what they wrote or said."))


@live_check("consent.objections_honoured", "Does an objection stop the use it speaks of?", {"within": "period"})
def objections_honoured(context: CheckContext) -> Finding:
    """HMY-10-5, HTC-5.1-9: 0 = objection[undecided in time]; 0 = processing[purpose objected]."""
    objections = Flag.objects.filter(kind="objection")
    if not objections.exists():
        return Finding.cannot_tell(_("Nobody objected to anything yet."))
    within = Period.parse(context.promise.params.get("within", "P1M"))
    late = objections.waiting().filter(raised_at__lt=within.cutoff(context.now, settings.calendar)).count()
    if late:
        why = ngettext("%(n)d objection waits for a decision.", "%(n)d objections wait for a decision.", late)
        return Finding.broken(why % {"n": late})
    return _flags_kept("objection", _("Every objection stops its use, or was rejected with a reason."))


@live_check("consent.restrictions_honoured", "Is restricted data stored, and otherwise left alone?")
def restrictions_honoured(context: CheckContext) -> Finding:
    """HMY-10-6: 0 = processing[account restricted, not storage]."""
    if not Flag.objects.filter(kind="restriction").exists():
        return Finding.cannot_tell(_("Nobody had their data restricted yet."))
    return _flags_kept("restriction", _("Restricted data is stored, and used for nothing else."))


@live_check("consent.new_purposes_announced", "Were people told of a purpose that was added later, or asked first?")
def new_purposes_announced(context: CheckContext) -> Finding:
    """CPT-2-5: 0 = purpose[added later, no notice, no consent]."""
    began = processing.began_to_ask()
    if began is None:
        return Finding.cannot_tell(_("No purpose is declared: the profile has no [[consent.purposes]]."))
    later = Purpose.objects.in_force().filter(added_at__gt=began)
    silent = later.exclude(legal_basis="consent").filter(announced_at__isnull=True)
    if names := sorted(silent.values_list("pk", flat=True)):
        return Finding.broken(_("Added later, and nobody was told: %(names)s.") % {"names": ", ".join(names)})
    figure = ngettext("%(n)d added later", "%(n)d added later", later.count()) % {"n": later.count()}
    return Finding.kept(_("Every later purpose was announced, or needs consent."), figure)


def _flags_kept(kind: str, kept: str) -> Finding:
    resting = processing.for_purposes(list(Purpose.objects.in_force()))
    if found := _counted(resting, lambda one: processing.stopped(one, kind)):
        return Finding.broken(_("Rows came into being although their use was stopped: %(names)s.") % {"names": found})
    standing = Flag.objects.stopping().filter(kind=kind).count()
    return Finding.kept(kept, ngettext("%(n)d stands", "%(n)d stand", standing) % {"n": standing})


def _counted(resting: Sequence[Resting], count: Callable[[Resting], int]) -> str:
    """Tables with what was counted in each, as words; empty where nothing was."""
    found = [(one.declared.label, count(one)) for one in resting]
    return ", ".join(f"{label} ({rows})" for label, rows in found if rows)
