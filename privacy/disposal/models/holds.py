"""Legal holds: whose rows, or which, must stay although their time is over."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.disposal.querysets import HoldQuerySet

__all__ = ["Hold"]


class Hold(models.Model):
    """One legal hold: on a person, on some categories of a person, or on categories of everybody.

    Holds that share a ``case`` are released together. ``subject_key`` is a plain value, dropped when the released
    person is erased; who placed, reviewed and released a hold stands in the evidence alone. Source: HTC-10-2, K08.
    """

    class Scope(models.TextChoices):
        PERSON = "person", _("one person")
        CATEGORY = "category", _("everybody's data of some categories")

    class Alarm(models.TextChoices):
        NONE = "", _("none")
        SOON = "soon", _("review due soon")
        REVIEW = "review", _("review overdue")
        OVER = "over", _("past its end")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices)
    subject_key = models.CharField(_("account key"), max_length=255, blank=True)
    categories = models.JSONField(_("categories"), default=list, blank=True, help_text=_("Empty: all of them."))
    case = models.CharField(_("case"), max_length=32, blank=True)
    ground = models.CharField(_("ground"), max_length=40)
    placed_at = models.DateTimeField(_("placed"))
    review_at = models.DateTimeField(_("to be reviewed by"))
    ends_at = models.DateTimeField(_("ends"))
    reviewed_at = models.DateTimeField(_("last reviewed"), null=True, blank=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    alarm = models.CharField(
        _("alarm"),
        max_length=10,
        blank=True,
        choices=Alarm.choices,
        default=Alarm.NONE,
        help_text=_("The state that ADMINS were last told about."),
    )

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = (F("released_at").asc(nulls_first=True), "review_at", "id")
        default_permissions = ("view",)
        permissions = (
            ("place_hold", _("Can place and review a legal hold")),
            ("release_hold", _("Can release a legal hold")),
        )
        constraints = (
            models.CheckConstraint(condition=Q(scope__in=("person", "category")), name="privacy_hold_scope_known"),
            models.CheckConstraint(
                # The key of a released hold goes with its person.
                condition=(Q(scope="person") & (~Q(subject_key="") | Q(released_at__isnull=False)))
                | (Q(scope="category") & Q(subject_key="") & ~Q(categories=[])),
                name="privacy_hold_holds_something",
            ),
            models.CheckConstraint(condition=~Q(ground=""), name="privacy_hold_has_a_ground"),
            models.CheckConstraint(
                condition=Q(review_at__gt=F("placed_at")) & Q(ends_at__gte=F("review_at")),
                name="privacy_hold_reviewed_before_its_end",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(released_at__gte=F("placed_at")),
                name="privacy_hold_released_later",
            ),
            models.CheckConstraint(
                condition=Q(alarm__in=("", "soon", "review", "over")), name="privacy_hold_alarm_known"
            ),
        )
        indexes = (
            models.Index(fields=("placed_at",), condition=Q(released_at__isnull=True), name="privacy_hold_in_force"),
            models.Index(fields=("subject_key",), name="privacy_hold_subject"),
            models.Index(fields=("case",), name="privacy_hold_case"),
        )

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.ground}"

    @property
    def reference(self) -> str:
        """How staff tell one hold from another; it says nothing about anybody."""
        return str(self.pk)[:8]

    @property
    def is_in_force(self) -> bool:
        """A hold whose end has passed still holds, and alarms, until a person releases or extends it."""
        return self.released_at is None

    def state(self, now: datetime) -> str:
        """A chip's status: ``released``, ``expired_hold``, ``review_due`` or ``in_force``."""
        if self.released_at is not None:
            return "released"
        if self.ends_at <= now:
            return "expired_hold"
        return "review_due" if self.review_at <= now else "in_force"
