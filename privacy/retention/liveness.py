"""Whether the process that began a night still lives."""

from __future__ import annotations

from datetime import datetime, timedelta

from privacy.core.processes import may_live
from privacy.retention.models import NightRun

#: A running night that gave no sign of life for this long has crashed, wherever it ran.
STALE_AFTER = timedelta(minutes=30)


def is_alive(run: NightRun, now: datetime) -> bool:
    """Whether a running night is still at work.

    A process of this machine that is gone ended the night at once. Any other is believed as long as it gave a
    sign of life within ``STALE_AFTER``; a sign from the future (the clock was set back) is none.
    """
    if run.heartbeat is None or abs(now - run.heartbeat) > STALE_AFTER:
        return False
    return may_live(run.process)
