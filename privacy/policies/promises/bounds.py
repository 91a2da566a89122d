"""A live check: is everything that is set at least as strict as what stands on the site?"""

from __future__ import annotations

from django.utils.translation import gettext as _

from privacy.core.registries import CheckContext, Finding, live_check
from privacy.policies.bounds import binding_versions, misplaced
from privacy.promises.models import FrozenBound
from privacy.promises.queries import standings
from privacy.promises.weakening import profile_lags


@live_check("policies.settings_within_text", "Is everything that is set at least as strict as the text in force?")
def settings_within_text(context: CheckContext) -> Finding:
    """*Broken* by a setting that is weaker than a figure in a version that binds, by a profile that promises less, and
    by figures that are not written down as they were published.

    Source: HTC-10-4, HVR-11-2; design §1 (published promises bind the settings).
    """
    binding = set(binding_versions(now=context.now))
    if not binding:
        return Finding.cannot_tell(_("Nothing was published yet."))
    lost = misplaced(binding)
    weak = [one for one in standings(now=context.now) if one.bound.version and one.weaker]
    lags = profile_lags(context.now)
    if lost or weak or lags:
        said = [_("The figures of %(key)s are not written down as they were published.") % {"key": key} for key in lost]
        said += [f"{word}." for one in weak for word in one.words_of_the_weaker()] + [f"{lag}." for lag in lags]
        return Finding.broken(" ".join(said), str(len(said)))
    total = FrozenBound.objects.filter(version__in=binding).count()
    if not total:
        return Finding.cannot_tell(_("No text in force takes a figure from a promise that binds."))
    return Finding.kept(_("Everything that is set is as strict as the texts in force, or stricter."), str(total))
