"""The last step of every night: ask whether the promises are kept, and remember the answers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacy.core.registries import NightContext, NightStep, StepReport, night_steps
from privacy.promises import services


def check_all(context: NightContext) -> StepReport:
    """Check every promise for the night's moment; a dry run saves nothing."""
    ledger = services.check_promises(now=context.now, actor=context.actor, remember=not context.dry_run)
    pruned = 0 if context.dry_run else services.prune_history(now=context.now)
    return StepReport(counts={**ledger.counts, "old_runs_dropped": pruned})


night_steps.add(
    "promises.ledger",
    NightStep("promises.ledger", 900, str(_("Check every promise and write the ledger")), check_all),
)
