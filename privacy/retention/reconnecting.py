"""Connections that broke are dropped, and a database that is being started anew is waited for."""

from __future__ import annotations

import time

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

#: Seconds. A server that is started anew, or whose standby takes over, is back after less.
RECONNECT_FOR = 60.0
_LOOK_EVERY = 0.5


def mend_connections() -> None:
    """Make the connections of this thread usable again; one that stays away is given up and raises at its next use."""
    until = time.monotonic() + RECONNECT_FOR
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block:
            continue
        connection.close_if_unusable_or_obsolete()
        while not _answers(connection) and time.monotonic() < until:
            time.sleep(_LOOK_EVERY)


def _answers(connection: BaseDatabaseWrapper) -> bool:
    try:
        connection.ensure_connection()
        usable = connection.is_usable()
    except DatabaseError:
        usable = False
    if not usable:
        connection.close()
    return usable
