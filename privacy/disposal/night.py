"""The disposal room's part of the night. Each step may be repeated after a crash at any line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from privacy.core.registries import NightContext, NightStep, StepReport, night_steps
from privacy.disposal import rekeying, sessions, sweeping
from privacy.disposal.claims import held
from privacy.disposal.holds import alarms as hold_alarms
from privacy.disposal.journal.keeping import keep_journal
from privacy.disposal.models import Hold, StoreReceipt, Sweep
from privacy.disposal.orphans import open_orphans
from privacy.disposal.queries import StoreStanding, due_by_site, store_standings
from privacy.disposal.services import review_waiting, run_closures, take_over_closed


def take_over(context: NightContext) -> StepReport:
    """Accounts that the site closed itself become closures; reopened ones are taken back."""
    reopened = 0 if context.dry_run else review_waiting(now=context.now, actor=context.actor)
    taken = take_over_closed(now=context.now, actor=context.actor, dry_run=context.dry_run, progress=context.progress)
    counts = {**taken, "reopened": reopened}
    if context.dry_run:
        counts["accounts"] = due_by_site(context.horizon)
    return StepReport(counts)


def find_orphans(context: NightContext) -> StepReport:
    """People who are gone without a closure, and whose rows are not: each gets one."""
    return StepReport(
        open_orphans(now=context.now, actor=context.actor, dry_run=context.dry_run, progress=context.progress)
    )


def closures(context: NightContext) -> StepReport:
    """Every account whose date has come, and all that was left before."""
    counts = run_closures(
        now=context.now,
        horizon=context.horizon,
        actor=context.actor,
        dry_run=context.dry_run,
        progress=context.progress,
    )
    partial = counts["partial"]
    return StepReport(counts, error=f"{partial} accounts are partial: see Closures" if partial else "")


def holds(context: NightContext) -> StepReport:
    """Tell the site's admins of holds that nobody looked at in time, or whose end has passed."""
    told = 0 if context.dry_run else hold_alarms.warn(now=context.now)
    in_force = Hold.objects.in_force().count()
    return StepReport({"holds": in_force, "told": told} if in_force else {})


def files(context: NightContext) -> StepReport:
    """Files and cache entries that could not be removed before."""
    rows = Sweep.objects.all()
    if context.dry_run:
        return StepReport({"files": rows.files().count()})
    gone = sweeping.sweep(rows, told=lambda files: context.progress({"files": files}))
    sweeping.empty_log()
    left = rows.exclude(held()).count()
    return StepReport({"files": gone, "left": left}, error=f"{left} files could not be removed" if left else "")


def stores(context: NightContext) -> StepReport:
    """Tell which places outside did not confirm; the closures that wait for them are partial and asked again."""
    standings = store_standings()
    counts = {"open": sum(store.open for store in standings)}
    if context.dry_run:
        return StepReport(counts)
    counts["confirmed"] = StoreReceipt.objects.confirmed().filter(verified_at=context.now).count()
    return StepReport(counts, error="\n".join(_unconfirmed(standings)))


def _unconfirmed(standings: Sequence[StoreStanding]) -> Iterator[str]:
    for store in standings:
        answers = ", ".join(f"{answer} {count}" for answer, count in store.answers)
        if store.open and store.declared:
            yield f"{store.name}: {store.open} people unconfirmed ({answers})"
        elif store.open:
            yield f"{store.name}: not declared any more, and {store.open} people unconfirmed: confirm in the admin"


def rekey(context: NightContext) -> StepReport:
    """After a rotation of the keys of pseudonyms, name anew what can be."""
    return StepReport(rekeying.rekey(dry_run=context.dry_run))


def index_sessions(context: NightContext) -> StepReport:
    """Sessions that no login of ours wrote down get their owner, and end where that owner is gone."""
    if context.dry_run:
        return StepReport()
    read = sessions.index_unknown(now=context.now)
    ended = sessions.end_orphans(now=context.now)
    return StepReport({"read": read, "ended": ended, "pruned": sessions.prune(now=context.now)})


night_steps.add(
    "disposal.take_over",
    NightStep("disposal.take_over", 100, "Take over accounts that the site closed", take_over, destroys=True),
)
night_steps.add(
    # Before the closures, which destroy what these people left.
    "disposal.orphans",
    NightStep("disposal.orphans", 120, "Find people who are gone without a closure", find_orphans, destroys=True),
)
night_steps.add(
    "disposal.closures", NightStep("disposal.closures", 200, "Destroy closed accounts", closures, destroys=True)
)


def journal(context: NightContext) -> StepReport:
    """What the journal still needs is appended; what no backup needs any more is deleted."""
    return StepReport(keep_journal(now=context.now, dry_run=context.dry_run).counts())


night_steps.add(
    # Behind the backups: with the last of them the segments go in the same night.
    "disposal.journal",
    NightStep("disposal.journal", 520, "Keep the journal", journal),
)
night_steps.add(
    # Behind the schedules, so that a file goes in the same night as its row.
    "disposal.files",
    NightStep("disposal.files", 450, "Remove files of destroyed rows", files, destroys=True),
)
night_steps.add("disposal.stores", NightStep("disposal.stores", 460, "Look at what outside places confirmed", stores))
night_steps.add(
    "disposal.pseudonyms", NightStep("disposal.pseudonyms", 470, "Name closures under the newest key", rekey)
)
# Before the closures, which end the sessions that are known by then.
night_steps.add("disposal.sessions", NightStep("disposal.sessions", 150, "Index sessions", index_sessions))
night_steps.add("disposal.holds", NightStep("disposal.holds", 190, "Look after legal holds", holds))
