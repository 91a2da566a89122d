"""A profile may not take back what a published version still promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from privacy.core.periods import Period
from privacy.promises.binding import frozen
from privacy.promises.bounds import Bound, find_reader, weaker
from privacy.promises.drafts import PromiseDraft
from privacy.promises.faults import Faults
from privacy.promises.models import FrozenBound, Promise
from privacy.promises.profiles import Profile


def find_weakened(profile: Profile, *, before: Callable[[str], Any | None], now: datetime) -> Faults:
    """Whatever a profile would weaken of what the versions in force at ``now`` promise.

    A setting may be neither weaker nor gone, and a promise stays as strict: else the ledger would no longer ask.

    Args:
        before: gives the rules of a section of the profile that is to be replaced.
    """
    faults = Faults()
    for row, bound in frozen(FrozenBound.objects.all(), now):
        _refuse_less_promised(profile, row, bound, faults)
        if row.setting:
            _refuse_less_set(profile, row.setting, bound, before, faults)
    return faults


def profile_lags(now: datetime) -> list[str]:
    """What the profile in force promises less than a version that binds at ``now``, a sentence each.

    The loader refuses such a profile, so that somebody wrote into the tables, or a version was withdrawn or replayed.
    """
    kept = list(Promise.objects.exclude(bound=""))
    lags = []
    for row, bound in frozen(FrozenBound.objects.all(), now):
        same = [one for one in kept if _is_about(one, row)]
        if not any(not weaker(Period.parse(one.figure), bound.figure, bound.kind) for one in same):
            less = f"the profile says {same[0].figure}" if same else "the profile does not"
            lags.append(f"{_said(bound)}, and {less}")
    return lags


def _refuse_less_promised(profile: Profile, row: FrozenBound, bound: Bound, faults: Faults) -> None:
    same = [one for one in profile.promises if _is_about(one, row)]
    if any(not weaker(Period.parse(one.figure), bound.figure, bound.kind) for one in same):
        return
    label = same[0].label if same else f"[[promise]] {row.code}"
    problem = f"{same[0].figure} is less than that" if same else "this profile does not"
    faults.add(label, "figure", f"{_said(bound)}, and {problem}", _mend(bound))


def _refuse_less_set(
    profile: Profile, setting: str, bound: Bound, before: Callable[[str], Any | None], faults: Faults
) -> None:
    section, _, key = setting.partition(".")
    own = _figure(setting, profile.rules.get(section))
    if own is not None and weaker(own, bound.figure, bound.kind):
        faults.add(f"[{section}]", key, f"{_said(bound)}, and {own} is weaker", _mend(bound))
    elif own is None and _figure(setting, before(section)) is not None:
        faults.add(f"[{section}]", key, f"{_said(bound)}, and it is not set any more", _mend(bound))


def _is_about(promise: PromiseDraft | Promise, row: FrozenBound) -> bool:
    """A figure with a setting is known by that, so that a promise may get another id."""
    same = promise.setting == row.setting if row.setting else promise.code == row.code
    return same and promise.bound == row.bound


def _figure(setting: str, rules: Any | None) -> Period | None:
    reader = find_reader(setting)
    figure = reader(rules) if reader is not None and rules is not None else None
    return figure if figure is None or isinstance(figure, Period) else Period.parse(str(figure))


def _said(bound: Bound) -> str:
    return f"{bound.place} promises {bound.figure} ({bound.code})"


def _mend(bound: Bound) -> str:
    if bound.until is None:
        return "Publish a version with the new figure first, and load this profile when that one binds everybody"
    return f"Load this profile when the next version binds everybody, {bound.until:%Y-%m-%d %H:%M} UTC"
