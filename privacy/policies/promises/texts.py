"""Live checks: is what stands on the site what was published, with the date that the site promises to print?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.core.registries import CheckContext, Finding, live_check
from privacy.policies import queries
from privacy.policies.models import PolicyVersion
from privacy.policies.site import site_in_force


@live_check("policies.unaltered", "Is every published text still the one that was published?")
def unaltered(context: CheckContext) -> Finding:
    """*Broken* by a version whose text has another digest than at its publication. Reads one text at a time."""
    altered = total = 0
    for version in PolicyVersion.objects.only("text", "digest").iterator(chunk_size=20):
        total += 1
        altered += not version.is_unaltered
    if not total:
        return Finding.cannot_tell(_("Nothing was published yet."))
    if altered:
        why = ngettext(
            "%(count)d published text is not the one that was published",
            "%(count)d published texts are not those that were published",
            altered,
        )
        return Finding.broken(f"{why % {'count': altered}}.", str(altered))
    return Finding.kept(_("The digest of every published version fits its text."), str(total))


@live_check("policies.dated", "Does the privacy policy in force print its date?")
def dated(context: CheckContext) -> Finding:
    """*Broken* by a language whose version in force prints no date, or prints it with other words than the profile's.

    HTC-14-1, HVR-0-1, CPT-0-1, HMY-16-2.
    """
    in_force = queries.currents("privacy", context.now)
    if not in_force:
        return Finding.cannot_tell(_("No privacy policy was published yet."))
    site = site_in_force()
    wrong = sorted(
        language
        for language, version in in_force.items()
        if not version.date_label or version.date_label != site.date_label(language)
    )
    if wrong:
        why = _("The date of the policy in force is not printed as the profile says: %(languages)s.")
        return Finding.broken(why % {"languages": ", ".join(wrong)}, str(len(wrong)))
    return Finding.kept(_("The policy in force prints its date in every language."), str(len(in_force)))
