"""The register of backups: a row a file, a row a storage with the outcome of its last scan, a row a copy elsewhere.

Nothing here is about a person: names of dumps hold the database's name, a server's name and a time.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.backups.querysets import BackupQuerySet, CopyQuerySet

__all__ = ["Backup", "BackupStorage", "RegisteredCopy"]


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


class RegisteredCopy(models.Model):
    """A copy that lies where no storage of ours sees it, or a standing rule by which somebody makes such copies.

    What is known of it was declared in a file; its end is what a person confirmed.
    """

    class Kind(models.TextChoices):
        PG_DUMP = "pg_dump", _("pg_dump")
        RESTIC = "restic", _("restic")
        BORG = "borg", _("borg")
        HOST = "host", _("copy by the host")
        TEST_COPY = "test_copy", _("test copy of the live database")
        OTHER = "other", _("other copy")

    class Alarm(models.TextChoices):
        NONE = "", _("none")
        SOON = "soon", _("ends soon")
        OVER = "over", _("past its end")

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    place = models.CharField(_("place"), max_length=200)
    region = models.CharField(_("region"), max_length=100)
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True, help_text=_("Empty under a standing rule."))
    every = models.CharField(
        _("made every"), max_length=40, blank=True, help_text=_("How often a standing rule makes a copy.")
    )
    kept_for = models.CharField(_("kept for at most"), max_length=40)
    ends_at = models.DateTimeField(_("gone at the latest"), null=True, blank=True)
    confirmed_by = models.CharField(_("who confirms its destruction"), max_length=200, help_text=_("A role."))
    registered_at = models.DateTimeField(_("registered"))
    changed_at = models.DateTimeField(_("facts last changed"))
    destroyed_at = models.DateTimeField(_("destruction confirmed"), null=True, blank=True)
    alarm = models.CharField(
        _("alarm"),
        max_length=10,
        blank=True,
        choices=Alarm,
        default=Alarm.NONE,
        help_text=_("The state that ADMINS were last told about."),
    )

    objects = CopyQuerySet.as_manager()

    class Meta:
        verbose_name = _("copy elsewhere")
        verbose_name_plural = _("copies elsewhere")
        # SQLite and PostgreSQL disagree on where rules without an end belong.
        ordering = [F("ends_at").asc(nulls_last=True), "name"]
        default_permissions = ("view",)
        permissions = [("confirm_destruction", _("Can confirm that a copy was destroyed"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(every="", taken_at__isnull=False, ends_at__isnull=False)
                | (~Q(every="") & Q(taken_at__isnull=True, ends_at__isnull=True)),
                name="privacy_copy_single_or_standing",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["pg_dump", "restic", "borg", "host", "test_copy", "other"]),
                name="privacy_copy_known_kind",
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(place="") & ~Q(region="") & ~Q(kept_for="") & ~Q(confirmed_by=""),
                name="privacy_copy_all_facts",
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(taken_at__lte=F("changed_at"), ends_at__gt=F("taken_at")),
                name="privacy_copy_times_in_order",
            ),
            models.CheckConstraint(condition=Q(alarm__in=["", "soon", "over"]), name="privacy_copy_known_alarm"),
        ]
        indexes = [models.Index(fields=["destroyed_at", "ends_at"], name="privacy_copy_due")]

    def __str__(self) -> str:
        return self.name

    def is_over(self, now: datetime) -> bool:
        """Whether its end is over and nobody confirmed that it was destroyed."""
        return self.destroyed_at is None and self.ends_at is not None and self.ends_at <= now
