"""Copies that only a person can destroy: somebody is told before their end, and once it is over."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.mail import mail_admins
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy.backups.alarms import Alarm
from privacy.backups.models import RegisteredCopy
from privacy.backups.sections import BackupRules, parse
from privacy.core.conf import settings
from privacy.promises.queries import section

logger = logging.getLogger("privacy.backups")


def alarms(now: datetime) -> list[Alarm]:
    """Copies past their end that nobody confirmed as destroyed, and those that end within ``alarm_before``."""
    return [_alarm(copy, state) for copy, state in _states(now) if state]


def warn(*, now: datetime) -> None:
    """Mail ADMINS once for each copy that is due, and once more when its end is over."""
    told: list[tuple[RegisteredCopy, str]] = []
    for copy, state in _states(now):
        if state == copy.alarm:
            continue
        # Of two scans at once only the one that changes the row speaks.
        mine = RegisteredCopy.objects.held().filter(pk=copy.pk, alarm=copy.alarm).update(alarm=state)
        if mine and state:
            told.append((copy, state))
    if not told:
        return
    raised = [_alarm(copy, state) for copy, state in told]
    try:
        mail_admins(
            _("Backups: copies to be destroyed"), "\n\n".join(f"{alarm.problem}\n{alarm.mend}" for alarm in raised)
        )
    except Exception as error:  # noqa: BLE001 mail is down; the banner shows, and the next scan tries again
        logger.error("The alarm about other copies could not be mailed: %s", type(error).__name__)
        for copy, state in told:
            RegisteredCopy.objects.filter(pk=copy.pk, alarm=state).update(alarm=copy.alarm)


def _states(now: datetime) -> list[tuple[RegisteredCopy, str]]:
    """Each single copy that is held, with its state of alarm; a standing rule has no end to come."""
    rules: BackupRules = section("backups") or parse({})
    soon = rules.alarm_before.end(now, settings.calendar)
    found = []
    for copy in RegisteredCopy.objects.held().exclude(ends_at=None).order_by("ends_at", "pk"):
        if copy.is_over(now):
            state = RegisteredCopy.Alarm.OVER
        else:
            is_soon = bool(rules.alarm_before) and copy.ends_at is not None and copy.ends_at <= soon
            state = RegisteredCopy.Alarm.SOON if is_soon else RegisteredCopy.Alarm.NONE
        found.append((copy, state.value))
    return found


def _alarm(copy: RegisteredCopy, state: str) -> Alarm:
    day = date_format(timezone.localtime(copy.ends_at), "DATE_FORMAT")
    words = {"name": copy.name, "day": day, "role": copy.confirmed_by, "place": copy.place}
    mend = _("Have it destroyed (%(place)s), then confirm it: %(role)s does, in the admin or with privacy_backup.")
    if state == RegisteredCopy.Alarm.OVER:
        problem = _("The copy %(name)s had to be destroyed by %(day)s, and nobody confirmed that it was.")
        return Alarm(f"copy:{copy.pk}:{state}", "bad", problem % words, mend % words)
    problem = _("The copy %(name)s must be destroyed by %(day)s.")
    return Alarm(f"copy:{copy.pk}:{state}", "warn", problem % words, mend % words)
