"""Schedules, nights with their steps, and the approvals that a careful night waits for.

None of these rows knows a person: labels of models, counts, and moments.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.core.periods import Period
from privacy.retention.querysets import ApprovalQuerySet, NightRunQuerySet, NightStepRunQuerySet, ScheduleQuerySet

__all__ = ["Approval", "NightRun", "NightStepRun", "Schedule"]


class Schedule(models.Model):
    """When the rows of one model end. Synchronised from the declarations, edited by an admin.

    ``name`` stays the same when the declared period changes, so that an edited period survives.
    """

    class Kind(models.TextChoices):
        EXPIRY = "expiry", _("end of life")
        KEEP = "keep", _("end of an exception")

    class Action(models.TextChoices):
        DELETE = "delete", _("delete")
        ANONYMISE = "anonymise", _("anonymise")

    name = models.CharField(_("name"), max_length=255, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, editable=False)
    model = models.CharField(_("model"), max_length=150, editable=False)
    category = models.CharField(_("category"), max_length=100, editable=False)
    field = models.CharField(_("kept field"), max_length=100, blank=True, editable=False)
    start = models.CharField(_("counted from"), max_length=200, editable=False)
    action = models.CharField(_("action"), max_length=10, choices=Action.choices, editable=False)
    ground = models.CharField(_("ground"), max_length=200, blank=True, editable=False)
    declared = models.CharField(_("declared period"), max_length=40, editable=False)
    period = models.CharField(_("period"), max_length=40)
    edited = models.BooleanField(_("edited by an admin"), default=False, editable=False)
    paused = models.BooleanField(_("paused"), default=False, editable=False)
    withdrawn_at = models.DateTimeField(_("declaration gone since"), null=True, blank=True, editable=False)
    synced_at = models.DateTimeField(_("last compared with the declarations"), editable=False)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("retention schedule")
        verbose_name_plural = _("retention schedules")
        ordering = ("category", "model", "name")
        default_permissions = ("view", "change")
        permissions = (("pause_schedule", _("Can pause and resume a retention schedule")),)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=("expiry", "keep")), name="privacy_schedule_known_kind"),
            models.CheckConstraint(
                condition=Q(action__in=("delete", "anonymise")), name="privacy_schedule_known_action"
            ),
            models.CheckConstraint(
                condition=~Q(period="") & ~Q(declared=""),
                name="privacy_schedule_has_a_period",
                violation_error_message=_("A schedule needs a period: nothing is kept for ever."),
            ),
            models.CheckConstraint(
                condition=Q(kind="expiry") | Q(edited=False), name="privacy_schedule_keep_is_declared"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def span(self) -> Period:
        """The period as a value; the promise may still be stricter, see ``rules.effective``."""
        return Period.parse(self.period, field=self.name)


class NightRun(models.Model):
    """One night: the truth that tasks and screens follow.

    ``as_of`` is the moment the night stands for, ``horizon`` the end of its look-ahead; what was done up to
    the horizon needs no other night before it. ``pause_asked_at`` is since when a person wants it to stand still.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting for a worker")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("done, with failed steps")
        AWAITING_APPROVAL = "awaiting_approval", _("waits for approval")
        PREVIEW = "preview", _("preview only")
        INTERRUPTED = "interrupted", _("interrupted")
        PAUSED = "paused", _("paused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.PENDING)
    as_of = models.DateTimeField(_("night of"))
    horizon = models.DateTimeField(_("looks ahead to"))
    created_at = models.DateTimeField(_("asked for"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    heartbeat = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    process = models.CharField(_("process"), max_length=120, blank=True)
    message_id = models.CharField(_("task message"), max_length=80, blank=True)
    pause_asked_at = models.DateTimeField(_("pause asked for"), null=True, blank=True)
    dry_run = models.BooleanField(_("dry run"), default=False)
    only = models.CharField(_("single step"), max_length=80, blank=True)
    missed = models.PositiveIntegerField(_("missed nights before it"), default=0)
    asked_by = models.CharField(_("set off by"), max_length=60)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = NightRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("night")
        verbose_name_plural = _("nights")
        ordering = ("-as_of", "-created_at")
        default_permissions = ("view",)
        permissions = (
            ("run_night", _("Can start a night now")),
            ("approve_night", _("Can approve what a careful night would remove")),
            ("pause_night", _("Can pause a night and let it go on")),
        )
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("status",), condition=Q(status="running"), name="privacy_nightrun_one_running"
            ),
            models.UniqueConstraint(
                fields=("status",), condition=Q(status="pending"), name="privacy_nightrun_one_pending"
            ),
            models.UniqueConstraint(
                fields=("status",), condition=Q(status="paused"), name="privacy_nightrun_one_paused"
            ),
            models.UniqueConstraint(
                fields=("message_id",), condition=~Q(message_id=""), name="privacy_nightrun_once_a_message"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=(
                        "pending",
                        "running",
                        "done",
                        "failed",
                        "awaiting_approval",
                        "preview",
                        "interrupted",
                        "paused",
                    )
                ),
                name="privacy_nightrun_known_status",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=("status", "-as_of"), name="privacy_nightrun_latest")]

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M} {self.status}"

    @property
    def took(self) -> timedelta | None:
        """How long it went on, up to the last sign of life."""
        end = self.finished_at or self.heartbeat
        return end - self.started_at if self.started_at and end else None


class NightStepRun(models.Model):
    """One step of one night. ``cursor`` is where an interrupted attempt goes on; ``error`` names no person."""

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        PREVIEWED = "previewed", _("previewed")

    run = models.ForeignKey(NightRun, on_delete=models.CASCADE, related_name="steps", verbose_name=_("night"))
    name = models.CharField(_("step"), max_length=80)
    order = models.PositiveIntegerField(_("order"))
    title = models.CharField(_("what it does"), max_length=200)
    destroys = models.BooleanField(_("destroys"), default=False)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.PENDING)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    cursor = models.JSONField(_("cursor"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = NightStepRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of a night")
        verbose_name_plural = _("steps of nights")
        ordering = ("order", "name")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("run", "name"), name="privacy_nightsteprun_once_a_night"),
            models.CheckConstraint(
                condition=Q(status__in=("pending", "running", "done", "failed", "previewed")),
                name="privacy_nightsteprun_known_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.status}"

    @property
    def took(self) -> timedelta | None:
        return self.finished_at - self.started_at if self.started_at and self.finished_at else None


class Approval(models.Model):
    """A question of a careful night, with what it would remove. Who confirmed it stands in the evidence.

    ``reasons`` are ``first``, ``take_over`` and ``large``; ``fingerprint`` is the take-over rule it speaks of.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CONFIRMED = "confirmed", _("approved")
        USED = "used", _("carried out")
        OBSOLETE = "obsolete", _("no longer needed")

    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    reasons = models.JSONField(_("reasons"), default=list)
    run = models.ForeignKey(
        NightRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="approvals", verbose_name=_("night")
    )
    counts = models.JSONField(_("would remove"), default=dict)
    accounts = models.PositiveIntegerField(_("accounts it would remove"), default=0)
    total_accounts = models.PositiveIntegerField(_("accounts in all"), default=0)
    fingerprint = models.CharField(_("take-over rule"), max_length=128, blank=True)
    asked_at = models.DateTimeField(_("asked"))
    confirmed_at = models.DateTimeField(_("approved"), null=True, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval of a night")
        verbose_name_plural = _("approvals of nights")
        ordering = ("-asked_at", "-pk")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("status",), condition=Q(status="waiting"), name="privacy_approval_one_waiting"
            ),
            models.CheckConstraint(
                condition=Q(status__in=("waiting", "confirmed", "used", "obsolete")),
                name="privacy_approval_known_status",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("confirmed", "used")) | Q(confirmed_at__isnull=False),
                name="privacy_approval_confirmed_has_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.asked_at:%Y-%m-%d}"

    @property
    def plan(self) -> str:
        """A fingerprint of what is asked: it changes with every figure that a person is shown."""
        asked = [self.reasons, self.counts, self.accounts, self.total_accounts, self.fingerprint]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
