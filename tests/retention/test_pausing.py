"""A night that a person stops: it keeps where it stands, nothing else begins, and it goes on from there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from privacy.core.registries import NightContext, StepReport, hourly_steps
from privacy.evidence.models import EvidenceEntry
from privacy.retention import claiming, queries
from privacy.retention.models import NightRun, NightStepRun
from privacy.retention.queries import SLACK, horizon
from privacy.retention.services import (
    NightPaused,
    NothingToPause,
    NothingToResume,
    ask_for_night,
    pause_night,
    resume_night,
    run_night,
)
from privacy.retention.watchdog import State, standing
from tests.host.models import PageView
from tests.retention.conftest import NIGHT, Step, view
from tests.retention.test_admin import page, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules", "approved")]

DETAIL = "admin:privacy_nightrun_change"


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    sent: list[tuple[str, dict[str, Any]]] = []

    def nudge(name: str, **words: Any) -> bool:
        sent.append((name, words))
        return True

    monkeypatch.setattr(claiming, "nudge", nudge)
    return sent


def night(now: datetime, **words: Any) -> Any:
    return run_night(now=now, actor=NIGHT, **words)


def paused_in_its_second_step(now: datetime) -> tuple[Step, Step, Step]:
    """A night of three steps that somebody pauses in the middle of the second, after its first batch."""

    def does(context: NightContext) -> StepReport:
        for batch in range(context.cursor.get("after", 0) + 1, 4):
            batches.append(batch)
            context.progress({"rows": batch}, {"after": batch})
            if second.real_calls == 1 and batch == 1 and not context.dry_run:
                pause_night(now=now, actor=NIGHT)
        return StepReport({"rows": 3})

    batches: list[int] = []
    first, third = Step("test.1", order=1).add(), Step("test.3", order=990).add()
    second = Step("test.2", order=2, does=does).add()
    report = night(now)
    assert report.status == "paused"
    assert batches == [1, 2]
    return first, second, third


def test_a_night_at_work_stops_after_the_batch_in_hand_and_says_where_it_stands(now: datetime) -> None:
    view(now - timedelta(days=500))
    _, _, third = paused_in_its_second_step(now)
    run = NightRun.objects.get()
    assert (run.status, run.finished_at, run.pause_asked_at) == ("paused", None, now)
    statuses = dict(run.steps.values_list("name", "status"))
    assert (statuses["test.1"], statuses["test.2"], statuses["test.3"]) == ("done", "running", "pending")
    assert run.steps.get(name="test.2").cursor == {"after": 1}
    assert (third.real_calls, PageView.objects.count()) == (0, 1)


def test_it_goes_on_from_there_and_does_nothing_twice(now: datetime, told: list[Any]) -> None:
    first, second, third = paused_in_its_second_step(now)
    run = resume_night(now=now + timedelta(minutes=20), actor=NIGHT)
    assert told == [("privacy.run_night_now", {"run": run.pk})]
    report = night(now + timedelta(minutes=21), run=run.pk)
    assert (report.status, NightRun.objects.count()) == ("done", 1)
    assert (first.real_calls, second.real_calls, third.real_calls) == (1, 2, 1)
    assert NightStepRun.objects.get(name="test.2").counts == {"rows": 3}
    assert NightRun.objects.get().pause_asked_at is None


def test_a_pause_within_a_window_undoes_the_window_and_loses_no_row(
    now: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from privacy.retention import night as steps

    settings.PRIVACY = {**settings.PRIVACY, "WINDOW_ROWS": 2}
    for days in range(6):
        view(now - timedelta(days=500 + days))
    real = steps.carry_out

    def carry_out(schedule: Any, *, told: Any, **words: Any) -> Any:
        def then_pause(counts: Any) -> None:
            told(counts)
            pause_night(now=now, actor=NIGHT)

        return real(schedule, told=then_pause, **words)

    monkeypatch.setattr(steps, "carry_out", carry_out)
    assert night(now).status == "paused"
    assert PageView.objects.count() == 4
    monkeypatch.undo()
    night(now, run=resume_night(now=now, actor=NIGHT, tell=False).pk)
    assert not PageView.objects.exists()
    entries = EvidenceEntry.objects.filter(act="disposal.rows_expired", label="host.PageView")
    assert sum(entry.counts["rows"] for entry in entries) == 6
    assert NightStepRun.objects.get(name="retention.schedules").counts["deleted"] == 6


def test_no_other_night_begins_until_somebody_lets_it_go_on(now: datetime) -> None:
    paused_in_its_second_step(now)
    tomorrow = now + timedelta(days=1)
    for begin in (lambda: night(tomorrow), lambda: night(tomorrow, step="test.3")):
        with pytest.raises(NightPaused, match="--resume"):
            begin()
    with pytest.raises(NightPaused):
        ask_for_night(now=tomorrow, actor=NIGHT)
    assert not queries.night_wanted(tomorrow)
    assert night(tomorrow, dry_run=True).status == "preview"


def test_a_night_that_stood_still_over_its_horizon_is_not_relied_upon(now: datetime) -> None:
    first, _, _ = paused_in_its_second_step(now)
    tomorrow = now + timedelta(days=1)
    assert horizon(tomorrow) != horizon(now)
    run = resume_night(now=tomorrow, actor=NIGHT)
    assert night(tomorrow, run=run.pk).status == "done"
    assert first.real_calls == 2
    assert sorted(NightRun.objects.values_list("status", flat=True)) == ["done", "interrupted"]


def test_a_night_let_go_on_in_the_evening_that_a_worker_takes_up_in_the_morning_begins_anew(now: datetime) -> None:
    first, _, _ = paused_in_its_second_step(now)
    run = resume_night(now=now, actor=NIGHT)
    assert night(now + timedelta(days=1), run=run.pk).status == "done"
    assert first.real_calls == 2


def test_a_night_that_died_before_it_could_stop_is_paused_all_the_same(now: datetime) -> None:
    NightRun.objects.create(
        status="running", as_of=now, horizon=horizon(now), created_at=now, started_at=now, asked_by="x",
        heartbeat=now - timedelta(hours=1), process="elsewhere|pid:[1]|1|1", pause_asked_at=now,
    )  # fmt: skip
    assert queries.paused_night(now) is not None
    with pytest.raises(NightPaused):
        night(now)
    run = resume_night(now=now, actor=NIGHT)
    assert night(now, run=run.pk).status == "done"


def test_a_night_without_a_process_is_paused_at_once(now: datetime) -> None:
    NightRun.objects.create(status="running", as_of=now, horizon=now, created_at=now, asked_by="x")
    assert pause_night(now=now, actor=NIGHT).status == "paused"


def test_a_night_that_waits_for_a_worker_is_paused_and_waits_again(now: datetime, told: list[Any]) -> None:
    run = ask_for_night(now=now, actor=NIGHT)
    assert pause_night(now=now, actor=NIGHT).status == "paused"
    assert night(now, run=run.pk).status == "paused"
    assert resume_night(now=now, actor=NIGHT) == run
    assert night(now, run=run.pk).status == "done"


def test_a_pause_that_comes_in_the_last_step_lets_the_night_end(now: datetime) -> None:
    def does(context: NightContext) -> StepReport:
        pause_night(now=now, actor=NIGHT)
        return StepReport({"rows": 1})

    Step("test.last", order=999, does=does).add()
    report = night(now)
    assert (report.status, report.steps[-1].counts) == ("done", {"rows": 1})
    assert NightRun.objects.get().pause_asked_at is None


def test_a_single_step_and_a_dry_run_are_not_paused(now: datetime) -> None:
    NightRun.objects.create(
        status="running", as_of=now, horizon=now, created_at=now, heartbeat=now, asked_by="x", only="test.1"
    )
    with pytest.raises(NothingToPause):
        pause_night(now=now, actor=NIGHT)


def test_letting_go_on_what_is_not_paused_is_refused(now: datetime) -> None:
    with pytest.raises(NothingToResume):
        resume_night(now=now, actor=NIGHT)


def test_who_paused_and_who_let_it_go_on_is_in_the_evidence(now: datetime) -> None:
    paused_in_its_second_step(now)
    resume_night(now=now, actor=NIGHT)
    acts = set(EvidenceEntry.objects.values_list("act", flat=True))
    assert {"retention.night_paused", "retention.night_resumed"} <= acts


def test_the_watchdog_reports_a_paused_night_that_nobody_lets_go_on(now: datetime) -> None:
    assert night(now - timedelta(hours=20)).status == "done"
    paused_in_its_second_step(now)
    soon, later = standing(now + SLACK), standing(now + SLACK + timedelta(minutes=1))
    assert (soon.state, soon.late) == (State.PAUSED, False)
    assert (later.state, later.late) == (State.LEFT_PAUSED, True)
    assert "paused since" in later.problem
    assert "--resume" in later.mend
    run = resume_night(now=now, actor=NIGHT)
    night(now, run=run.pk)
    assert standing(now + timedelta(hours=2)).state == State.IN_TIME


def test_the_hour_tells_a_worker_of_a_night_that_lost_its_own_and_lets_a_paused_one_be(
    now: datetime, told: list[Any]
) -> None:
    go_on = hourly_steps.get("retention.go_on").run
    assert go_on(now, NIGHT) == {"nights": 0}
    run = NightRun.objects.create(
        status="running", as_of=now, horizon=now, created_at=now, heartbeat=now, asked_by="x", process="a|b|1|1"
    )
    assert go_on(now + timedelta(minutes=5), NIGHT) == {"nights": 0}
    assert go_on(now + timedelta(hours=1), NIGHT) == {"nights": 1}
    assert told == [("privacy.run_night_now", {"run": run.pk})]
    NightRun.objects.update(status="paused", pause_asked_at=now)
    assert go_on(now + timedelta(hours=1), NIGHT) == {"nights": 0}


class TestScreen:
    def running(self, now: datetime, **values: Any) -> NightRun:
        words = {"status": "running", "as_of": now, "horizon": now, "created_at": now, "started_at": now}
        words |= {"heartbeat": now, "asked_by": "x", "process": "elsewhere|pid:[1]|1|1", **values}
        run = NightRun.objects.create(**words)
        for order, status in enumerate(("done", "running", "pending")):
            NightStepRun.objects.create(run=run, name=f"test.{order}", order=order, title="A step", status=status)
        return run

    @pytest.fixture
    def clock(self) -> datetime:
        from django.utils import timezone

        return timezone.now()

    def test_the_button_pauses_and_the_page_says_that_it_stops(self, admin_client: Client, clock: datetime) -> None:
        run = self.running(clock)
        assert "Pause this night" in page(admin_client, DETAIL, run.pk)
        admin_client.post(reverse("admin:privacy_nightrun_pause"))
        seen = page(admin_client, DETAIL, run.pk)
        assert "stops after the batch in hand" in seen
        assert "Do not stop it" in seen
        admin_client.post(reverse("admin:privacy_nightrun_resume"))
        assert NightRun.objects.get().pause_asked_at is None

    def test_a_paused_night_says_where_it_stands_and_goes_on_by_button(
        self, admin_client: Client, clock: datetime, told: list[Any]
    ) -> None:
        run = self.running(clock, status="paused", pause_asked_at=clock)
        response = admin_client.get(reverse(DETAIL, args=[run.pk]))
        seen = response.content.decode()
        assert "It stands at 1 of 3 steps, in the middle of: A step" in seen
        assert "Refresh" not in response
        assert "Run now" not in seen
        assert "A night is paused" in page(admin_client, "admin:privacy_nightrun_changelist")
        assert "Run now" not in page(admin_client, "admin:privacy_nightrun_changelist")
        admin_client.post(reverse("admin:privacy_nightrun_resume"))
        assert NightRun.objects.filter(status="pending").count() == 1
        assert [name for name, _ in told] == ["privacy.run_night_now"]

    @pytest.mark.parametrize("button", ["pause", "resume"])
    def test_the_buttons_need_their_permission(self, clock: datetime, button: str) -> None:
        run = self.running(clock, **({} if button == "pause" else {"status": "paused", "pause_asked_at": clock}))
        looking = staff("view_nightrun", "run_night")
        for words in ("Pause this night", ">Let it go on<"):
            assert words not in page(looking, DETAIL, run.pk)
        assert looking.post(reverse(f"admin:privacy_nightrun_{button}")).status_code == 403
        assert NightRun.objects.get().status == run.status

    @pytest.mark.parametrize("button", ["pause", "resume"])
    def test_a_link_cannot_press_a_button(self, admin_client: Client, button: str) -> None:
        assert admin_client.get(reverse(f"admin:privacy_nightrun_{button}")).status_code == 405

    @pytest.mark.parametrize("button", ["pause", "resume"])
    def test_when_nothing_is_at_work_or_paused_the_button_says_so(self, admin_client: Client, button: str) -> None:
        response = admin_client.post(reverse(f"admin:privacy_nightrun_{button}"), follow=True)
        assert ("no whole night" if button == "pause" else "no night is paused") in response.content.decode()


class TestCommand:
    def test_pause_and_resume_from_a_shell_need_no_worker(self, now: datetime, capsys: Any) -> None:
        ask_for_night(now=now, actor=NIGHT)
        call_command("privacy_nightly", "--pause", "--at", now.isoformat())
        assert "The night is paused." in capsys.readouterr().out
        call_command("privacy_nightly", "--resume", "--at", now.isoformat())
        assert "The night is done." in capsys.readouterr().out
        assert NightRun.objects.get().status == "done"
