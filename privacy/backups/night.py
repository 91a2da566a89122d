"""Two steps of the night: look at what is there, then let go of what is over its time."""

from django.utils.translation import gettext_lazy as _

from privacy.backups import services
from privacy.core.registries import NightContext, NightStep, StepReport, night_steps


def scan(context: NightContext) -> StepReport:
    """Make the register say what the storages say."""
    report = services.reconcile(
        now=context.now, actor=context.actor, dry_run=context.dry_run, progress=context.progress
    )
    return StepReport(report.counts(), error="\n".join(report.problems))


def expire(context: NightContext) -> StepReport:
    """Delete every backup whose time is over before the next night."""
    report = services.expire(
        now=context.now,
        horizon=context.horizon,
        actor=context.actor,
        dry_run=context.dry_run,
        progress=context.progress,
    )
    return StepReport(report.counts(), error="; ".join(report.reasons))


night_steps.add("backups.scan", NightStep("backups.scan", 500, _("Compare the backups with their storage"), scan))
night_steps.add(
    "backups.expire",
    NightStep("backups.expire", 510, _("Delete backups older than promised"), expire, destroys=True),
)
