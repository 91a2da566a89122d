"""The mail that a night sends to the site's admins: what failed, and what waits for them. Nothing personal."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.mail import mail_admins
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from privacy.core.conf import settings
from privacy.core.words import counts_words
from privacy.retention.models import Approval, NightRun

if TYPE_CHECKING:
    from privacy.retention.reports import NightReport

logger = logging.getLogger(__name__)


def tell_admins(*, run: NightRun, report: NightReport) -> bool:
    """Write to ADMINS when a step failed or a night waits for approval.

    Returns:
        False when there was something to say and the mail could not be handed over; it is logged by class.
    """
    failed = [step for step in report.steps if step.status == "failed"]
    approval = Approval.objects.waiting().filter(run=run).first()
    if not failed and approval is None:
        return True
    parts = []
    if failed:
        parts.append(_("These steps of the night of %(night)s failed:") % {"night": f"{run.as_of:%Y-%m-%d %H:%M} UTC"})
        parts += [f"- {step.name}: {step.error}" for step in failed]
        parts.append(_("The other steps ran. The next night tries again; until then a promise may be broken."))
    if approval is not None:
        parts.append(_("The night removed nothing and waits for your approval. It would remove:"))
        # Schedules are counted one by one on the screen; a mail gives the sums.
        parts += [
            f"- {name}: {counts_words({what: count for what, count in found.items() if ':' not in what})}"
            for name, found in approval.counts.items()
        ]
    parts.append(_("See %(place)s") % {"place": place("privacy_nightrun_change", run.pk)})
    subject = _("The privacy night failed in part") if failed else _("The privacy night waits for approval")
    try:
        mail_admins(subject, "\n\n".join(parts))
    except Exception as error:  # noqa: BLE001
        # A mail server has many ways to fail, and the night is done already.
        logger.error("The mail about the night could not be sent: %s", type(error).__name__)
        return False
    return True


def tell_broken_off(*, now: datetime, what: str) -> bool:
    """Write to ADMINS that a night ended before it could write down how. Asks no database: it may be what failed.

    Args:
        what: in words that may be mailed.

    Returns:
        False when the mail could not be handed over; it is logged by class.
    """
    parts = (
        _("The night of %(night)s broke off: %(what)s.") % {"night": f"{now:%Y-%m-%d %H:%M} UTC", "what": what},
        _("What it did is done. See that the database answers and that its disk has room."),
        _("The next night goes on where this one stopped; until then a promise may be broken."),
    )
    try:
        mail_admins(_("The privacy night broke off"), "\n\n".join(parts))
    except Exception as error:  # noqa: BLE001
        logger.error("The mail that the night broke off could not be sent: %s", type(error).__name__)
        return False
    return True


def place(screen: str, *args: Any) -> str:
    """The address of a screen of the admin; in words where the site has none."""
    try:
        return settings.site_url.rstrip("/") + reverse(f"admin:{screen}", args=args)
    except NoReverseMatch:
        return _("the nights in the admin")
