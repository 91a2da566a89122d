"""Runs a night, as a program, while the clock of its process jumps: the machine's own cannot be set.

    python -m tests.crash.jumping 2026-03-16T03:00+00:00 [SECONDS]

The clock stands at the moment when the night begins, runs on from there, and jumps by so many seconds between two
steps, in the middle of the purge, and back when the night is over.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from typing import Any

import django
import time_machine


def main() -> None:
    began = datetime.fromisoformat(sys.argv[1])
    jump = timedelta(seconds=float(sys.argv[2]) if len(sys.argv) > 2 else 0)
    django.setup()

    from django.utils import timezone

    from privacy.core.actors import Actor
    from privacy.core.registries import NightContext, NightStep, StepReport, night_steps
    from privacy.core.reports import jsonable
    from privacy.disposal import batches
    from privacy.retention.services import run_night

    jumps: list[Any] = []

    def leap(*_: Any) -> None:
        jumped = time_machine.travel(timezone.now() + jump, tick=True)
        jumped.start()
        jumps.append(jumped)

    def between(context: NightContext) -> StepReport:
        leap()
        return StepReport()

    follow_up = batches.follow_up

    def in_the_purge(*words: Any, **named: Any) -> Any:
        if len(jumps) == 1:
            leap()
        return follow_up(*words, **named)

    with time_machine.travel(began, tick=True):
        if jump:
            night_steps.add("tests.jump", NightStep("tests.jump", 120, "The clock jumps", between))
            batches.follow_up = in_the_purge
        report = run_night(now=timezone.now(), actor=Actor.system("night"))
        for jumped in reversed(jumps):
            jumped.stop()
    sys.stdout.write(json.dumps({**jsonable(report), "jumps": len(jumps)}))


if __name__ == "__main__":
    main()
