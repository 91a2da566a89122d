"""The admin's log: about who acted, and about whom."""

from __future__ import annotations

from privacy.datamap.bundled.words import declare
from privacy.datamap.declarations import Anonymise, Delete, Generic


def declare_all() -> None:
    declare(
        "admin.LogEntry",
        subject=("user", Generic("content_type", "object_id")),
        category="admin log",
        purpose="administration",
        legal_basis="legitimate_interests",
        kind="linked",
        source="automatic",
        on_erasure={
            "user": Delete(),
            "object_id": Anonymise(object_id=None, object_repr="", change_message=""),
        },
        holds=("object_repr", "change_message"),
        plain={"action_flag": "what kind of act it was"},
        export=("action_time", "object_repr"),
    )
