"""Calls to somebody outside, waited for only so long.

Python cannot stop a thread. One that is late is left to end by itself, and its answer is thrown away; as long as
it lives, nobody in this process calls its place again, so late calls never pile up. It is a daemon thread: a
process that ends does not wait for it. A thread that was in time waits a moment for the next call to its place.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from django.db import connections

#: Seconds after which a thread without a call ends: a new one for each file would cost more than the file.
_IDLE = 2.0

_guard = Lock()
_idle: dict[str, _Helper] = {}
_late: dict[str, Thread] = {}


class Late(Exception):
    """No answer in time, or the answer to an earlier call is still awaited."""


class Outside:
    """One place outside, called from a thread of its own; a context manager.

    Args:
        place: its name; while a late call to it has not ended, every further one is late at once.
        seconds: how long one call may take.
    """

    def __init__(self, place: str, *, seconds: float) -> None:
        self.place = place
        self.seconds = seconds
        self._helper: _Helper | None = None

    def call(self, call: Callable[[], Any]) -> Any:
        """What ``call`` returns.

        Raises:
            Late: no answer in time.
            Exception: whatever the call raised.
        """
        if (earlier := _late.get(self.place)) is not None and earlier.is_alive():
            raise Late
        helper = self._helper = self._helper or _take(self.place)
        helper.calls.put(call)
        try:
            answer, error = helper.answers.get(timeout=self.seconds)
        except Empty:
            self._helper, _late[self.place] = None, helper.thread
            helper.calls.put(None)
            raise Late from None
        if error is None:
            return answer
        if isinstance(error, Exception):
            raise error
        raise Late from error  # SystemExit of a library ends its own call, never the night

    def __enter__(self) -> Outside:
        return self

    def __exit__(self, *_: object) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            with _guard:
                if _idle.setdefault(self.place, helper) is not helper:
                    helper.calls.put(None)


class _Helper:
    def __init__(self, place: str) -> None:
        self.place = place
        self.calls: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self.answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self.thread = Thread(target=self._work, name=f"privacy: {place}", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while (call := self._next()) is not None:
            try:
                self.answers.put((call(), None))
            except BaseException as error:  # noqa: BLE001 it belongs to whoever waits
                self.answers.put((None, error))
        with suppress(Exception):
            connections.close_all()  # those of this thread only

    def _next(self) -> Callable[[], Any] | None:
        while True:
            try:
                return self.calls.get(timeout=_IDLE)
            except Empty:
                with _guard:  # somebody may have taken it at this very moment
                    if _idle.get(self.place) is self:
                        del _idle[self.place]
                        return None


def _take(place: str) -> _Helper:
    with _guard:
        helper = _idle.pop(place, None)
    # A process that was forked has the entry and not the thread.
    return helper if helper is not None and helper.thread.is_alive() else _Helper(place)
