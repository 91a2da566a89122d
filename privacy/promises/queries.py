"""What the profile in force says, and what the ledger found. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import QuerySet

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.core.registries import Status, profile_sections, providers
from privacy.promises import binding
from privacy.promises import bounds as rules_of_bounds
from privacy.promises.binding import Standing
from privacy.promises.bounds import Bound, BoundKind
from privacy.promises.facts import Facts
from privacy.promises.ledger import Ledger, LedgerRow
from privacy.promises.models import FrozenBound, ProfileTable, Promise, PromiseResult, PromiseRun, SiteFacts
from privacy.promises.querysets import PromiseRunQuerySet

__all__ = [
    "Bound",
    "Moment",
    "Standing",
    "binding_now",
    "bound",
    "bound_by",
    "bounds",
    "bounds_under",
    "checks",
    "facts",
    "findings",
    "history",
    "is_known",
    "ledger",
    "rules_or_none",
    "said_by",
    "section",
    "site",
    "standings",
    "trend",
    "version_in_force",
]

#: ``(*, now) -> key``: the privacy policy in force, or None. The room that publishes answers it.
VERSION_IN_FORCE = "version_in_force"


def site() -> SiteFacts | None:
    """The row that says which profile is loaded."""
    return SiteFacts.objects.first()


def facts() -> Facts:
    """Who the site is; empty facts while no profile is loaded."""
    row = site()
    return Facts.from_data(row.data) if row else Facts()


def section(name: str) -> Any | None:
    """The rules of a profile's table as its room understands them.

    Returns:
        ``None`` when no profile is loaded, when it has no such table, or when no room owns one of that name.

    Raises:
        PrivacyError: the stored table is no longer valid, after an upgrade; load the profile again.
    """
    owner = profile_sections.find(name)
    row = ProfileTable.objects.filter(name=name).first() if owner else None
    return owner.parse(row.table) if owner and row else None


def rules_or_none(name: str) -> Any | None:
    """The same where a table that is no longer understood may not stop anybody: ``check`` names it (E202)."""
    try:
        return section(name)
    except PrivacyError:
        return None


def bounds(setting: str, *, now: datetime) -> list[Bound]:
    """Every promise that binds this dotted setting at ``now``.

    Those of published versions come first, in the order in which they were published, then what the profile alone
    promises. Two queries; one more where a version ever bound this setting.
    """
    published = [bound for _, bound in binding.frozen(FrozenBound.objects.filter(setting=setting), now)]
    return binding.merged(published, (_bound(row) for row in Promise.objects.filter(setting=setting).exclude(bound="")))


def bounds_under(prefix: str, *, now: datetime) -> dict[str, list[Bound]]:
    """The same for every setting whose name begins so, by what follows ``prefix``; as many queries."""
    published: dict[str, list[Bound]] = {}
    own: dict[str, list[Bound]] = {}
    for row, bound in binding.frozen(FrozenBound.objects.under(prefix), now):
        published.setdefault(row.setting.removeprefix(prefix), []).append(bound)
    for promise in Promise.objects.filter(setting__startswith=prefix).exclude(setting="").exclude(bound=""):
        own.setdefault(promise.setting.removeprefix(prefix), []).append(_bound(promise))
    names = [*published, *(name for name in own if name not in published)]
    return {name: binding.merged(published.get(name, ()), own.get(name, ())) for name in names}


def _bound(row: Promise) -> Bound:
    return Bound(row.code, row.clause, Period.parse(row.figure), cast(BoundKind, row.bound))


def bound(setting: str, *, now: datetime) -> Bound | None:
    """The promise that leaves this dotted setting the least room, or ``None``."""
    return rules_of_bounds.strictest(bounds(setting, now=now))


def standings(*, now: datetime) -> list[Standing]:
    """Every bound on a setting at ``now``, beside what is set.

    Raises:
        PrivacyError: a stored table of the profile is no longer valid.
    """
    found = bounds_under("", now=now)
    rules = {name: section(name) for name in {setting.partition(".")[0] for setting in found}}
    return [
        binding.standing(setting, one, rules[setting.partition(".")[0]]) for setting in found for one in found[setting]
    ]


def bound_by(version: str, *, now: datetime) -> list[Standing]:
    """What one published version promises, beside what is set; empty where it binds nothing. Whether it binds now is
    asked of ``binding_now``. Two queries, and two a figure.
    """
    rows = FrozenBound.objects.filter(version=version).order_by("code")
    until = binding.versions(now).get(version)
    return [
        binding.standing(row.setting, binding.as_bound(row, until=until), rules_or_none(row.setting.partition(".")[0]))
        for row in rows
    ]


def binding_now(version: str, *, now: datetime) -> bool:
    """Whether this version's figures bind the site's settings at ``now``."""
    return version in binding.versions(now)


def said_by(*, now: datetime) -> dict[str, list[str]]:
    """By promise, the versions whose text says its figure and binds at ``now``. Two queries."""
    found: dict[str, list[str]] = {}
    for row, _bound in binding.frozen(FrozenBound.objects.all(), now):
        found.setdefault(row.code, []).append(row.version)
    return found


def version_in_force(*, now: datetime) -> str | None:
    """The privacy policy in force, ``"privacy.en.3"``; None while none is published."""
    ask = providers.find(VERSION_IN_FORCE)
    return ask(now=now) if ask else None


def ledger() -> Ledger:
    """The latest ledger of the site whose profile is loaded; without rows when nobody checked yet."""
    row = site()
    code, fingerprint = (row.code, row.fingerprint) if row else ("", "")
    run = PromiseRun.objects.of_site(code).newest_first().first()
    if run is None:
        return Ledger(site=code, checked_at=None)
    rows = tuple(_row(result) for result in run.results.order_by("position"))
    return Ledger(site=code, checked_at=run.checked_at, rows=rows, stale=run.fingerprint != fingerprint)


@dataclass(frozen=True, slots=True)
class Moment:
    """One finding in the history of a promise."""

    checked_at: datetime
    status: Status
    why: str


def history(code: str, *, limit: int = 400) -> list[Moment]:
    """What was found about one promise, the newest first."""
    found = (
        PromiseResult.objects.of_promise(code).newest_first().values_list("run__checked_at", "status", "why")[:limit]
    )
    return [Moment(checked_at, Status(status), why) for checked_at, status, why in found]


def checks() -> PromiseRunQuerySet:
    """Every check of this site's promises."""
    row = site()
    return PromiseRun.objects.of_site(row.code if row else "")


def findings(code: str) -> QuerySet[PromiseResult]:
    """What was found about one promise, each with its run; one query however many are read."""
    return PromiseResult.objects.of_promise(code).select_related("run")


def is_known(code: str) -> bool:
    """Whether a promise of the profile, or anything that was ever checked, has this id."""
    return Promise.objects.filter(code=code).exists() or PromiseResult.objects.of_promise(code).exists()


def trend(*, limit: int = 30) -> list[PromiseRun]:
    """The latest runs of this site with their counts, the oldest first."""
    return list(checks().newest_first()[:limit])[::-1]


def _row(result: PromiseResult) -> LedgerRow:
    return LedgerRow(
        code=result.code,
        clause=result.clause,
        says=result.says,
        check=result.check_names,
        status=Status(result.status),
        figure=result.figure,
        why=result.why,
        since=result.since,
    )
