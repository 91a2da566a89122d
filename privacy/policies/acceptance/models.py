"""The ledger of acceptances in two halves: what was accepted, for ever, and by whom, until its end."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.evidence.models import WrittenOnce
from privacy.policies.acceptance.querysets import (
    AcceptanceContextQuerySet,
    AcceptanceQuerySet,
    AcceptedVersionQuerySet,
)
from privacy.policies.models import PolicyVersion

__all__ = ["Acceptance", "AcceptanceContext", "AcceptedVersion", "Event", "Kind"]


class Kind(models.TextChoices):
    """By what right the site says that somebody accepted."""

    EXPRESS = "express", _("said so")
    DEEMED = "deemed", _("by an act that counts as agreement")
    CONTINUED = "continued_use", _("by going on to use the site")
    ON_BEHALF = "on_behalf", _("entered by staff")


class Event(models.TextChoices):
    """What the person did."""

    SIGNUP = "signup", _("sign-up")
    PURCHASE = "purchase", _("purchase")
    DOWNLOAD = "download", _("download")
    CONTACT = "contact", _("contact form")
    VISIT = "visit", _("visit")
    CHANGE = "change", _("question about a new version")
    USE = "use", _("use of the site")
    STAFF = "staff", _("word to staff")


class Acceptance(WrittenOnce):
    """That somebody accepted some versions, written once. It names nobody.

    Attributes:
        reference: what the person and the journal call it.
        at: when, in UTC.
        kind: said so, or what the text counts as agreement.
        event: what the person did.
        surface: where, ``"page"``, ``"api"``, or the site's own word.
        language: in which the texts were shown; empty where none was.
        commitment: SHA-256 (hexadecimal) over this row, its versions, its context's pseudonym, and a salt beside that.
    """

    # The primary key is the only unique column: a second one would need a replacement guard of its own.
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, db_index=True, editable=False)
    at = models.DateTimeField(_("when"), db_index=True, editable=False)
    kind = models.CharField(_("how"), max_length=15, choices=Kind.choices, editable=False)
    event = models.CharField(_("occasion"), max_length=15, choices=Event.choices, editable=False)
    surface = models.CharField(_("where"), max_length=60, editable=False)
    language = models.CharField(_("language"), max_length=35, blank=True, editable=False)
    commitment = models.CharField(_("commitment"), max_length=64, editable=False)

    objects = AcceptanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("acceptance of policies")
        verbose_name_plural = _("ledger of acceptances")
        ordering = ("-at", "-pk")
        default_permissions = ("view",)
        permissions = (
            ("view_acceptance_people", _("Can see whose acceptances the ledger holds")),
            ("accept_on_behalf", _("Can enter acceptances on behalf of people")),
        )
        indexes = (models.Index(fields=("event", "kind", "at"), name="privacy_acceptance_by_event"),)

    def __str__(self) -> str:
        return f"{self.get_event_display()}: {self.get_kind_display()} ({self.at:%Y-%m-%d %H:%M})"

    @property
    def accepted(self) -> dict[str, str]:
        """Document to the version's key, empty where none was published. Reads ``versions``."""
        return {one.document: one.version_id or "" for one in self.versions.all()}


class AcceptedVersion(WrittenOnce):
    """One document of an acceptance: those that the site asks about, and all that belong to them (HTC-0-3, CPT-0-3).

    Attributes:
        document: its code.
        version: the one that bound the person then; empty where none was published.
    """

    acceptance = models.ForeignKey(
        Acceptance,
        models.DO_NOTHING,
        related_name="versions",
        verbose_name=_("acceptance of policies"),
        editable=False,
    )
    document = models.CharField(_("document"), max_length=40, editable=False)
    version = models.ForeignKey(
        PolicyVersion,
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="acceptances",
        verbose_name=_("version"),
        editable=False,
    )

    objects = AcceptedVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("accepted version")
        verbose_name_plural = _("accepted versions")
        ordering = ("pk",)
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.version_id or self.document)


class AcceptanceContext(models.Model):
    """Who accepted: the half that is erased. What is left of it then is a pseudonym, with an end (X14).

    Attributes:
        user_key: ``str(user.pk)`` of a member, else empty.
        digest: keyed digest of the e-mail address of somebody without an account, else empty.
        digest_key: which key made it and the pseudonym.
        pseudonym: what finds the person's proof again after the account is gone.
        salt: 64 hexadecimal digits; without it the commitment cannot be guessed at.
        network: the client's network, its host part removed.
        about: the site's own key of what was bought, downloaded or sent, ``"shop.Order 17"``.
        reason: why staff entered it.
        entered_by: what kind of actor entered it.
        until: when the night removes this row; moved on while the account is open.
    """

    # No cascade: an acceptance is never deleted, and its context is deleted without asking anyone.
    acceptance = models.OneToOneField(
        Acceptance,
        models.DO_NOTHING,
        primary_key=True,
        related_name="context",
        verbose_name=_("acceptance of policies"),
        editable=False,
    )
    user_key = models.CharField(_("account key"), max_length=255, blank=True, db_index=True)
    digest = models.CharField(_("digest of an address"), max_length=32, blank=True, db_index=True)
    digest_key = models.CharField(_("key of the pseudonym"), max_length=8)
    pseudonym = models.CharField(_("pseudonym"), max_length=32, blank=True, db_index=True)
    salt = models.CharField(_("salt"), max_length=64)
    network = models.CharField(_("network"), max_length=45, blank=True)
    about = models.CharField(_("about"), max_length=200, blank=True, db_index=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    entered_by = models.CharField(_("entered by"), max_length=10)
    until = models.DateTimeField(_("kept until"), db_index=True)

    objects = AcceptanceContextQuerySet.as_manager()

    class Meta:
        verbose_name = _("context of an acceptance")
        verbose_name_plural = _("contexts of acceptances")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                condition=Q(user_key="") | Q(digest=""), name="privacy_acceptance_one_kind_of_person"
            ),
        )

    def __str__(self) -> str:
        return f"context of acceptance {self.pk}"
