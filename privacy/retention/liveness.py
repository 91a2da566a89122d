"""Whether the process that began a night still lives."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path

from privacy.retention.models import NightRun

#: A running night that gave no sign of life for this long has crashed, wherever it ran.
STALE_AFTER = timedelta(minutes=30)


def this_process() -> str:
    """Host, process space, number and birth of this process: another one on the machine can look it up."""
    return "|".join((socket.gethostname()[:60], _space(), str(os.getpid()), _birth(os.getpid())))


def is_alive(run: NightRun, now: datetime) -> bool:
    """Whether a running night is still at work.

    A process of this machine that is gone ended the night at once. Any other is believed as long as it gave a
    sign of life within ``STALE_AFTER``; a sign from the future (the clock was set back) is none.
    """
    if run.heartbeat is None or abs(now - run.heartbeat) > STALE_AFTER:
        return False
    host, space, pid, birth = [*run.process.split("|"), "", "", ""][:4]
    seen_from_here = bool(space) and (host, space) == (socket.gethostname()[:60], _space())
    return not seen_from_here or (bool(birth) and _birth(int(pid)) == birth)


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _birth(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty when it is gone or cannot be known."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
