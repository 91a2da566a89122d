"""Live check of the legal holds: has each a reason that was promised, and did somebody look again in time?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.core.registries import CheckContext, Finding, live_check
from privacy.disposal.holds.rules import promised_grounds
from privacy.disposal.models import Hold


@live_check(
    "disposal.holds_reasoned",
    "Has every legal hold a promised reason, and was it reviewed in time?",
    {"grounds": "texts"},
)
def holds_reasoned(context: CheckContext) -> Finding:
    """HTC-10-2, HTC-5.3-7: 0 = hold[reason empty, outside the promised ones, review overdue, or end passed]."""
    allowed = context.promise.params.get("grounds") or promised_grounds()
    holds = Hold.objects.in_force()
    total = holds.count()
    unreasoned = holds.exclude(ground__in=allowed).count() if allowed else 0
    over = holds.over(context.now).count()
    unreviewed = holds.unreviewed(context.now).exclude(ends_at__lte=context.now).count()
    found = [
        (
            unreasoned,
            ngettext(
                "%(n)d legal hold has a reason that the text does not name.",
                "%(n)d legal holds have a reason that the text does not name.",
                unreasoned,
            ),
        ),
        (unreviewed, ngettext("%(n)d review is overdue.", "%(n)d reviews are overdue.", unreviewed)),
        (
            over,
            ngettext(
                "%(n)d legal hold is past its end, and nobody released or extended it.",
                "%(n)d legal holds are past their end, and nobody released or extended them.",
                over,
            ),
        ),
    ]
    if unreasoned or unreviewed or over:
        return Finding.broken(" ".join(words % {"n": count} for count, words in found if count))
    if not total and not allowed:
        return Finding.cannot_tell(_("No hold was placed, and the profile's table [holds] names no reasons."))
    in_force = ngettext("%(n)d legal hold in force", "%(n)d legal holds in force", total)
    return Finding.kept(_("Each legal hold has a promised reason and a review to come."), in_force % {"n": total})
