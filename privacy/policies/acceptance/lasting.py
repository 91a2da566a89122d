"""An acceptance is proved for as long as its account is open, and for the profile's period after it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from privacy.consent.rules import consent_rules
from privacy.core.batches import windows, within
from privacy.core.conf import settings
from privacy.core.registries import NightContext, NightStep, Progress, StepReport, night_steps
from privacy.policies.acceptance.models import AcceptanceContext
from privacy.policies.acceptance.writing import using


def keep_while_open(*, now: datetime, dry_run: bool = False, progress: Progress | None = None) -> int:
    """Move the end of acceptances whose account is open: each once in half of the period, a window a statement.

    A closure leaves the pseudonym until the end that stands by then: never longer than the period after it.

    Returns:
        How many ends were moved, or would be.
    """
    kept = consent_rules().proof_kept
    ends = kept.end(now, settings.calendar)
    near = now + (ends - now) / 2
    rows = AcceptanceContext.objects.using(using()).of_members()
    if dry_run:
        return rows.ending(near).count()
    moved = 0
    for lower, upper in windows(rows.ending(near), "until", until=near, size=settings.window_rows):
        moved += rows.filter(within("until", lower, upper)).update(until=ends)
        if progress:
            progress({"moved": moved})
    return moved


def run_keeping(ctx: NightContext) -> StepReport:
    """In front of the schedules, which remove what has ended."""
    return StepReport({"moved": keep_while_open(now=ctx.now, dry_run=ctx.dry_run, progress=ctx.progress)})


night_steps.add(
    "policies.acceptances",
    NightStep("policies.acceptances", 140, _("Acceptances of open accounts are kept"), run_keeping),
)
