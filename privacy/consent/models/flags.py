"""What stops the use of a person's data although no consent is missing: restrictions and objections."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.consent.querysets import FlagQuerySet

__all__ = ["Flag"]


class Flag(models.Model):
    """One restriction (GDPR Art. 18) or objection (Art. 21) of one person; it stops from the moment it is raised.

    Attributes:
        user_key, digest: as in ``ConsentContext``; exactly one is set.
        purpose: the purpose's code; empty stops every purpose.
        ground: why a restriction was asked for (Art. 18(1)); empty for an objection.
        decision: an objection stops while it is pending, and for good once upheld; a rejected one needs a reason.
        reason: of a rejection or a lifting, in the words that the person is told.
        until: when the night removes a flag that stops nothing any more.
    """

    class Kind(models.TextChoices):
        RESTRICTION = "restriction", _("restriction")
        OBJECTION = "objection", _("objection")

    class Ground(models.TextChoices):
        NONE = "", "–"
        ACCURACY = "accuracy", _("the data may be wrong")
        UNLAWFUL = "unlawful", _("the use is unlawful, and the data shall stay")
        CLAIMS = "claims", _("the person needs the data for a claim")
        OBJECTION = "objection", _("an objection is being weighed")

    class Outcome(models.TextChoices):
        PENDING = "pending", _("being weighed")
        UPHELD = "upheld", _("upheld")
        REJECTED = "rejected", _("rejected")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    user_key = models.CharField(_("account key"), max_length=255, blank=True, db_index=True)
    digest = models.CharField(_("digest of an address"), max_length=32, blank=True, db_index=True)
    digest_key = models.CharField(_("key of the digest"), max_length=8)
    purpose = models.CharField(_("purpose"), max_length=50, blank=True)
    ground = models.CharField(_("ground"), max_length=10, choices=Ground.choices, blank=True)
    raised_at = models.DateTimeField(_("raised"))
    surface = models.CharField(_("surface"), max_length=60)
    outcome = models.CharField(_("decision"), max_length=10, choices=Outcome.choices, default=Outcome.PENDING)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    until = models.DateTimeField(_("kept until"), null=True, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        verbose_name = _("restriction or objection")
        verbose_name_plural = _("restrictions and objections")
        ordering = ("-raised_at", "pk")
        default_permissions = ("view",)
        permissions = (("decide_flags", _("Can decide objections and lift restrictions")),)
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=("restriction", "objection")), name="privacy_flag_kind_known"),
            models.CheckConstraint(
                condition=(Q(user_key="") & ~Q(digest="")) | (Q(digest="") & ~Q(user_key="")),
                name="privacy_flag_one_person",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="rejected") | ~Q(reason=""), name="privacy_flag_rejected_with_a_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_outcome_display()})"

    @property
    def reference(self) -> str:
        """How staff tell one flag from another; it says nothing about anybody."""
        return str(self.pk)[:8]

    @property
    def chip(self) -> str:
        """Where it stands, as the design system calls it."""
        if self.lifted_at is not None:
            return "lifted"
        return "weighed" if self.outcome == self.Outcome.PENDING else str(self.outcome)

    @property
    def stops(self) -> bool:
        """Whether it keeps data from being used at this moment."""
        return self.lifted_at is None and self.outcome != self.Outcome.REJECTED
