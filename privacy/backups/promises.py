"""Live checks: are the backups as young, and where, as the site says?

They read the register and the time of the last full listing, not the storage itself: a remote listing may
take minutes. A register that nobody compared with the storage for more than a night proves nothing, so it
counts as broken, like any missed night.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.backups import listing, queries
from privacy.backups.models import Backup, RegisteredCopy
from privacy.backups.sections import BackupRules
from privacy.core.conf import settings
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.promises.queries import section

#: A day, the hour of a clock change, and an hour for the night's own work.
FRESH_FOR = timedelta(hours=26)


@live_check("backups.none_over_age", "Is no backup older than promised?")
def none_over_age(context: CheckContext) -> Finding:
    """*Broken* by a file or copy past its period, by one that could not be deleted, or by a stale listing.

    A registered copy past its end counts until a person confirms that it was destroyed.
    """
    copies = RegisteredCopy.objects.held()
    period = Period.parse(context.promise.figure) if context.promise.figure else queries.kept_for()
    if late := copies.over(context.now).count():
        why = ngettext(
            "%(count)d registered copy is past its end, and nobody confirmed its destruction",
            "%(count)d registered copies are past their end, and nobody confirmed their destruction",
            late,
        )
        figure = _("%(part)d of %(total)d") % {"part": late, "total": copies.count()}
        return Finding.broken(why % {"count": late}, figure)
    if period is None:
        return Finding.cannot_tell(_("No period is promised: the profile's table [backups] has no kept_for."))
    here = Backup.objects.here()
    total = here.count() + copies.count()
    over = here.taken_until(period.cutoff(context.now, settings.calendar)).count()
    over += queries.copies_outliving(period, now=context.now)
    if over:
        why = ngettext("%(count)d backup is older than promised", "%(count)d backups are older than promised", over)
        return Finding.broken(why % {"count": over}, _("%(part)d of %(total)d") % {"part": over, "total": total})
    if stuck := here.filter(status=Backup.Status.FAILED).first():
        failed = here.filter(status=Backup.Status.FAILED).count()
        why = ngettext(
            "%(count)d backup could not be deleted (%(reason)s)",
            "%(count)d backups could not be deleted (%(reason)s)",
            failed,
        )
        figure = _("%(part)d of %(total)d") % {"part": failed, "total": total}
        return Finding.broken(why % {"count": failed, "reason": stuck.error}, figure)
    if not listing.aliases() and RegisteredCopy.objects.exists():
        return Finding.kept(
            _("No registered copy is older than promised"), _("%(part)d of %(total)d") % {"part": 0, "total": total}
        )
    listed_at = queries.last_full_listing()
    if listed_at is None:
        return Finding.cannot_tell(_("The storage of backups was never listed in full."))
    if abs(context.now - listed_at) > FRESH_FOR:  # one of the future was made while the clock was wrong
        hours = int(abs(context.now - listed_at).total_seconds() // 3600)
        return Finding.broken(_("The storage of backups was last listed %(hours)d hours ago") % {"hours": hours})
    if not Backup.objects.exists() and not RegisteredCopy.objects.exists():
        return Finding.cannot_tell(_("No backup was ever registered."))
    why = _("No backup is older than promised, by the storage's own listing")
    if copies.exists():
        why = _("No backup is older than promised, by the storage's own listing and by what was registered")
    return Finding.kept(
        why,
        _("%(part)d of %(total)d") % {"part": 0, "total": total},
    )


@live_check("backups.regions_within", "Do all backups lie where promised?", {"regions": "texts"})
def regions_within(context: CheckContext) -> Finding:
    """*Broken* by a backup whose storage is said to lie in another region than the promised ones, or by a copy."""
    rules: BackupRules | None = section("backups")
    named = context.promise.params.get("regions") or (rules.regions if rules else ())
    allowed = set(named)
    if not allowed:
        return Finding.cannot_tell(_("No region is promised: the profile's table [backups] has no regions."))
    here, copies = Backup.objects.here(), RegisteredCopy.objects.held()
    total = here.count() + copies.count()
    if not total:
        return Finding.cannot_tell(_("There is no backup in the register."))
    outside = here.exclude(region="").exclude(region__in=allowed).count()
    outside += copies.exclude(region__in=allowed).count()
    if outside:
        why = ngettext(
            "%(count)d backup lies outside %(regions)s", "%(count)d backups lie outside %(regions)s", outside
        )
        figure = _("%(part)d of %(total)d") % {"part": outside, "total": total}
        return Finding.broken(why % {"count": outside, "regions": ", ".join(sorted(allowed))}, figure)
    if here.filter(region="").exists():
        return Finding.cannot_tell(_("The region of the storage is not known: PRIVACY['BACKUP_REGION'] names none."))
    return Finding.kept(
        _("Every backup lies in %(regions)s") % {"regions": ", ".join(sorted(allowed))},
        _("%(part)d of %(total)d") % {"part": total, "total": total},
    )
