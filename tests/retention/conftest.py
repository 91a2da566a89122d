"""Rows of the small site with an age, and nights that a test can count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from privacy.core.actors import Actor
from privacy.core.registries import NightContext, NightStep, StepReport, night_steps
from privacy.retention import liveness
from privacy.retention.models import Approval
from privacy.retention.services import sync_schedules
from tests.host.models import PageView

NIGHT = Actor.system("night")


@pytest.fixture(autouse=True)
def _only_this_rooms_steps() -> None:
    """The registry is put back after each test; other rooms' steps have tests of their own."""
    for name in night_steps.names():
        if not name.startswith("retention."):
            night_steps.remove(name)


@pytest.fixture(autouse=True)
def _no_long_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A night that is silent is watched for half a minute; what tests plant never stirs."""
    monkeypatch.setattr(liveness, "WATCH_FOR", 0.0)


@pytest.fixture
def schedules(db: None, now: datetime) -> None:
    sync_schedules(now=now, actor=NIGHT)


@pytest.fixture
def approved(db: None, now: datetime) -> Approval:
    """A site whose first night was confirmed long ago."""
    return Approval.objects.create(status="used", reasons=["first"], asked_at=now, confirmed_at=now)


def view(viewed_at: datetime, **values: Any) -> PageView:
    words = {"ip": "203.0.113.77", "user_agent": "a browser", "path": "/", "viewed_at": viewed_at}
    return PageView.objects.create(**{**words, **values})


@dataclass
class Step:
    """A step that a test watches: what it was called with, and what it does."""

    name: str
    destroys: bool = False
    order: int = 500
    calls: list[NightContext] = field(default_factory=list)
    does: Callable[[NightContext], StepReport] = lambda context: StepReport()

    def run(self, context: NightContext) -> StepReport:
        self.calls.append(context)
        return self.does(context)

    @property
    def real_calls(self) -> int:
        return sum(not context.dry_run for context in self.calls)

    def add(self) -> Step:
        night_steps.add(self.name, NightStep(self.name, self.order, self.name, self.run, self.destroys))
        return self


def later(now: datetime, **words: float) -> datetime:
    return now + timedelta(**words)
