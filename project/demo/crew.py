"""The processes of the site: started with their logs, stopped together, none left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_PR_SET_PDEATHSIG = 1
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 25.0


class ProcessDied(Exception):
    """A process of the site ended, or did not come up."""


@dataclass(frozen=True, slots=True)
class Hand:
    """One process and where it writes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def alive(self) -> bool:
        return self.process.poll() is None

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def tail(self, lines: int = 20) -> str:
        return "\n".join(self.text().splitlines()[-lines:])


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold signals back: what a handler raises in the middle of a fork is lost, and so is who was just started."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _end_with_parent() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
    # A demonstration that is killed outright takes its processes along, where the system can do that.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Crew:
    """Starts processes; leaving the ``with`` block stops every one of them, in reverse order.

    Args:
        logs: directory for one log each.
        cwd: where they run.
    """

    def __init__(self, logs: Path, cwd: Path) -> None:
        self.logs, self.cwd = logs, cwd
        self.hands: list[Hand] = []

    def __enter__(self) -> Crew:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A second Ctrl-C while they end would leave some of them behind.
        former = {number: signal.signal(number, signal.SIG_IGN) for number in _ENDINGS}
        try:
            self.stop()
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def start(self, name: str, argv: Sequence[str], *, ready: str = "", seconds: float = 40) -> Hand:
        """Start a Python module and wait until its log says ``ready``.

        Raises:
            ProcessDied: it ended, or said nothing of the kind in time.
        """
        log = self.logs / f"{name}.log"
        with _undisturbed(), log.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", *argv],
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C reaches the demonstration alone, which then stops them in order.
                start_new_session=True,
                preexec_fn=_end_with_parent,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
            hand = Hand(name, process, log)
            self.hands.append(hand)
        deadline = time.monotonic() + seconds
        while ready and ready not in hand.text():
            self.look_after()
            if time.monotonic() > deadline:
                raise ProcessDied(f"{name} did not come up within {seconds:.0f} seconds:\n{hand.tail()}")
            time.sleep(0.1)
        return hand

    def look_after(self) -> None:
        """Raises:
        ProcessDied: one of them ended by itself.
        """
        for hand in self.hands:
            if not hand.alive():
                raise ProcessDied(f"{hand.name} ended with code {hand.process.returncode}:\n{hand.tail()}")

    def stop(self) -> None:
        """Ask all to end, last come first; whoever does not within their time is killed with their children."""
        hands, self.hands = self.hands[::-1], []
        for hand in hands:
            self._signal(hand.process.pid, signal.SIGTERM, group=False)
        deadline = time.monotonic() + PATIENCE
        for hand in hands:
            try:
                hand.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._signal(hand.process.pid, signal.SIGKILL, group=True)
                hand.process.wait()
            # Children of a process that died under them.
            self._signal(hand.process.pid, signal.SIGKILL, group=True)

    @staticmethod
    def _signal(pid: int, number: signal.Signals, *, group: bool) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number) if group else os.kill(pid, number)
