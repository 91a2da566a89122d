"""Calls to somebody outside, waited for only so long.

Python cannot stop a thread. One that is late is left to end by itself, and its answer is thrown away; as long as
it lives, nobody in this process calls its place again, so late calls never pile up. It is a daemon thread: a
process that ends does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from django.db import connections

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
        self._calls: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._thread: Thread | None = None

    def call(self, call: Callable[[], Any]) -> Any:
        """What ``call`` returns.

        Raises:
            Late: no answer in time.
            Exception: whatever the call raised.
        """
        if (earlier := _late.get(self.place)) is not None and earlier.is_alive():
            raise Late
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._work, name=f"privacy: {self.place}", daemon=True)
            self._thread.start()
        self._calls.put(call)
        try:
            answer, error = self._answers.get(timeout=self.seconds)
        except Empty:
            _late[self.place] = self._thread
            self.__exit__()
            raise Late from None
        if error is None:
            return answer
        if isinstance(error, Exception):
            raise error
        raise Late from error  # SystemExit of a library ends its own call, never the night

    def __enter__(self) -> Outside:
        return self

    def __exit__(self, *_: object) -> None:
        """Let the thread end; a late one ends behind its call, and speaks to nobody any more."""
        self._calls.put(None)
        self._calls, self._answers, self._thread = SimpleQueue(), SimpleQueue(), None

    def _work(self) -> None:
        calls, answers = self._calls, self._answers
        while (call := calls.get()) is not None:
            try:
                answers.put((call(), None))
            except BaseException as error:  # noqa: BLE001 it belongs to whoever waits
                answers.put((None, error))
        with suppress(Exception):
            connections.close_all()  # those of this thread only
