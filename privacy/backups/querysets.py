"""Filters on the register of backups."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from privacy.backups.models import Backup, RegisteredCopy


class BackupQuerySet(models.QuerySet["Backup"]):
    """Backups by what is known of their files."""

    def here(self) -> BackupQuerySet:
        """Files that lie in the storage: present, or present because their deletion failed."""
        return self.filter(status__in=("present", "failed"))

    def in_turn(self) -> BackupQuerySet:
        """Held until the transaction ends, in one order: runs that wait for each other's rows would stand still."""
        return self.select_for_update().order_by("pk")

    def dumps(self) -> BackupQuerySet:
        """Files that a restore could use, in contrast to whatever else lies beside them."""
        return self.filter(kind__in=("database", "media"))

    def taken_until(self, cutoff: datetime) -> BackupQuerySet:
        """Backups whose period is over, when ``cutoff`` is the latest start whose period is over."""
        return self.filter(taken_at__lte=cutoff)


class CopyQuerySet(models.QuerySet["RegisteredCopy"]):
    """Registered copies by what people said of them."""

    def held(self) -> CopyQuerySet:
        """Copies whose destruction nobody confirmed."""
        return self.filter(destroyed_at__isnull=True)

    def over(self, now: datetime) -> CopyQuerySet:
        """Held copies whose end is over."""
        return self.held().filter(ends_at__lte=now)

    def standing(self) -> CopyQuerySet:
        """Rules by which copies are made again and again, in contrast to single copies."""
        return self.exclude(every="")
