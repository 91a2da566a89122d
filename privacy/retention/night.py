"""The steps of the night and of the hour that this room owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.utils.translation import gettext_noop

from privacy.core.actors import Actor
from privacy.core.registries import HourlyStep, NightContext, NightStep, StepReport, hourly_steps, night_steps
from privacy.retention import logs
from privacy.retention.claiming import nudge_again
from privacy.retention.ending import Rulebook, carry_out
from privacy.retention.execution import safe_words
from privacy.retention.lateness import tell_lateness
from privacy.retention.models import Schedule
from privacy.retention.schedules import sync_schedules

SYNC, SCHEDULES = "retention.sync", "retention.schedules"
GO_ON, WATCHDOG = "retention.go_on", "retention.watchdog"
LOGS = "retention.logs"


def sync(context: NightContext) -> StepReport:
    """Compare the schedules with the declarations before anything goes by them."""
    report = sync_schedules(now=context.now, actor=context.actor, dry_run=context.dry_run)
    return StepReport({word: count for word, count in asdict(report).items() if count})


def expire(context: NightContext) -> StepReport:
    """Carry out every schedule; one that fails keeps none of the others.

    The cursor holds the counts of the schedules that are done, and of the one that was begun: an interrupted
    attempt goes on behind the ones and counts on from the other.
    """
    rulebook = Rulebook(context.now)
    done: dict[str, dict[str, int]] = {name: dict(found) for name, found in context.cursor.get("done", {}).items()}
    begun: Mapping[str, Mapping[str, int]] = context.cursor.get("begun", {})
    errors: list[str] = []
    # Deletions first: nobody shortens the address of a row that goes in the same night.
    for schedule in Schedule.objects.active().order_by("-action", "category", "name"):
        if schedule.name in done:
            continue

        def told(counts: Mapping[str, int], *, name: str = schedule.name) -> None:
            context.progress(_total({**done, name: dict(counts)}), {"done": done, "begun": {name: dict(counts)}})

        try:
            done[schedule.name] = carry_out(
                schedule,
                rulebook=rulebook,
                horizon=context.horizon,
                now=context.now,
                actor=context.actor,
                dry_run=context.dry_run,
                told=told,
                before=begun.get(schedule.name),
            )
        except Exception as error:  # noqa: BLE001 - a step is site code too: whatever it raises is its own failure
            errors.append(f"{schedule.name}: {safe_words(error)}")
            continue
        context.progress(_total(done), {"done": done})
    return StepReport(_total(done), "\n".join(errors))


def expire_logs(context: NightContext) -> StepReport:
    """Remove what declared log files were rotated into, and tell of one that nobody rotates."""
    counts = {"files": 0, "emptied": 0}
    errors: list[str] = []
    for log in logs.declared_logs(context.now):
        if log.paused:
            continue
        report = logs.expire(
            log, horizon=context.horizon, now=context.now, actor=context.actor, dry_run=context.dry_run
        )
        counts["files"] += report.files
        counts["emptied"] += report.emptied
        if report.failed:
            kinds = ", ".join(sorted(set(report.failed)))
            errors.append(f"{log.path}: {len(report.failed)} files could not be removed ({kinds})")
    if not context.dry_run:
        standings = logs.standings(context.now, horizon=context.horizon)
        errors += [
            f"{item.log.path}: it holds lines that are over, and is not rotated" for item in standings if item.unrotated
        ]
    return StepReport(counts, "\n".join(errors))


def go_on(now: datetime, actor: Actor) -> Mapping[str, int]:
    """See that a night which lost its worker, or never found one, is taken up."""
    return {"nights": int(nudge_again(now=now))}


def watch(now: datetime, actor: Actor) -> Mapping[str, int]:
    """Tell the site's admins when no night was completed in time."""
    return {"mails": int(tell_lateness(now=now, actor=actor))}


def _total(done: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Sums by what happened first, then the rows of each schedule that had any."""
    people = {"accounts": 0} if any("accounts" in found for found in done.values()) else {}
    sums = {"deleted": 0, "anonymised": 0, "files": 0, **people}
    rows = {name: found["deleted"] + found["anonymised"] for name, found in done.items()}
    for found in done.values():
        for word in sums:
            sums[word] += found.get(word, 0)
    return {**sums, **{name: count for name, count in rows.items() if count}}


night_steps.add(SYNC, NightStep(SYNC, 10, gettext_noop("Compare the schedules with the declarations"), sync))
night_steps.add(
    SCHEDULES, NightStep(SCHEDULES, 400, gettext_noop("Let rows end whose period is over"), expire, destroys=True)
)
night_steps.add(LOGS, NightStep(LOGS, 420, gettext_noop("Let log files end"), expire_logs, destroys=True))
hourly_steps.add(GO_ON, HourlyStep(GO_ON, 50, gettext_noop("Take up a night that lost its worker"), go_on))
hourly_steps.add(WATCHDOG, HourlyStep(WATCHDOG, 100, gettext_noop("Tell the admins when the night is late"), watch))
