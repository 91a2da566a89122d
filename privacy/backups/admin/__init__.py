"""The Backups screens: files in the storages, and copies that lie elsewhere."""

from privacy.backups.admin.copies import RegisteredCopyAdmin
from privacy.backups.admin.dumps import BackupAdmin

__all__ = ["BackupAdmin", "RegisteredCopyAdmin"]
