"""The mail to ADMINS that no night was completed: once a day while it lasts, however many workers notice."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings as django_settings
from django.core.mail import mail_admins
from django.db import router, transaction
from django.utils.translation import gettext as _

from privacy.core.actors import Actor
from privacy.core.locks import one_at_a_time
from privacy.evidence.models import EvidenceEntry
from privacy.evidence.services import record
from privacy.retention.mail import place
from privacy.retention.queries import SKEW
from privacy.retention.watchdog import Standing, standing

logger = logging.getLogger(__name__)

#: Two mails are at least so far apart.
AT_MOST_EVERY = timedelta(hours=24)
_TOLD, _UNTOLD = "retention.lateness_told", "retention.lateness_untold"


def tell_lateness(*, now: datetime, actor: Actor) -> bool:
    """Mail ADMINS when the night is late, unless they were told within the last day.

    A mail that could not be handed over is tried again by the next hour.

    Returns:
        True when they were told now.
    """
    found = standing(now)
    if not found.late:
        return False
    if not django_settings.ADMINS:
        logger.error("The night is late, and ADMINS names nobody to tell.")
        return False
    if not _claim(found, now, actor):
        return False
    try:
        mail_admins(_("The privacy night is late"), _text(found))
    except Exception as error:  # noqa: BLE001 - a mail server has many ways to fail
        logger.error("The mail that the night is late could not be sent: %s", type(error).__name__)
        record(act=_UNTOLD, now=now, actor=actor, label=found.state)
        return False
    return True


def _text(found: Standing) -> str:
    return "\n\n".join(
        (
            found.problem,
            _("Until a night is completed, data may be kept longer than the policy promises."),
            found.mend,
            _("See %(place)s") % {"place": place("privacy_nightrun_changelist")},
        )
    )


def _claim(found: Standing, now: datetime, actor: Actor) -> bool:
    """Write down that this worker tells it; False when another one did within the day.

    Before the mail and not after it: nobody holds a lock while a mail server is slow.
    """
    using = router.db_for_write(EvidenceEntry)
    with transaction.atomic(using=using):
        one_at_a_time("privacy_lateness", using)
        last = EvidenceEntry.objects.using(using).of_act(_TOLD, _UNTOLD).order_by("-pk").first()
        # What was told while the clock was ahead silences nothing.
        if last and last.act == _TOLD and now - AT_MOST_EVERY < last.at <= now + SKEW:
            return False
        record(act=_TOLD, now=now, actor=actor, label=found.state)
    return True
