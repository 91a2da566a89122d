"""The hour runs every registered step, in order, and one that fails keeps none of the others."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

import pytest

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.hourly import run_hour
from privacy.core.registries import HourlyStep, hourly_steps


@pytest.fixture(autouse=True)
def _no_steps_yet() -> None:
    for name in hourly_steps.names():
        hourly_steps.remove(name)


def test_steps_run_in_their_order_and_tell_their_counts(now: datetime, actor: Actor) -> None:
    ran: list[str] = []

    def step(name: str, order: int) -> None:
        def run(moment: datetime, who: Actor) -> Mapping[str, int]:
            assert (moment, who) == (now, actor)
            ran.append(name)
            return {"rows": order}

        hourly_steps.add(name, HourlyStep(name, order, name, run))

    step("late", 20)
    step("early", 10)
    assert run_hour(now=now, actor=actor) == {"early": {"rows": 10}, "late": {"rows": 20}}
    assert ran == ["early", "late"]


def test_a_failing_step_stops_no_other_and_gives_no_personal_data_away(
    now: datetime, actor: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    def foreign(moment: datetime, who: Actor) -> Mapping[str, int]:
        raise ValueError("mara@example.org")

    def ours(moment: datetime, who: Actor) -> Mapping[str, int]:
        raise PrivacyError(field="x", problem="it is broken", mend="Mend it")

    hourly_steps.add("a", HourlyStep("a", 1, "a", foreign))
    hourly_steps.add("b", HourlyStep("b", 2, "b", ours))
    hourly_steps.add("c", HourlyStep("c", 3, "c", lambda moment, who: {"rows": 1}))
    with caplog.at_level(logging.ERROR):
        told = run_hour(now=now, actor=actor)
    assert told == {"a": "ValueError", "b": "x: it is broken. Mend it.", "c": {"rows": 1}}
    assert "mara" not in caplog.text
    assert "ValueError" in caplog.text
