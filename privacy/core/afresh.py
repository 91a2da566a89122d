"""A question put to the database as it is now, not as an open transaction once saw it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections


def holds_now(ask: Callable[[], bool], using: str) -> bool:
    """Whether ``ask`` holds in what this connection sees, or in what is committed by now.

    An open transaction may see an older database than a file that was written since: only a *no* that a connection
    of its own confirms is one. That second connection is opened only then, for one call.

    Args:
        ask: reads from ``using`` and nothing else; it may run twice, the second time in another thread.
        using: alias of the database.
    """
    connection: Any = connections[using]
    if ask():
        return True
    alone = connection.vendor == "sqlite" and connection.is_in_memory_db()  # nobody else can have written
    if alone or not connection.in_atomic_block:
        return False

    def outside() -> bool:
        try:
            return ask()
        finally:
            connections.close_all()  # those of this thread only

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(outside).result()
