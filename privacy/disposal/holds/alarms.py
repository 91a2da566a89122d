"""Legal holds that need a person: somebody is told before a review, when it is overdue, and when the end has passed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.core.mail import mail_admins
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy.core.conf import settings
from privacy.disposal.holds.rules import HoldRules, hold_rules
from privacy.disposal.models import Hold

logger = logging.getLogger("privacy.disposal")


@dataclass(frozen=True, slots=True)
class HoldAlarm:
    """One hold that a person must look at; nothing in it says whose data is held.

    Attributes:
        level: ``warn`` before a review, ``bad`` when it is overdue or the end has passed.
        status: the same as a chip: ``due_soon``, ``review_due`` or ``expired_hold``.
        problem, mend: one sentence each.
    """

    hold: UUID
    level: Literal["warn", "bad"]
    status: str
    problem: str
    mend: str


def alarms(now: datetime) -> list[HoldAlarm]:
    """Holds whose review is due soon or overdue, and those past their end, the worst first."""
    found = [_alarm(hold, state) for hold, state in _states(now) if state]
    return sorted(found, key=lambda alarm: alarm.level != "bad")


def warn(*, now: datetime) -> int:
    """Mail ADMINS once for each new state of a hold; returns how many holds were told of."""
    told: list[tuple[Hold, str]] = []
    for hold, state in _states(now):
        if state == hold.alarm:
            continue
        # Of two nights at once only the one that changes the row speaks.
        mine = Hold.objects.in_force().filter(pk=hold.pk, alarm=hold.alarm).update(alarm=state)
        if mine and state:
            told.append((hold, state))
    return len(told) if told and _mailed(told) else 0


def _mailed(told: Sequence[tuple[Hold, str]]) -> bool:
    raised = [_alarm(hold, state) for hold, state in told]
    try:
        mail_admins(_("Legal holds: somebody must look"), "\n\n".join(f"{one.problem}\n{one.mend}" for one in raised))
    except Exception as error:  # noqa: BLE001 mail is down; the desk shows it, and the next night tries again
        logger.error("The alarm about legal holds could not be mailed: %s", type(error).__name__)
        for hold, state in told:
            Hold.objects.filter(pk=hold.pk, alarm=state).update(alarm=hold.alarm)
        return False
    return True


def _states(now: datetime) -> list[tuple[Hold, str]]:
    rules = hold_rules()
    return [(hold, _state(hold, rules, now)) for hold in Hold.objects.in_force().order_by("review_at", "pk")]


def _state(hold: Hold, rules: HoldRules, now: datetime) -> str:
    if hold.ends_at <= now:
        return Hold.Alarm.OVER.value
    if hold.review_at <= now:
        return Hold.Alarm.REVIEW.value
    soon = rules.alarm_before.end(now, settings.calendar)
    return Hold.Alarm.SOON.value if rules.alarm_before and hold.review_at <= soon else Hold.Alarm.NONE.value


def _alarm(hold: Hold, state: str) -> HoldAlarm:
    name = f"{hold.case} ({hold.reference})" if hold.case else hold.reference
    end = date_format(timezone.localtime(hold.ends_at), "DATE_FORMAT")
    review = date_format(timezone.localtime(hold.review_at), "DATE_FORMAT")
    words = {"name": name, "end": end, "review": review}
    mend = _("Review it: does the ground still stand? Then set the next date, or else release the hold.")
    if state == Hold.Alarm.OVER:
        problem = _("The legal hold %(name)s passed its end on %(end)s. It still holds, and its promise is broken.")
        return HoldAlarm(hold.pk, "bad", "expired_hold", problem % words, mend)
    if state == Hold.Alarm.REVIEW:
        problem = _(
            "The legal hold %(name)s had to be reviewed by %(review)s. It still holds, and its promise is broken."
        )
        return HoldAlarm(hold.pk, "bad", "review_due", problem % words, mend)
    problem = _("The legal hold %(name)s must be reviewed by %(review)s.")
    return HoldAlarm(hold.pk, "warn", "due_soon", problem % words, mend)
