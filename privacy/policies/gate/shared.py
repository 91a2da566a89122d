"""Passes in a cache that all workers share: a warm request asks the database nothing.

The cache is told of a change twice. Before the commit the epoch is put out of use, so that everybody asks the
database; after it the new one is set, unless the next change is under way by then. Whoever reads the database may only
``add`` what it found, so that a slow reader never brings an old epoch back. A cache that fails costs the query that it
saves, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache

from privacy.core.conf import settings
from privacy.core.pseudonyms import pseudonym

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: These are each process's own: what one worker publishes, another would never hear of.
NOT_SHARED = (LocMemCache, DummyCache)
_EPOCH = "privacy.gate.epoch"
#: In front of the epoch that is about to come.
_CHANGING = "changing to "
#: Seconds. A publication that dies between commit and cache leaves everybody asking the database for so long.
_CHANGING_FOR = 60
#: Seconds. An epoch that could not be told is believed for no longer than this.
_EPOCH_FOR = 300
_PASS_FOR = 86_400


def holds(user_key: str, *, now: datetime) -> bool:
    """Whether a pass of this member is good. False also means that the cache does not know."""
    cache = _cache()
    if cache is None:
        return False
    mine = _key(user_key)
    found: dict[str, Any] = _tried(lambda: cache.get_many([_EPOCH, mine])) or {}
    epoch, kept = found.get(_EPOCH), found.get(mine)
    if epoch is None or not isinstance(kept, tuple) or kept[0] != epoch:
        return False
    return kept[1] is None or now < kept[1]


def keep(user_key: str, epoch: str, until: datetime | None) -> None:
    """Keep a pass that the database knows."""
    cache = _cache()
    if cache is not None:
        _tried(lambda: cache.add(_EPOCH, epoch, _EPOCH_FOR))
        _tried(lambda: cache.set(_key(user_key), (epoch, until), _PASS_FOR))


def about_to_change(epoch: str) -> None:
    """Put the epoch out of use, before the transaction that changes it commits."""
    cache = _cache()
    if cache is not None:
        _tried(lambda: cache.set(_EPOCH, f"{_CHANGING}{epoch}", _CHANGING_FOR))


def changed(epoch: str) -> None:
    """Set the epoch that was committed."""
    cache = _cache()
    if cache is None:
        return
    there = _tried(lambda: cache.get(_EPOCH)) or ""
    if there.startswith(_CHANGING) and there != f"{_CHANGING}{epoch}":
        return  # another publication is under way, and will set its own
    _tried(lambda: cache.set(_EPOCH, epoch, _EPOCH_FOR))


def _cache() -> BaseCache | None:
    alias = settings.gate_cache
    cache: Any = caches[alias] if alias else None
    return None if isinstance(cache, NOT_SHARED) else cache


def _key(user_key: str) -> str:
    """No key of a person stands in the cache."""
    return f"privacy.gate.{pseudonym('gate', user_key)}"


def _tried(act: Callable[[], T]) -> T | None:
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - each backend raises its own
        logger.warning("The gate's cache does not answer (%s); the database is asked instead.", type(error).__name__)
        return None
