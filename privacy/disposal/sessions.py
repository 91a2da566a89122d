"""Sessions of a person. Their data is opaque, so an index written at login finds them.

A session that no login of ours wrote down (from before the app, or renewed by a change of password) is read
once and indexed, an anonymous one with nobody's key, so that no night reads it again. Each night reads what
is new and ends the sessions of people who are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.backends import db, signed_cookies
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet

from privacy.core.batches import chunks, keyset
from privacy.disposal.models import Closure, SessionIndex
from privacy.disposal.queries import account_row_goes

_PASSED = "*"
_CHUNK = 500
#: What a closing member waits for; the night reads the rest.
_READ_AT_ONCE = 10_000


def remember(*, session_key: str, user_key: str, now: datetime) -> None:
    """Index a session at its login. A signed cookie is no session of ours: it ends with the account."""
    if not issubclass(_store(), signed_cookies.SessionStore):
        SessionIndex.objects.update_or_create(session_key=session_key, defaults={"user_key": user_key, "seen_at": now})


def forget(*, session_key: str) -> None:
    """Drop a session from the index at its logout."""
    SessionIndex.objects.filter(session_key=session_key).delete()


def destroy(*, user_keys: Sequence[str], now: datetime) -> int:
    """End every session of these people; returns how many were indexed.

    The database's table takes one DELETE; other stores are asked a session at a time, and may raise anything.
    """
    indexed = SessionIndex.objects.of(user_keys)
    if not SessionIndex.objects.filter(pk=_PASSED).exists() or _lost_sight(indexed):
        index_unknown(now=now, at_most=_READ_AT_ONCE)
    if not indexed.exists():
        return 0
    store = _store()
    if store is not db.SessionStore:
        for key in indexed.values_list("session_key", flat=True).iterator():
            store(key).delete()
    table = _table()
    if table is not None:
        ended: QuerySet[Any] = QuerySet(table).filter(session_key__in=indexed.values("session_key"))
        ended._raw_delete(ended.db)
    return indexed._raw_delete(indexed.db) or 0


def left(*, user_keys: Sequence[str]) -> bool:
    """Whether the index still knows a session of these people."""
    return SessionIndex.objects.of(user_keys).exists()


def index_unknown(*, now: datetime, at_most: int | None = None) -> int:
    """Index sessions that no login of ours wrote down; returns how many were read. Constant memory.

    The night walks over all keys, two queries per 500 sessions; ``at_most`` takes some that one query finds.
    """
    table = _table()
    if table is None:
        return 0
    read = 0
    for sessions in _unknown(table, at_most):
        SessionIndex.objects.bulk_create(
            [
                SessionIndex(
                    session_key=session.session_key,
                    user_key=str(session.get_decoded().get(SESSION_KEY, "")),
                    seen_at=now,
                )
                for session in sessions
            ],
            ignore_conflicts=True,
        )
        read += len(sessions)
    if at_most is None or read < at_most:
        SessionIndex.objects.get_or_create(session_key=_PASSED, defaults={"seen_at": now})
    return read


def end_orphans(*, now: datetime) -> int:
    """End indexed sessions whose person is gone; returns how many. Two or three queries per 500 sessions."""
    owned = SessionIndex.objects.exclude(user_key="")
    ended = 0
    for keys in keyset(owned, _CHUNK):
        gone = _gone(set(owned.filter(pk__in=keys).values_list("user_key", flat=True)))
        if gone:
            ended += destroy(user_keys=sorted(gone), now=now)
    return ended


def prune(*, now: datetime) -> int:
    """Drop index rows whose session is gone; returns how many.

    A table is asked in one statement; another store about each session that is older than its cookie may be.
    """
    indexed = SessionIndex.objects.exclude(session_key=_PASSED)
    store = _store()
    if issubclass(store, db.SessionStore):
        return _without_session(indexed)._raw_delete(indexed.db) or 0
    dropped = 0
    for keys in keyset(indexed.filter(seen_at__lt=now - timedelta(seconds=django_settings.SESSION_COOKIE_AGE)), _CHUNK):
        ended = [key for key in keys if not store().exists(key)]
        dropped += SessionIndex.objects.filter(pk__in=ended).delete()[0]
    return dropped


def _unknown(table: Any, at_most: int | None) -> Iterator[list[Any]]:
    everything: QuerySet[Any] = QuerySet(table)
    if at_most is not None:
        known = SessionIndex.objects.filter(session_key=OuterRef("session_key"))
        yield from chunks(list(everything.filter(~Exists(known))[:at_most]), _CHUNK)
        return
    for keys in keyset(everything, _CHUNK):
        known_keys = set(SessionIndex.objects.filter(pk__in=keys).values_list("pk", flat=True))
        new = [key for key in keys if key not in known_keys]
        if new:
            yield list(everything.filter(pk__in=new))


def _lost_sight(indexed: QuerySet[SessionIndex]) -> bool:
    """A change of password renews a session's key and tells nobody: then the old one is gone without a logout."""
    return issubclass(_store(), db.SessionStore) and _without_session(indexed).exists()


def _without_session(indexed: QuerySet[SessionIndex]) -> QuerySet[SessionIndex]:
    alive: QuerySet[Any] = QuerySet(_table()).filter(session_key=OuterRef("session_key"))
    return indexed.filter(~Exists(alive))


def _gone(keys: set[str]) -> set[str]:
    user_model = get_user_model()
    typed = []
    for key in keys:
        try:
            typed.append(user_model._meta.pk.to_python(key))
        except ValidationError:  # the site had another user model then
            continue
    there = {str(pk) for pk in user_model._base_manager.filter(pk__in=typed).values_list("pk", flat=True)}
    if not account_row_goes():  # an erased account that stays, made anonymous, has no sessions either
        there -= set(Closure.objects.erased().filter(subject_key__in=keys).values_list("subject_key", flat=True))
    return keys - there


def _store() -> Any:
    return import_module(django_settings.SESSION_ENGINE).SessionStore


def _table() -> Any:
    """The table of sessions, also one left behind by a store that was in use before; None without any."""
    store = _store()
    if issubclass(store, db.SessionStore):
        return store.get_model_class()
    return apps.get_model("sessions.Session") if apps.is_installed("django.contrib.sessions") else None
