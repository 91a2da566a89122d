"""Who was told of a version, and when: what the day rests on from which it binds somebody."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.policies.models.versions import PolicyVersion
from privacy.policies.querysets import PolicyNoticeQuerySet

__all__ = ["PolicyAnnouncement", "PolicyNotice"]


class PolicyAnnouncement(models.Model):
    """That the mails of a version were begun, and which mailing they are. It names nobody.

    Attributes:
        mailing: the key of the ``Mailing``; no foreign key, since the record outlasts it.
    """

    version = models.OneToOneField(
        PolicyVersion,
        models.DO_NOTHING,
        primary_key=True,
        related_name="announcement",
        verbose_name=_("version"),
        editable=False,
    )
    mailing = models.UUIDField(_("mailing"), unique=True, editable=False)
    at = models.DateTimeField(_("begun"), editable=False)

    class Meta:
        verbose_name = _("announcement of a version")
        verbose_name_plural = _("announcements of versions")
        ordering = ("-at",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"announcement of {self.version_id}"


class PolicyNotice(models.Model):
    """That one member was told of one version. It outlasts the mail in the outbox, and goes with the person.

    Attributes:
        user_key: ``str(pk)`` of the account. No foreign key: the row goes with the person by declaration.
        dispatched_at: when the mail was handed over; it counts whether or not it arrived (CPT-14-2).
        newest: whether it went to the address that the account had just then (CPT-14-6).
        bounced_at: when it came back.
        seen_at: when the member put the banner away: a courtesy, on which no day rests.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(
        PolicyVersion, models.DO_NOTHING, related_name="notices", verbose_name=_("version"), editable=False
    )
    user_key = models.CharField(_("account key"), max_length=255, editable=False)
    dispatched_at = models.DateTimeField(_("mail sent"), null=True, blank=True, editable=False)
    newest = models.BooleanField(_("to the newest address"), default=True, editable=False)
    bounced_at = models.DateTimeField(_("came back"), null=True, blank=True, editable=False)
    seen_at = models.DateTimeField(_("banner seen"), null=True, blank=True, editable=False)

    objects = PolicyNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice of a version")
        verbose_name_plural = _("notices of versions")
        ordering = ("-id",)
        default_permissions = ("view",)
        constraints = (
            # The account first: what binds somebody is asked on their own pages.
            models.UniqueConstraint(fields=("user_key", "version"), name="privacy_policynotice_once"),
        )

    def __str__(self) -> str:
        return f"notice of {self.version_id}"
