"""Who a process is, so that another one on the same machine can tell whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def this_process() -> str:
    """Host, process space, number and birth of this process, at most 120 characters."""
    return "|".join((socket.gethostname()[:60], _space(), str(os.getpid()), _birth(os.getpid())))


def may_live(process: str) -> bool:
    """Whether the process that called itself so may still be at work; one of another machine always may."""
    host, space, pid, birth = [*process.split("|"), "", "", ""][:4]
    seen_from_here = bool(space) and (host, space) == (socket.gethostname()[:60], _space())
    return not seen_from_here or (bool(birth) and _birth(int(pid)) == birth)


def _space() -> str:
    """Where a process number means something: the running kernel and its process namespace.

    The namespace of a machine's first processes has the same name everywhere, and two machines may share theirs.
    """
    try:
        return os.readlink("/proc/self/ns/pid") + Path("/proc/sys/kernel/random/boot_id").read_text("utf-8")[:8]
    except OSError:
        return ""


def _birth(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty when it is gone, ended unreaped, or cannot be known."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return "" if words[0] in "ZX" else words[19]
    except (OSError, IndexError):
        return ""
