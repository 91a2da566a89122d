"""Placing, reviewing and releasing legal holds. What a hold does is in ``holds``, ``sparing`` and ``keeping``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, transaction

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.datamap import graph
from privacy.disposal import closing
from privacy.disposal.holds.rules import hold_rules
from privacy.disposal.journal import holds as journalling_holds
from privacy.disposal.models import Closure, Hold
from privacy.evidence.services import record

#: "2026/K-17", "12 O 345/26", "VIII ZR 3/26": digits, and no letters in a row that could be a name.
_FILE_NUMBER = re.compile(
    r"(?=.*[0-9])(?:[0-9]{1,12}|[A-Za-z]{1,2}|[IVX]{1,5})(?:[-/. ](?:[0-9]{1,12}|[A-Za-z]{1,2}|[IVX]{1,5}))*"
)
_LONGEST_CASE = 32
_LETTERS = 8


class WrongCase(PrivacyError):
    """The word is no file number, or could name a person."""


class UnknownGround(PrivacyError):
    """The published text names no such reason for keeping data."""


class UnknownCategory(PrivacyError):
    """No declaration has this category."""


class NothingHeld(PrivacyError):
    """A hold on nobody and nothing, or on everything of everybody."""


class WrongDates(PrivacyError):
    """The review or the end lies in the past, in the wrong order, or too far ahead."""


class NobodyToHold(PrivacyError):
    """The account does not exist any more: there is nothing to hold."""


class AlreadyHeld(PrivacyError):
    """The same hold is in force already."""


class NotInForce(PrivacyError):
    """The hold is released."""


def place_hold(
    *,
    user: Any | None = None,
    categories: Sequence[str] = (),
    case: str = "",
    ground: str,
    review_at: datetime,
    ends_at: datetime,
    now: datetime,
    actor: Actor,
) -> Hold:
    """Hold what is declared of a person, or categories of everybody, from this moment on (HTC-10-2, HTC-5.3-7).

    A closure that is destroying the person at this moment is waited for; the hold comes too late then.

    Args:
        user: the person; None holds the categories of everybody.
        categories: as declared; none holds all of the person.
        case: a file number; holds of one case are released together. Empty where there is none.
        ground: one of the profile's ``[holds] grounds``.
        review_at: when somebody must look again, at the latest.
        ends_at: how long the ground is expected to last. After it the hold alarms, and still holds.

    Raises:
        NothingHeld, UnknownCategory, UnknownGround, WrongCase, WrongDates: names the argument.
        NobodyToHold: the account is gone.
        AlreadyHeld: by the same case, ground and categories.
    """
    case = case.strip()
    held = sorted(set(categories))
    _refuse_scope(user, held)
    _refuse_ground(ground)
    _refuse_case(case)
    _refuse_dates(review_at, ends_at, now)
    with transaction.atomic(using=closing.using()):
        if user is not None:
            _wait_for(user)
        hold = Hold(
            scope=Hold.Scope.CATEGORY if user is None else Hold.Scope.PERSON,
            subject_key="" if user is None else str(user.pk),
            categories=held,
            case=case,
            ground=ground,
            placed_at=now,
            review_at=review_at,
            ends_at=ends_at,
        )
        same = Hold.objects.in_force().filter(scope=hold.scope, subject_key=hold.subject_key, case=case, ground=ground)
        if any(sorted(known) == held for known in same.values_list("categories", flat=True)):
            raise AlreadyHeld(field="hold", problem="the same is held already", mend="Review the one in force")
        hold.save(force_insert=True)
        _record("disposal.hold_placed", [hold], now=now, actor=actor)
        journalling_holds.told([hold], "placed", now=now)
    return hold


def review_hold(*, hold: Hold, review_at: datetime, ends_at: datetime, now: datetime, actor: Actor) -> Hold:
    """Somebody looked: the ground still stands. Sets the next review, and moves the end where it has to be.

    Raises:
        NotInForce: it is released.
        WrongDates: names ``review_at`` or ``ends_at``.
    """
    _refuse_dates(review_at, ends_at, now)
    with transaction.atomic(using=closing.using()):
        [hold] = _locked(hold.pk)
        hold.review_at, hold.ends_at, hold.reviewed_at = review_at, ends_at, now
        hold.alarm = Hold.Alarm.NONE
        hold.save(update_fields=["review_at", "ends_at", "reviewed_at", "alarm"])
        _record("disposal.hold_reviewed", [hold], now=now, actor=actor)
        journalling_holds.told([hold], "reviewed", now=now)
    return hold


def release_hold(*, hold: Hold, whole_case: bool = False, now: datetime, actor: Actor) -> int:
    """End a hold, or every hold of its case. What waited goes in the next night, by its original clock.

    Returns:
        How many holds were released.

    Raises:
        NotInForce: it is released already.
    """
    with transaction.atomic(using=closing.using()):
        holds = _locked(hold.pk, case=hold.case if whole_case else "")
        Hold.objects.filter(pk__in=[one.pk for one in holds]).update(released_at=now, alarm=Hold.Alarm.NONE)
        _record("disposal.hold_released", holds, now=now, actor=actor)
        journalling_holds.told(holds, "released", now=now)
    return len(holds)


def _locked(key: Any, *, case: str = "") -> list[Hold]:
    rows = Hold.objects.in_force().order_by("pk")
    rows = rows.of_case(case) if case else rows.filter(pk=key)
    if connections[closing.using()].features.has_select_for_update:
        rows = rows.select_for_update()
    found = list(rows)
    if not any(hold.pk == key for hold in found):
        raise NotInForce(field="hold", problem="it is released already", mend="Place a new one if the ground is back")
    return found


def _wait_for(user: Any) -> None:
    """Behind whoever closes the account just now: the closure's row first, then the account's, as closing does."""
    closing.lock(Closure.objects.open().unerased().of(str(user.pk)), wait=True)
    rows = get_user_model()._base_manager.using(closing.using()).filter(pk=user.pk)
    if connections[closing.using()].features.has_select_for_update:
        rows = rows.select_for_update()
    if not rows.values_list("pk", flat=True):
        raise NobodyToHold(field="user", problem="the account does not exist any more", mend="Nothing is left to hold")


def _record(act: str, holds: Sequence[Hold], *, now: datetime, actor: Actor) -> None:
    for hold in holds:
        details = {
            "hold": str(hold.pk),
            "case": hold.case,
            "ground": hold.ground,
            "categories": hold.categories,
            "review_at": hold.review_at,
            "ends_at": hold.ends_at,
        }
        record(act=act, label="privacy.Hold", subject=hold.subject_key, details=details, now=now, actor=actor)


def _refuse_scope(user: Any | None, categories: Sequence[str]) -> None:
    if user is None and not categories:
        raise NothingHeld(
            field="categories", problem="it would hold everything of everybody", mend="Name a person or a category"
        )
    known = {declared.category for declared in graph.declared()}
    for name in categories:
        if name not in known:
            raise UnknownCategory(
                field="categories",
                problem="a category is not declared",
                mend="Choose one of those that declarations use",
            )


def _refuse_ground(ground: str) -> None:
    grounds = hold_rules().grounds
    if ground not in grounds:
        raise UnknownGround(
            field="ground",
            problem="the published text names no such reason",
            mend=f"Use one of: {', '.join(grounds)}",
        )


def _refuse_case(case: str) -> None:
    if not case:
        return
    letters = sum(sign.isalpha() for sign in case)
    if len(case) > _LONGEST_CASE or letters > _LETTERS or not _FILE_NUMBER.fullmatch(case):
        raise WrongCase(
            field="case",
            problem="it is no file number that could name nobody",
            mend='Write a number such as "2026/K-17": digits, with at most two letters in a row',
        )


def _refuse_dates(review_at: datetime, ends_at: datetime, now: datetime) -> None:
    if review_at <= now:
        raise WrongDates(field="review_at", problem="the review is not in the future", mend="Choose a later day")
    if ends_at < review_at:
        raise WrongDates(
            field="ends_at", problem="the end comes before the review", mend="Review at the end, or before"
        )
    latest = hold_rules().review_every.end(now, settings.calendar)
    if review_at > latest:
        raise WrongDates(
            field="review_at",
            problem=f"holds are reviewed every {hold_rules().review_every} at the latest",
            mend=f"Choose {latest:%Y-%m-%d} or an earlier day",
        )
