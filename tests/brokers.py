"""A Redis for one test: a numbered database that holds nothing before and nothing afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

WANTED = os.environ.get("TEST_REDIS_URL")


@contextmanager
def empty_redis() -> Iterator[str]:
    """The address of an empty database; the test is skipped where there is none, and fails where one is promised."""
    base = (WANTED or "redis://127.0.0.1:6379/0").rpartition("/")[0]
    for number in range(15, 0, -1):
        client = redis.Redis.from_url(f"{base}/{number}", socket_connect_timeout=2)
        try:
            # Whoever sets it first has the database, also among parallel runs.
            if client.dbsize() == 0 and client.set("privacy-test", os.getpid(), nx=True, ex=300):
                break
        except redis.ConnectionError:
            assert not WANTED, "TEST_REDIS_URL names a Redis that does not answer"
            pytest.skip("no Redis on this machine")
    else:
        pytest.skip("no database of this Redis is empty")
    try:
        yield f"{base}/{number}"
    finally:
        client.flushdb()
        client.close()
