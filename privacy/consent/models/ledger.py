"""The consent ledger in two halves: what was decided, for ever, and who decided, until its end."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.consent.models.purposes import Wording
from privacy.consent.querysets import ConsentContextQuerySet, ConsentRecordQuerySet
from privacy.evidence.models import WrittenOnce

__all__ = ["Choice", "ConsentContext", "ConsentRecord", "Decision"]


class Choice(models.TextChoices):
    """What a person can answer to a question."""

    GIVEN = "given", _("yes")
    REFUSED = "refused", _("no")


class Decision(models.TextChoices):
    """What the ledger says happened."""

    GIVEN = "given", _("given")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("expired")


class ConsentRecord(WrittenOnce):
    """One decision of one person about one purpose, written once. It names nobody.

    A withdrawal is a new record; the grant before it stays as it was (X16).

    Attributes:
        reference: what the person, a receipt and the journal call it.
        at: when it was decided, in UTC.
        purpose: the purpose's code.
        wording: the words that were shown; empty only where no question was (a withdrawal, an end).
        surface: where it was decided, ``"page:signup"``.
        language: in which the person was spoken to.
        expires_at: when a grant ends by itself.
        previous: the person's decision before this one about the same purpose.
        commitment: SHA-256 (hexadecimal) over this row, its context's pseudonym, and a salt kept beside that.
    """

    # The primary key is the only unique column: a second one would need a replacement guard of its own.
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, db_index=True, editable=False)
    at = models.DateTimeField(_("when"), db_index=True, editable=False)
    purpose = models.CharField(_("purpose"), max_length=50, editable=False)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices, editable=False)
    wording = models.ForeignKey(
        Wording,
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="records",
        verbose_name=_("wording"),
        editable=False,
    )
    surface = models.CharField(_("surface"), max_length=60, editable=False)
    language = models.CharField(_("language"), max_length=35, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, editable=False)
    previous = models.ForeignKey(
        "self", models.DO_NOTHING, null=True, blank=True, related_name="+", verbose_name=_("before"), editable=False
    )
    commitment = models.CharField(_("commitment"), max_length=64, editable=False)

    objects = ConsentRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent ledger")
        ordering = ("-at", "-pk")
        default_permissions = ("view",)
        permissions = (
            ("view_consent_people", _("Can see whose consents the ledger holds")),
            ("enter_consents", _("Can enter decisions that people sent in")),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(decision__in=("withdrawn", "expired")) | Q(wording__isnull=False),
                name="privacy_consent_answers_a_wording",
            ),
            models.CheckConstraint(
                condition=Q(decision="given", expires_at__isnull=False)
                | (~Q(decision="given") & Q(expires_at__isnull=True)),
                name="privacy_consent_grant_ends",
            ),
        )
        indexes = (models.Index(fields=("purpose", "decision", "at"), name="privacy_consent_by_purpose"),)

    @property
    def chip(self) -> str:
        """The decision as the design system calls it."""
        return {"refused": "declined", "expired": "run_out"}.get(self.decision, self.decision)

    def __str__(self) -> str:
        return f"{self.purpose}: {self.get_decision_display()} ({self.at:%Y-%m-%d %H:%M})"


class ConsentContext(models.Model):
    """Who decided: the half that is erased. What is left of it then is a pseudonym, with an end (X14).

    Attributes:
        user_key: ``str(user.pk)`` of a member, else empty.
        digest: keyed digest of the e-mail address of somebody without an account, else empty.
        digest_key: which key made it and the pseudonym.
        purpose: as in the record; with a key, the place to look a person's standing up.
        is_last: whether it is the ledger's last word about this person and purpose.
        pseudonym: what finds the person's proof again after the account is gone.
        salt: 64 hexadecimal digits; without it the record's commitment cannot be guessed at.
        network: the client's network, its host part removed; empty where nobody was at a screen.
        entered_by: what kind of actor entered it.
        until: when the night removes this row.
    """

    # No cascade: a record is never deleted, and its context is deleted without asking anyone.
    record = models.OneToOneField(
        ConsentRecord,
        models.DO_NOTHING,
        primary_key=True,
        related_name="context",
        verbose_name=_("consent record"),
        editable=False,
    )
    user_key = models.CharField(_("account key"), max_length=255, blank=True, db_index=True)
    digest = models.CharField(_("digest of an address"), max_length=32, blank=True, db_index=True)
    digest_key = models.CharField(_("key of the pseudonym"), max_length=8)
    purpose = models.CharField(_("purpose"), max_length=50)
    is_last = models.BooleanField(_("last word"), default=True)
    pseudonym = models.CharField(_("pseudonym"), max_length=32, blank=True, db_index=True)
    salt = models.CharField(_("salt"), max_length=64)
    network = models.CharField(_("network"), max_length=45, blank=True)
    entered_by = models.CharField(_("entered by"), max_length=10)
    until = models.DateTimeField(_("kept until"), db_index=True)

    objects = ConsentContextQuerySet.as_manager()

    class Meta:
        verbose_name = _("context of a consent record")
        verbose_name_plural = _("contexts of consent records")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=("user_key", "purpose"),
                condition=Q(is_last=True) & ~Q(user_key=""),
                name="privacy_consent_last_of_member",
            ),
            models.UniqueConstraint(
                fields=("digest", "purpose"),
                condition=Q(is_last=True) & ~Q(digest=""),
                name="privacy_consent_last_of_address",
            ),
            models.CheckConstraint(condition=Q(user_key="") | Q(digest=""), name="privacy_consent_one_kind_of_person"),
        )

    def __str__(self) -> str:
        return f"context of consent record {self.pk}"
