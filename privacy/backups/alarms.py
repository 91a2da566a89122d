"""A warning before the last dump goes: expiry goes on although none remains, so a person must know first."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.core.mail import mail_admins
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy.backups import listing
from privacy.backups.models import Backup, BackupStorage
from privacy.backups.sections import BackupRules
from privacy.core.conf import settings
from privacy.promises.queries import section

logger = logging.getLogger("privacy.backups")


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing a person must do about the backups.

    Attributes:
        key: names the state, so that ADMINS hear of each state once.
        level: ``warn`` before, ``bad`` when it has happened.
        problem: one sentence.
        mend: one sentence.
    """

    key: str
    level: Literal["warn", "bad"]
    problem: str
    mend: str


def alarms(now: datetime) -> list[Alarm]:
    """Kinds of dumps of which none remains, or of which the newest goes within ``alarm_before``."""
    rules: BackupRules | None = section("backups")
    if rules is None or rules.kept_for is None:
        return []
    found = []
    for kind in (Backup.Kind.DATABASE, Backup.Kind.MEDIA):
        dumps = Backup.objects.filter(kind=kind)
        newest = dumps.filter(status=Backup.Status.PRESENT).order_by("-taken_at").first()
        if newest is None:
            if dumps.exists():
                found.append(_none_left(kind))
            continue
        goes_at = rules.kept_for.end(newest.taken_at, settings.calendar)
        if rules.alarm_before and rules.alarm_before.end(now, settings.calendar) >= goes_at:
            found.append(_last_one_goes(kind, newest.pk, goes_at))
    return found


def _mend(kind: Backup.Kind) -> str:
    if kind == Backup.Kind.MEDIA:
        return _("Take one with mediabackup, and see why the regular one stopped.")
    return _("Take one with privacy_backup, and see why the regular one stopped.")


def _none_left(kind: Backup.Kind) -> Alarm:
    problem = _("No backup of this kind remains: %(kind)s. A loss of data could not be repaired.")
    return Alarm(f"{kind}:none", "bad", problem % {"kind": kind.label}, _mend(kind))


def _last_one_goes(kind: Backup.Kind, key: int, goes_at: datetime) -> Alarm:
    day = date_format(timezone.localtime(goes_at), "DATE_FORMAT")
    problem = _("The newest backup (%(kind)s) is deleted by %(day)s, as promised, and there is no newer one.")
    return Alarm(f"{kind}:{key}", "warn", problem % {"kind": kind.label, "day": day}, _mend(kind))


def warn(*, now: datetime) -> None:
    """Mail ADMINS once for each state of alarm. The banner stays as long as the state does."""
    storage = BackupStorage.objects.filter(alias__in=listing.aliases()).order_by("pk").first()
    raised = alarms(now)
    key = "; ".join(alarm.key for alarm in raised)
    if storage is None or storage.alarm == key:
        return
    # Of two scans at once only the one that changes the row speaks.
    mine = BackupStorage.objects.filter(pk=storage.pk, alarm=storage.alarm).update(alarm=key)
    if not raised or not mine:
        return
    text = "\n\n".join(f"{alarm.problem}\n{alarm.mend}" for alarm in raised)
    try:
        mail_admins(_("Backups: none will remain"), text)
    except Exception as error:  # noqa: BLE001 mail is down; the banner shows, and the next scan tries again
        logger.error("The alarm about backups could not be mailed: %s", type(error).__name__)
        BackupStorage.objects.filter(pk=storage.pk, alarm=key).update(alarm=storage.alarm)
