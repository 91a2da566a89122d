"""The register of backups: one row a file, and one row a storage with the outcome of its last scan.

Nothing here is about a person: names of dumps hold the database's name, a server's name and a time.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.backups.querysets import BackupQuerySet

__all__ = ["Backup", "BackupStorage"]


class Backup(models.Model):
    """One file in a storage of backups. When it must be gone follows from ``taken_at`` and the promise."""

    class Kind(models.TextChoices):
        DATABASE = "database", _("database")
        MEDIA = "media", _("uploaded files")
        OTHER = "other", _("other file")

    class Source(models.TextChoices):
        SIGNAL = "signal", _("django-dbbackup")
        COMMAND = "command", _("privacy_backup")
        SCAN = "scan", _("scan of the storage")

    class Status(models.TextChoices):
        PRESENT = "present", _("present")
        GONE = "gone", _("gone")
        FAILED = "failed", _("could not be deleted")
        VANISHED = "vanished", _("vanished")

    storage = models.CharField(_("storage"), max_length=100, help_text=_("Its alias in STORAGES."))
    name = models.CharField(_("file"), max_length=1024)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.OTHER)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PRESENT)
    source = models.CharField(_("found by"), max_length=10, choices=Source, default=Source.SCAN)
    taken_at = models.DateTimeField(
        _("taken"), help_text=_("The earlier of the time in its name and the storage's own time.")
    )
    size = models.PositiveBigIntegerField(_("size"), null=True, blank=True)
    encrypted = models.BooleanField(_("encrypted"), default=False)
    compressed = models.BooleanField(_("compressed"), default=False)
    region = models.CharField(_("region"), max_length=100, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    tried_at = models.DateTimeField(
        _("last try to delete it"), null=True, blank=True, help_text=_("Set before the deletion begins.")
    )
    destroyed_at = models.DateTimeField(_("verified gone"), null=True, blank=True)
    error = models.CharField(_("why it is still here"), max_length=200, blank=True)

    objects = BackupQuerySet.as_manager()

    class Meta:
        verbose_name = _("backup")
        verbose_name_plural = _("backups")
        ordering = ["-taken_at", "name"]
        default_permissions = ("view",)
        permissions = [
            ("scan_backups", _("Can scan the storage of backups")),
            ("take_backup", _("Can take a backup")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["storage", "name"], name="privacy_backup_one_row_a_file"),
            models.CheckConstraint(
                condition=Q(status="gone", destroyed_at__isnull=False)
                | (~Q(status="gone") & Q(destroyed_at__isnull=True)),
                name="privacy_backup_gone_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["present", "gone", "failed", "vanished"]), name="privacy_backup_known_status"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["database", "media", "other"]), name="privacy_backup_known_kind"
            ),
            models.CheckConstraint(
                condition=Q(taken_at__lte=F("last_seen_at")), name="privacy_backup_not_from_the_future"
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(error=""), name="privacy_backup_failure_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["status", "taken_at"], name="privacy_backup_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_here(self) -> bool:
        """Whether its file lies in the storage, as far as is known."""
        return self.status in (self.Status.PRESENT, self.Status.FAILED)


class BackupStorage(models.Model):
    """What is known of one storage: when it was last listed in full, and what went wrong since."""

    alias = models.CharField(_("alias in STORAGES"), max_length=100, unique=True)
    scanned_at = models.DateTimeField(_("last full listing"), null=True, blank=True)
    tried_at = models.DateTimeField(_("last try"))
    error = models.CharField(_("error"), max_length=300, blank=True)
    alarm = models.CharField(
        _("alarm"), max_length=300, blank=True, help_text=_("The state that ADMINS were last told about.")
    )

    class Meta:
        verbose_name = _("storage of backups")
        verbose_name_plural = _("storages of backups")
        default_permissions = ()

    def __str__(self) -> str:
        return self.alias
