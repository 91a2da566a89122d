"""What the night and the hour do for this room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from privacy.core.actors import Actor
from privacy.core.registries import HourlyStep, NightContext, NightStep, StepReport, hourly_steps, night_steps
from privacy.evidence import queries
from privacy.evidence.sealing import seal
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


def run_seal(ctx: NightContext) -> StepReport:
    """Seal what the night has written."""
    if ctx.dry_run:
        return StepReport({"entries": queries.unsealed()})
    return StepReport(asdict(seal(now=ctx.now, actor=ctx.actor)))


def seal_hourly(now: datetime, actor: Actor) -> Mapping[str, int]:
    """Seal what the last hour has written."""
    return asdict(seal(now=now, actor=actor))


SEAL = "evidence.seal"

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
# Behind every other step, so that what they wrote is sealed before the morning.
night_steps.add(SEAL, NightStep(SEAL, 990, _("Seal the evidence"), run_seal))
hourly_steps.add(SEAL, HourlyStep(SEAL, 900, _("Seal the evidence"), seal_hourly))
