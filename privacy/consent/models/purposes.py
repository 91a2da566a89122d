"""What people may be asked to agree to, and the exact words in which they were asked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.consent.querysets import PurposeQuerySet, WordingQuerySet
from privacy.core.periods import Period
from privacy.evidence.models import WrittenOnce

__all__ = ["Purpose", "Wording"]


class Purpose(models.Model):
    """One use of personal data that can be permitted or not. It is retired, never deleted: records speak of it.

    Attributes:
        code: what the site's code asks by, ``"newsletter"``.
        title: what people read.
        legal_basis: one of GDPR Art. 6; only ``consent`` asks people.
        category: the data that it uses, as declarations name it.
        period: how long a grant lasts (ISO 8601); empty where the purpose does not rest on consent.
        express: True asks for an act of the person's own, such as an unticked box (HVR-3-3).
        marketing: direct marketing: an objection ends it, whatever the site thinks (GDPR Art. 21(3)).
        covers: purposes of declarations that rest on this one, ``["promotion"]``.
        origin: the profile, or the site's own screens.
        added_at: when the site began to know it; accounts older than that are asked, never assumed.
        announced_at, announcement: when and where people were told of a purpose that was added later (CPT-2-5).
        retired_at: nobody is asked any more, and nothing may be processed for it.
    """

    class Origin(models.TextChoices):
        PROFILE = "profile", _("profile")
        SITE = "site", _("this site")

    code = models.CharField(_("code"), max_length=50, primary_key=True)
    title = models.CharField(_("title"), max_length=200)
    legal_basis = models.CharField(_("legal basis"), max_length=30)
    category = models.CharField(_("category of data"), max_length=100)
    period = models.CharField(_("a grant lasts"), max_length=20, blank=True)
    express = models.BooleanField(_("express"), default=True)
    marketing = models.BooleanField(_("direct marketing"), default=False)
    covers = models.JSONField(_("uses of declared data"), default=list, blank=True)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices, default=Origin.SITE)
    added_at = models.DateTimeField(_("added"))
    announced_at = models.DateTimeField(_("announced"), null=True, blank=True)
    announcement = models.CharField(_("where people were told"), max_length=200, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = PurposeQuerySet.as_manager()

    class Meta:
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        ordering = ("title", "code")
        default_permissions = ("view",)
        permissions = (("manage_purposes", _("Can add purposes and wordings, and announce them")),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(legal_basis="consent") | ~Q(period=""), name="privacy_purpose_consent_ends"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def needs_consent(self) -> bool:
        return self.legal_basis == "consent"

    @property
    def grant_lasts(self) -> Period:
        """The period of a grant; no time at all where none is given."""
        return Period.parse(self.period) if self.period else Period()


class Wording(WrittenOnce):
    """The exact words in which people are asked for one purpose. Another comma is another wording.

    Attributes:
        digest: SHA-256 (hexadecimal) over purpose, version, language and text: the same words have one row.
        version: of the text, ``"2026-03"``; the same in every language.
        language: a tag such as ``"en"`` or ``"de-AT"``.
        text: as served, byte for byte.
        made_at: the newest of a language is the one that is served.
    """

    digest = models.CharField(_("digest"), max_length=64, primary_key=True, editable=False)
    purpose = models.CharField(_("purpose"), max_length=50, db_index=True, editable=False)
    version = models.CharField(_("version"), max_length=50, editable=False)
    language = models.CharField(_("language"), max_length=35, editable=False)
    text = models.TextField(_("text"), editable=False)
    made_at = models.DateTimeField(_("made"), editable=False)

    objects = WordingQuerySet.as_manager()

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        ordering = ("purpose", "language", "-made_at")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.purpose} {self.version} ({self.language})"
