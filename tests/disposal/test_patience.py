"""Calls outside have a deadline; threads neither pile up nor stay."""

from __future__ import annotations

import threading
import time
from threading import Event, get_ident

import pytest

from privacy.disposal import patience
from privacy.disposal.patience import Late, Outside


def alive(place: str) -> int:
    return sum(thread.name == f"privacy: {place}" for thread in threading.enumerate())


def test_what_the_call_returns_or_raises_comes_back() -> None:
    with Outside("a", seconds=5) as outside:
        assert outside.call(lambda: 3) == 3
        with pytest.raises(ZeroDivisionError):
            outside.call(lambda: 1 / 0)
        assert outside.call(get_ident) != get_ident()


def test_many_calls_share_one_thread_also_from_block_to_block() -> None:
    threads = set()
    for _ in range(50):
        with Outside("b", seconds=5) as outside:
            threads |= {outside.call(get_ident), outside.call(get_ident)}
    assert len(threads) == 1


def test_a_late_call_is_left_alone_and_no_other_is_begun_until_it_ended() -> None:
    let_go = Event()
    with Outside("c", seconds=0.05) as outside:
        for _ in range(3):
            with pytest.raises(Late):
                outside.call(let_go.wait)
    assert alive("c") == 1
    let_go.set()
    patience._late["c"].join(5)
    with Outside("c", seconds=5) as outside:
        assert outside.call(lambda: "again") == "again", "a late answer is nobody's"


def test_what_would_end_the_process_ends_its_own_call_only() -> None:
    def leave() -> None:
        raise SystemExit

    with Outside("d", seconds=5) as outside, pytest.raises(Late):
        outside.call(leave)


def test_a_thread_without_calls_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_IDLE", 0.05)
    with Outside("e", seconds=5) as outside:
        outside.call(lambda: None)
        time.sleep(0.2)
        assert outside.call(lambda: 1) == 1, "never while somebody may still call"
    for _ in range(100):
        if not alive("e"):
            return
        time.sleep(0.02)
    raise AssertionError("the thread stayed")


def test_two_callers_at_once_do_not_get_each_others_answers() -> None:
    wrong = []

    def work(number: int) -> None:
        for _ in range(100):
            with Outside("f", seconds=5) as outside:
                if outside.call(lambda: number) != number:
                    wrong.append(number)

    callers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert wrong == []
