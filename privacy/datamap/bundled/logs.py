"""Logs and histories that other apps keep about people: axes, auditlog, reversion."""

from __future__ import annotations

from privacy.datamap.bundled.words import declare
from privacy.datamap.declarations import Anonymise, Delete, Generic

_ATTEMPTS_END = "P6M from attempt_time"


def declare_all() -> None:
    for label in ("axes.AccessAttempt", "axes.AccessFailureLog", "axes.AccessLog"):
        declare(
            label,
            subject="name:username",
            category="sign-ins",
            purpose="security",
            legal_basis="legitimate_interests",
            kind="linked",
            source="automatic",
            holds=(
                "username",
                "ip_address",
                "user_agent",
                "path_info",
                "get_data",
                "post_data",
                "session_hash",
            ),
            plain={"http_accept": "formats that a browser reads", "failures_since_start": "a count"},
            expires=_ATTEMPTS_END,
            export=("attempt_time", "ip_address", "user_agent", "logout_time"),
        )
    declare(
        "axes.AccessAttemptExpiration",
        subject="name:access_attempt__username",
        category="sign-ins",
        purpose="security",
        legal_basis="legitimate_interests",
        kind="linked",
        source="automatic",
    )
    declare(
        "auditlog.LogEntry",
        subject=("actor", Generic("content_type", "object_pk")),
        category="history",
        purpose="administration",
        legal_basis="legitimate_interests",
        kind="linked",
        source="automatic",
        on_erasure={
            "actor": Anonymise(actor=None, remote_addr=None, remote_port=None, actor_email=None, additional_data=None),
            "object_pk": Delete(),
        },
        holds=("object_repr", "changes_text", "changes", "serialized_data"),
        plain={
            "action": "what kind of act it was",
            "object_id": "the number of the row, which goes with it",
            "cid": "the random number of a request",
        },
        export=("timestamp", "changes"),
    )
    declare(
        "reversion.Revision",
        subject="user",
        category="history",
        purpose="administration",
        legal_basis="legitimate_interests",
        kind="linked",
        source="automatic",
        on_erasure=Anonymise(comment=""),
        export=("date_created", "comment"),
    )
    declare(
        "reversion.Version",
        subject=Generic("content_type", "object_id"),
        category="history",
        purpose="administration",
        legal_basis="legitimate_interests",
        kind="linked",
        source="automatic",
        holds=("serialized_data", "object_repr"),
        plain={"format": "a format", "db": "the alias of a database"},
        export=("serialized_data",),
    )
