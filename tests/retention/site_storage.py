"""A storage that keeps a list of what it was asked to delete."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.files.storage import FileSystemStorage


class Telling(FileSystemStorage):
    """Each line of ``asked.txt`` is one call; the system appends whole lines, whoever writes at once."""

    def delete(self, name: str) -> None:
        with (Path(os.environ["NIGHT_FOLDER"]) / "asked.txt").open("a", encoding="utf-8") as asked:
            asked.write(f"{name}\n")
        super().delete(name)
