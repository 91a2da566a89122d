"""Live check: does the evidence still stand as it was sealed?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from privacy.core.registries import CheckContext, Finding, live_check
from privacy.evidence.keys import UnusableKey
from privacy.evidence.verifying import Verification, verify


@live_check("evidence.verified", gettext_lazy("Does the evidence stand as it was sealed?"))
def verified(context: CheckContext) -> Finding:
    """*Broken* by anything that ``privacy_verify`` would name. It reads every entry."""
    try:
        seen = verify(now=context.now)
    except UnusableKey as error:
        return Finding.cannot_tell(str(error))
    figure = _("%(part)d of %(total)d sealed") % {"part": seen.sealed, "total": seen.sealed + seen.unsealed}
    if seen.found:
        why = ngettext(
            "%(count)d thing was altered or removed; privacy_verify names it.",
            "%(count)d things were altered or removed; privacy_verify names them.",
            seen.found,
        )
        return Finding.broken(why % {"count": seen.found}, figure)
    if not seen.seals:
        return Finding.cannot_tell(_("No seal was made yet."))
    return Finding.kept(_why(seen), figure)


def _why(seen: Verification) -> str:
    waiting = ngettext(
        "Every seal agrees with its entries; %(count)d entry waits for the next.",
        "Every seal agrees with its entries; %(count)d entries wait for the next.",
        seen.unsealed,
    ) % {"count": seen.unsealed}
    if not seen.unsigned:
        return waiting
    return waiting + " " + _("%(count)d seals are not signed.") % {"count": seen.unsigned}
