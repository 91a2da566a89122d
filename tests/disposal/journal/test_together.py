"""A batch is told as done by ids alone, as long as the line that says who they are stands in the same segment."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model

from privacy.core.actors import Actor
from privacy.disposal import services
from privacy.disposal.journal import closures, files
from privacy.disposal.journal.replaying import JournalDamaged, replay
from tests.disposal.journal.conftest import told, undone
from tests.disposal.planting import plant

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = services.Mandate("member", "page", "password")
NOON = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)


def close_all(now: datetime, actor: Actor) -> list[Any]:
    users = [plant(name) for name in ("first", "second", "third")]
    theirs = get_user_model().objects.filter(pk__in=[user.pk for user in users])
    with undone():
        services.close_accounts(users=theirs, mandate=PASSWORD, now=now, actor=actor)
        assert not theirs.exists()
    return users


def lines() -> list[dict[str, Any]]:
    [segment] = files.segments()
    return [json.loads(line) for line in segment.path.read_text().splitlines()]


def left() -> int:
    return int(get_user_model().objects.filter(username__in=("first", "second", "third")).count())


def test_a_batch_is_done_in_one_line_that_tells_each_account_once(journal: Path, now: datetime, actor: Actor) -> None:
    with time_machine.travel(NOON, tick=False):
        close_all(now, actor)
        assert [line["state"] for line in lines()] == ["intended"] * 3 + ["done"]
        done = lines()[-1]
        assert done["who"] == {}
        assert {done["id"], *done["others"]} == {line["id"] for line in lines()[:3]}
        assert sorted(state for _, state in told()) == ["done"] * 3 + ["intended"] * 3


def test_a_line_names_no_more_than_a_hundred_accounts(
    journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closures, "_IN_A_LINE", 2)
    with time_machine.travel(NOON, tick=False):
        close_all(now, actor)
        assert [len(line.get("others", ())) for line in lines() if line["state"] == "done"] == [1, 0]


def test_a_replay_erases_everybody_told_in_one_line(journal: Path, now: datetime, actor: Actor) -> None:
    with time_machine.travel(NOON, tick=False):
        close_all(now, actor)
        assert left() == 3
        report = replay(now=now, actor=actor)
    assert (report.open, report.kinds["closure"]["erased"], left()) == (True, 3, 0)


def test_so_late_that_a_commit_may_fall_on_the_next_day_each_is_told_in_full(
    journal: Path, now: datetime, actor: Actor
) -> None:
    """The segment with the intentions may go a day before the one that says they were carried out."""
    with time_machine.travel(NOON.replace(hour=23, minute=1), tick=False):
        close_all(now, actor)
        assert all(line["who"] for line in lines())
        assert len(lines()) == 6


def test_an_intention_of_the_day_before_is_not_relied_upon(
    journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = iter((NOON.date(), NOON.replace(day=17).date()))
    monkeypatch.setattr(closures.files, "segment_of_today", lambda: next(days))
    with time_machine.travel(NOON, tick=False):
        close_all(now, actor)
        assert all(line["who"] for line in lines())


def test_who_is_known_by_a_damaged_line_only_is_counted_and_keeps_nobody_else(
    journal: Path, now: datetime, actor: Actor
) -> None:
    with time_machine.travel(NOON, tick=False):
        close_all(now, actor)
        [segment] = files.segments()
        segment.path.write_text(segment.path.read_text().replace('"state":"intended"', '"state":"void"', 1))
        with pytest.raises(JournalDamaged):
            replay(now=now, actor=actor)
        report = replay(now=now, actor=actor, leave_out_unreadable=True)
    found = report.kinds["closure"]
    assert (found["told"], found["erased"], found["unknown"], left()) == (3, 2, 1, 1)
