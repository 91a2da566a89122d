"""Which model is in which database."""

from __future__ import annotations

from typing import Any

ARCHIVED = {"event", "eventtag", "letter", "receipt", "detail"}


class TwoDatabases:
    """The archive holds what the site gathers; everything else is beside the accounts."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        archived = model._meta.app_label == "host_two" and model._meta.model_name in ARCHIVED
        return "archive" if archived else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        archived = app_label == "host_two" and model_name in ARCHIVED
        return (db == "archive") == archived
