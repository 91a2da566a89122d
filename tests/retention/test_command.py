from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from privacy.core.registries import StepReport
from privacy.retention.models import Approval, NightRun
from tests.host.models import PageView
from tests.retention.conftest import Step, view

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules")]

SCHEDULES = "retention.schedules"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def run(*words: str) -> tuple[int, str]:
    """Exit code and standard output."""
    out = StringIO()
    try:
        call_command("privacy_nightly", *words, stdout=out, stderr=StringIO())
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def test_json_has_the_keys_that_were_agreed_and_nothing_else_is_printed() -> None:
    code, text = run("--json")
    report = json.loads(text)
    assert code == 0
    assert list(report) == ["run", "started", "finished", "status", "steps"]
    assert list(report["steps"][0]) == ["name", "status", "counts", "error"]
    assert report["run"] == str(NightRun.objects.get().pk)
    assert datetime.fromisoformat(report["started"]).tzinfo is not None
    assert [step["name"] for step in report["steps"]] == ["retention.sync", SCHEDULES, "retention.logs"]


def test_a_failing_step_exits_with_one_after_all_steps_ran(approved: Approval) -> None:
    Step("test.bad", order=1, does=lambda context: StepReport(error="no")).add()
    last = Step("test.last", order=999).add()
    code, text = run("--json")
    assert code == 1
    assert last.real_calls == 1
    assert json.loads(text)["steps"][0] == {"name": "test.bad", "status": "failed", "counts": {}, "error": "no"}


def test_an_unknown_step_exits_with_one_and_names_those_there_are() -> None:
    code, text = run("--step", "sweep", "--json")
    assert code == 1
    assert SCHEDULES in json.loads(text)["error"]["mend"]


def test_unknown_words_exit_with_two() -> None:
    with pytest.raises((SystemExit, CommandError)) as end:
        call_command("privacy_nightly", "--often", stdout=StringIO(), stderr=StringIO())
    assert getattr(end.value, "returncode", getattr(end.value, "code", None)) in (1, 2)


def test_a_future_moment_needs_a_dry_run() -> None:
    view(LONG_AGO)
    code, _text = run("--at", "2999-01-01")
    assert code == 2
    assert not NightRun.objects.exists()
    assert run("--at", "2999-01-01", "--dry-run")[0] == 0
    assert PageView.objects.count() == 1


def test_a_dry_run_removes_nothing(approved: Approval) -> None:
    view(LONG_AGO)
    code, text = run("--dry-run", "--json")
    assert (code, json.loads(text)["status"]) == (0, "preview")
    assert PageView.objects.count() == 1


def test_confirm_approves_what_waits_and_runs() -> None:
    view(LONG_AGO)
    assert "--confirm" in run()[1]
    assert PageView.objects.count() == 1
    code, text = run("--confirm", "--json")
    assert (code, json.loads(text)["status"]) == (0, "done")
    assert not PageView.objects.exists()


def test_confirm_approves_nothing_that_nobody_could_see() -> None:
    view(LONG_AGO)
    assert json.loads(run("--confirm", "--json")[1])["status"] == "awaiting_approval"
    assert PageView.objects.count() == 1


def test_confirm_with_a_dry_run_approves_nothing() -> None:
    run()
    run("--confirm", "--dry-run")
    assert Approval.objects.get().status == "waiting"


def test_a_single_step(approved: Approval) -> None:
    code, text = run("--step", SCHEDULES, "--json")
    assert code == 0
    assert [step["name"] for step in json.loads(text)["steps"]] == [SCHEDULES]


def test_a_night_for_a_moment_of_the_past_goes_by_that_moment(approved: Approval) -> None:
    then = timezone.now() - timedelta(days=400)
    view(then - timedelta(days=390))
    assert run("--at", then.isoformat())[0] == 0
    assert PageView.objects.count() == 1


def test_a_night_at_work_exits_with_one(now: datetime) -> None:
    clock = timezone.now()
    NightRun.objects.create(
        status="running", as_of=clock, horizon=clock, created_at=clock, heartbeat=clock, asked_by="x", process="a|b|1|1"
    )
    code, text = run("--json")
    assert code == 1
    assert "running already" in json.loads(text)["error"]["problem"]


def test_the_report_for_people_names_each_step(approved: Approval) -> None:
    text: Any = run()[1]
    assert SCHEDULES in text
    assert "The night is done." in text
