"""A store outside the database: a folder with a file a person, as a search index would have a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from privacy import ExternalStore, register_store


@register_store
class Folder(ExternalStore):
    name = "folder"
    category = "search"
    purpose = "membership"

    def export(self, keys: Sequence[str]) -> Mapping[str, Any]:
        return {path.name: path.read_text() for path in self._files(keys)}

    def erase(self, keys: Sequence[str]) -> None:
        for path in self._files(keys):
            path.unlink()

    def verify(self, keys: Sequence[str]) -> int:
        return len(self._files(keys))

    def _files(self, keys: Sequence[str]) -> list[Path]:
        return [path for key in keys if (path := Path(settings.OUTSIDE_FOLDER) / f"{key}.txt").exists()]
