"""What the night does for this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacy.consent.services import expire_grants
from privacy.core.registries import NightContext, NightStep, StepReport, night_steps


def run_expiry(ctx: NightContext) -> StepReport:
    """Write into the ledger which grants ran out."""
    expired = expire_grants(now=ctx.now, actor=ctx.actor, dry_run=ctx.dry_run, progress=ctx.progress)
    return StepReport({"expired": expired})


night_steps.add("consent.expiry", NightStep("consent.expiry", 150, _("Consents whose period is over"), run_expiry))
