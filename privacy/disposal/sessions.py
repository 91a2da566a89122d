"""Sessions of a person. Their data is opaque, so an index written at login finds them.

Sessions that began before the app was installed are read once, by the first pass over those that
are not in the index; a marker row tells that this has been done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from itertools import islice
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY
from django.db.models import Exists, OuterRef

from privacy.disposal.models import SessionIndex

_PASSED = "*"
_CHUNK = 500


def remember(*, session_key: str, user_key: str, now: datetime) -> None:
    """Index a session at its login."""
    SessionIndex.objects.update_or_create(session_key=session_key, defaults={"user_key": user_key, "seen_at": now})


def forget(*, session_key: str) -> None:
    """Drop a session from the index at its logout."""
    SessionIndex.objects.filter(session_key=session_key).delete()


def destroy(*, user_keys: Sequence[str], now: datetime) -> int:
    """End every session of these people; returns how many.

    The database store takes one DELETE; other stores are asked a session at a time.
    """
    if not SessionIndex.objects.filter(session_key=_PASSED).exists():
        index_unknown(now=now)
    indexed = SessionIndex.objects.of(user_keys)
    engine = import_module(django_settings.SESSION_ENGINE)
    if django_settings.SESSION_ENGINE == "django.contrib.sessions.backends.db":
        ended = engine.SessionStore.get_model_class().objects.filter(session_key__in=indexed.values("session_key"))
        count = ended._raw_delete(ended.db) or 0
    else:
        count = 0
        for key in indexed.values_list("session_key", flat=True).iterator():
            engine.SessionStore(key).delete()
            count += 1
    indexed._raw_delete(indexed.db)
    return count


def left(*, user_keys: Sequence[str]) -> bool:
    """Whether the index still knows a session of these people."""
    return SessionIndex.objects.of(user_keys).exists()


def index_unknown(*, now: datetime) -> int:
    """Index sessions that no login of ours wrote down; returns how many were read. Constant memory."""
    if not apps.is_installed("django.contrib.sessions"):
        return 0
    model: Any = apps.get_model("sessions.Session")
    known = SessionIndex.objects.filter(session_key=OuterRef("session_key"))
    unknown = model.objects.filter(~Exists(known)).order_by("session_key")
    read = 0
    last = ""
    while chunk := list(islice(unknown.filter(session_key__gt=last)[:_CHUNK], _CHUNK)):
        last = chunk[-1].session_key
        SessionIndex.objects.bulk_create(
            [
                SessionIndex(
                    session_key=session.session_key,
                    user_key=str(session.get_decoded().get(SESSION_KEY, "")),
                    seen_at=now,
                )
                for session in chunk
            ],
            ignore_conflicts=True,
        )
        read += len(chunk)
    SessionIndex.objects.get_or_create(session_key=_PASSED, defaults={"seen_at": now})
    return read


def prune() -> int:
    """Drop index rows whose session is gone; returns how many. Only the database store can be asked."""
    if django_settings.SESSION_ENGINE != "django.contrib.sessions.backends.db":
        return 0
    model: Any = apps.get_model("sessions.Session")
    alive = model.objects.filter(session_key=OuterRef("session_key"))
    gone = SessionIndex.objects.filter(~Exists(alive)).exclude(session_key=_PASSED)
    return gone._raw_delete(gone.db) or 0
