"""Would a visitor be able to fetch the dumps?"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from privacy.backups.listing import folder_of


def served_root(storage: FileSystemStorage) -> str:
    """``MEDIA_ROOT`` or ``STATIC_ROOT`` when the storage's folder lies in it, else an empty text."""
    folder = folder_of(storage)
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        root = getattr(settings, name, None)
        if root and folder.is_relative_to(Path(root).resolve()):
            return name
    return ""
