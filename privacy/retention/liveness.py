"""Whether the process that began a night still lives."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from enum import StrEnum

from privacy.core.processes import may_live
from privacy.retention.models import NightRun

#: A running night whose last sign of life is older, by the clock of whoever looks, has probably crashed.
STALE_AFTER = timedelta(minutes=10)
#: Seconds between two signs of life of a night that is at work, whatever its step does.
BEAT_EVERY = 10.0
#: Seconds for which a night that seems to have crashed is watched before another process takes it over.
WATCH_FOR = 2.5 * BEAT_EVERY
_LOOK_EVERY = 0.25


class Life(StrEnum):
    """What can be said of the process behind a running night."""

    ALIVE = "alive"
    #: By the clock it gave no sign for too long; the clock may be wrong.
    SILENT = "silent"
    GONE = "gone"


def look(run: NightRun, now: datetime) -> Life:
    """What this machine knows of a running night.

    One that was let go, or whose process on this machine is gone, ended at once. Any other is believed as long as
    its last sign of life is within ``STALE_AFTER``; beyond that, or in the future, one of the clocks may have jumped.
    """
    if run.heartbeat is None:
        return Life.GONE
    if not may_live(run.process):
        return Life.GONE
    return Life.ALIVE if abs(now - run.heartbeat) <= STALE_AFTER else Life.SILENT


def is_alive(run: NightRun, now: datetime) -> bool:
    """Whether a running night seems to be at work. A screen may believe it; who takes over calls ``stirs`` as well."""
    return look(run, now) is Life.ALIVE


def stirs(run: NightRun) -> bool:
    """Whether a silent night moves after all, seen without any clock: it gives a sign every ``BEAT_EVERY`` seconds.

    Waits for up to ``WATCH_FOR`` seconds, in which no transaction may be open.
    """
    seen = (run.status, run.process, run.heartbeat)
    until = time.monotonic() + WATCH_FOR
    while True:
        found = NightRun.objects.filter(pk=run.pk).values_list("status", "process", "heartbeat").first()
        if found != seen:
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_EVERY)
