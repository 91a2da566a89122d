"""Filters on schedules, nights and approvals."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from privacy.retention.models import Approval, NightRun, NightStepRun, Schedule


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def declared(self) -> ScheduleQuerySet:
        """Schedules whose declaration still stands, paused ones too."""
        return self.filter(withdrawn_at=None)

    def active(self) -> ScheduleQuerySet:
        """Schedules that the night carries out."""
        return self.declared().filter(paused=False)

    def expiries(self) -> ScheduleQuerySet:
        return self.filter(kind="expiry")

    def keeps(self) -> ScheduleQuerySet:
        return self.filter(kind="keep")


class NightRunQuerySet(models.QuerySet["NightRun"]):
    def real(self) -> NightRunQuerySet:
        """Whole nights: no dry runs and no single steps."""
        return self.filter(dry_run=False, only="")

    def over(self) -> NightRunQuerySet:
        """Whatever their end, they are no longer going on."""
        return self.exclude(status__in=("pending", "running", "paused"))

    def open(self) -> NightRunQuerySet:
        """Waiting for a worker, at work, or paused."""
        return self.filter(status__in=("pending", "running", "paused"))

    def completed(self) -> NightRunQuerySet:
        """Whole nights in which every step was done."""
        return self.real().filter(status="done")

    def ended_well(self) -> NightRunQuerySet:
        """Whole nights that did what they may: every step was done, or they asked for approval."""
        return self.real().filter(status__in=("done", "awaiting_approval"))

    def until(self, moment: datetime) -> NightRunQuerySet:
        """Nights of that moment and before."""
        return self.filter(as_of__lte=moment)

    def newest_first(self) -> NightRunQuerySet:
        return self.order_by("-as_of", "-created_at")


class NightStepRunQuerySet(models.QuerySet["NightStepRun"]):
    def in_order(self) -> NightStepRunQuerySet:
        return self.order_by("order", "name")

    def carried_out(self, name: str) -> NightStepRunQuerySet:
        """Times that this step really ran to its end."""
        return self.filter(name=name, status="done", run__dry_run=False)


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def waiting(self) -> ApprovalQuerySet:
        return self.filter(status="waiting")

    def given(self) -> ApprovalQuerySet:
        """Confirmed by a person, used by a night or not."""
        return self.filter(status__in=("confirmed", "used"))

    def unused(self) -> ApprovalQuerySet:
        return self.filter(status="confirmed")
