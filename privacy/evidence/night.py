"""What the night does for this room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacy.core.registries import NightContext, NightStep, StepReport, night_steps
from privacy.evidence.services import drop_expired_details, record


def run_details(ctx: NightContext) -> StepReport:
    """Drop the erasable halves whose end comes before the next night."""
    dropped = drop_expired_details(horizon=ctx.horizon, dry_run=ctx.dry_run, progress=ctx.progress)
    if dropped and not ctx.dry_run:
        record(
            act="evidence.details_expired",
            now=ctx.now,
            actor=ctx.actor,
            label="privacy.EvidenceDetail",
            counts={"details": dropped},
        )
    return StepReport({"details": dropped})


night_steps.add(
    "evidence.details",
    NightStep(
        name="evidence.details",
        order=800,
        title=_("Details of old evidence"),
        run=run_details,
        destroys=True,
    ),
)
