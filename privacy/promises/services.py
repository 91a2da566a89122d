"""Loads a profile, checks the promises, and refuses settings that are weaker than the text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import OuterRef, Subquery

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.periods import Period
from privacy.core.registries import Status
from privacy.evidence.services import record
from privacy.promises import queries
from privacy.promises.bounds import WeakerThanPromised
from privacy.promises.faults import WrongProfile
from privacy.promises.freezing import freeze, refuse_unkept, refuse_weaker, take_turns
from privacy.promises.ledger import Ledger, LedgerRow
from privacy.promises.models import ProfileTable, Promise, PromiseResult, PromiseRun, SiteFacts
from privacy.promises.profiles import Profile, read_profile
from privacy.promises.running import evaluate
from privacy.promises.signals import profile_loaded
from privacy.promises.weakening import find_weakened

__all__ = [
    "LoadedProfile",
    "WeakerThanPromised",
    "WrongProfile",
    "check_promises",
    "freeze",
    "load_profile",
    "refuse_unkept",
    "refuse_weaker",
    "take_turns",
]

#: How long the findings of a run are kept: over a year, so that a yearly review sees the one before.
HISTORY_KEPT = Period(months=25)


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """What ``load_profile`` put in force."""

    site: str
    name: str
    promises: int
    tables: tuple[str, ...]
    fingerprint: str
    replaced: str


def load_profile(*, path: Path, now: datetime, actor: Actor) -> LoadedProfile:
    """Put a profile in force in place of the former one; the history of findings stays.

    Raises:
        WrongProfile: with every fault of the file, or with all that it would weaken of a published version;
            nothing was written.
    """
    with transaction.atomic():
        former = SiteFacts.objects.select_for_update().first()
        profile = read_profile(path)
        weakened = find_weakened(profile, before=queries.rules_or_none, now=now)
        if weakened.found:
            raise WrongProfile(file=str(path), faults=weakened.found)
        _write(profile, now)
        profile_loaded.send(sender=Profile, rules=profile.rules, now=now, actor=actor)
        record(
            act="promises.profile_loaded",
            now=now,
            actor=actor,
            label=profile.facts.code,
            counts={"promises": len(profile.promises), "tables": len(profile.tables)},
            details={"source": profile.source, "fingerprint": profile.fingerprint},
        )
    return LoadedProfile(
        site=profile.facts.code,
        name=profile.facts.name,
        promises=len(profile.promises),
        tables=tuple(profile.tables),
        fingerprint=profile.fingerprint,
        replaced=former.code if former else "",
    )


def _write(profile: Profile, now: datetime) -> None:
    SiteFacts.objects.update_or_create(
        id=1,
        defaults={
            "code": profile.facts.code,
            "name": profile.facts.name,
            "data": profile.facts.as_data(),
            "source": profile.source[:200],
            "fingerprint": profile.fingerprint,
            "loaded_at": now,
        },
    )
    ProfileTable.objects.all().delete()
    ProfileTable.objects.bulk_create(ProfileTable(name=name, table=table) for name, table in profile.tables.items())
    Promise.objects.all().delete()
    Promise.objects.bulk_create(
        Promise(
            position=position,
            code=draft.code,
            clause=draft.clause,
            kind=draft.kind,
            says=draft.says,
            checks=list(draft.checks),
            figure=draft.figure,
            bound=draft.bound,
            setting=draft.setting,
            params=dict(draft.params),
            needs=draft.needs,
        )
        for position, draft in enumerate(profile.promises)
    )


def check_promises(*, now: datetime, actor: Actor, remember: bool = True) -> Ledger:
    """Ask every live check, and save what was found.

    Args:
        now: the moment the checks take for the present.
        actor: who asked; only the kind is saved.
        remember: False answers a question about another moment, or of a dry run, and saves nothing.
    """
    code, fingerprint, promises = _in_force()
    found = evaluate(promises, now=now)
    earlier = {row.code: row for row in queries.ledger().rows}
    said = queries.said_by(now=now)
    rows = tuple(
        replace(row, since=_since(row, earlier.get(row.code), now), versions=tuple(said.get(row.code, ())))
        for row in found
    )
    ledger = Ledger(site=code, checked_at=now, rows=rows, version=queries.version_in_force(now=now))
    if remember:
        _remember(ledger, fingerprint, now, actor)
    return ledger


def _in_force() -> tuple[str, str, list[Promise]]:
    """Code and fingerprint of the profile with its own promises, should another be loaded this very moment."""
    while True:
        before = queries.site()
        promises = list(Promise.objects.all())
        after = queries.site()
        if (before and before.fingerprint) == (after and after.fingerprint):
            return (after.code, after.fingerprint, promises) if after else ("", "", promises)


def _since(row: LedgerRow, earlier: LedgerRow | None, now: datetime) -> datetime:
    if earlier is None or earlier.since is None or earlier.status != row.status:
        return now
    return min(earlier.since, now)


@transaction.atomic
def _remember(ledger: Ledger, fingerprint: str, now: datetime, actor: Actor) -> None:
    counts = ledger.counts
    run = PromiseRun.objects.create(
        site=ledger.site,
        fingerprint=fingerprint,
        checked_at=now,
        asked_by=str(actor),
        kept=counts[Status.KEPT],
        broken=counts[Status.BROKEN],
        cannot_tell=counts[Status.CANNOT_TELL],
        not_promised=counts[Status.NOT_PROMISED],
    )
    PromiseResult.objects.bulk_create(
        PromiseResult(
            run=run,
            position=position,
            code=row.code,
            clause=row.clause,
            says=row.says,
            check_names=row.check,
            status=row.status.value,
            figure=row.figure,
            why=row.why,
            since=row.since or now,
        )
        for position, row in enumerate(ledger.rows)
    )


@transaction.atomic
def prune_history(*, now: datetime) -> int:
    """Drop the findings of runs older than ``HISTORY_KEPT``; the latest run of a site always stays.

    Findings hold nothing personal, so no evidence is written and nobody has to answer for it.

    Returns:
        how many runs went.
    """
    latest = PromiseRun.objects.of_site(OuterRef("site")).newest_first().values("pk")[:1]
    over = PromiseRun.objects.checked_until(HISTORY_KEPT.cutoff(now, settings.calendar)).exclude(pk=Subquery(latest))
    PromiseResult.objects.filter(run__in=over).delete()
    return over.delete()[0]
