"""Signs of life of a night, from a thread of its own: one long statement or a storage that hangs says nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

from django.db import DatabaseError, connections, router

from privacy.retention import liveness
from privacy.retention.models import NightRun
from privacy.retention.querysets import NightRunQuerySet

logger = logging.getLogger(__name__)

#: A step that told no progress for so many seconds hangs for good: its night may be taken over.
STUCK_AFTER = 12 * 3600.0


class Pulse:
    """While it is entered, the night gives a sign of life every ``liveness.BEAT_EVERY`` seconds.

    It ends by itself once the night's row is no longer this attempt's, or the work hangs.

    Args:
        mine: the night's row, as long as no other attempt took it over.
        clock: the night's present moment.
    """

    def __init__(self, mine: Callable[[], NightRunQuerySet], clock: Callable[[], datetime]) -> None:
        self._mine, self._clock = mine, clock
        self._over = threading.Event()
        self._worked = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="privacy-night-pulse", daemon=True)

    def worked(self) -> None:
        """The work itself came on."""
        self._worked = time.monotonic()

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._over.wait(liveness.BEAT_EVERY) and time.monotonic() - self._worked < STUCK_AFTER:
            try:
                if not self._mine().update(heartbeat=self._clock()):
                    return
            except DatabaseError as error:
                # The work has the database, or it is down: the next beat tries again.
                logger.info("A sign of life of the night could not be written (%s).", type(error).__name__)
            finally:
                # A thread's connection is its own: it must not idle in a transaction or outlive a restart.
                connections[router.db_for_write(NightRun)].close()
