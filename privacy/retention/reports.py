"""What a night did, read from its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from privacy.retention.models import NightRun, NightStepRun

_StepStatus = NightStepRun.Status


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the report. ``error`` is empty when it went well."""

    name: str
    status: str
    counts: Mapping[str, int]
    error: str


@dataclass(frozen=True, slots=True)
class NightReport:
    """What a night did: the report of ``privacy_nightly --json``."""

    run: UUID
    started: datetime | None
    finished: datetime | None
    status: str
    steps: tuple[StepLine, ...] = field(default_factory=tuple)

    @property
    def failed(self) -> bool:
        return any(step.status == _StepStatus.FAILED for step in self.steps)


def report_of(run: NightRun) -> NightReport:
    """The report of a night, from its rows."""
    lines = tuple(
        StepLine(step.name, step.status, dict(step.counts), step.error)
        for step in run.steps.all().order_by("order", "name")
    )
    return NightReport(run.pk, run.started_at, run.finished_at, run.status, lines)


def figures_of(report: NightReport) -> dict[str, int]:
    """What the finished steps counted, one line a figure, zeros left out."""
    return {
        f"{step.name}: {what}": amount
        for step in report.steps
        if step.status == _StepStatus.DONE
        for what, amount in step.counts.items()
        if amount
    }
