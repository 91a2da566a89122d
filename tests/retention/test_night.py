from __future__ import annotations

import smtplib
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.core.processes import this_process
from privacy.core.registries import NightContext, StepReport, night_steps
from privacy.core.registry import NotRegistered
from privacy.evidence.models import EvidenceEntry
from privacy.retention import execution, liveness
from privacy.retention.models import NightRun, NightStepRun, Schedule
from privacy.retention.services import (
    NightAlreadyRunning,
    NightBrokeOff,
    NightReport,
    change_period,
    pause_schedule,
    run_night,
)
from tests.host.models import PageView
from tests.retention.conftest import NIGHT, Step, view

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules", "approved")]

SCHEDULES, DELETE = "retention.schedules", "host.PageView:viewed_at:delete"


class PowerCut(BaseException):
    """Nothing that an ``except Exception`` could catch, as when the process ends."""


def night(now: datetime, **words: Any) -> NightReport:
    return run_night(now=now, actor=NIGHT, **words)


def fails(error: BaseException) -> Any:
    def does(context: NightContext) -> StepReport:
        raise error

    return does


def statuses(report: NightReport) -> dict[str, str]:
    return {step.name: step.status for step in report.steps}


def test_a_row_past_its_end_is_gone_and_a_younger_one_stays(now: datetime) -> None:
    view(now - timedelta(days=500))
    young = view(now - timedelta(days=10))
    report = night(now)
    assert report.status == "done"
    assert list(PageView.objects.all()) == [young]
    counts = {step.name: step.counts for step in report.steps}[SCHEDULES]
    assert (counts["deleted"], counts["anonymised"], counts[DELETE]) == (1, 0, 1)


def test_what_would_cross_its_end_before_the_next_night_goes_tonight(now: datetime, actor: Actor) -> None:
    change_period(schedule=Schedule.objects.get(name=DELETE), period=Period.parse("P7D"), now=now, actor=actor)
    view(now - timedelta(days=7) + timedelta(hours=10))
    staying = view(now - timedelta(days=7) + timedelta(hours=20))
    night(now)
    assert list(PageView.objects.all()) == [staying]


def test_addresses_are_shortened_when_their_delay_is_over(now: datetime) -> None:
    old, young = view(now - timedelta(days=40)), view(now - timedelta(days=2))
    night(now)
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.ip, young.ip) == ("203.0.113.0", "203.0.113.77")


def test_of_two_schedules_on_one_row_the_earlier_end_wins(now: datetime, actor: Actor) -> None:
    """T24: a row that one schedule would shorten in thirty days is removed by the other after seven."""
    change_period(schedule=Schedule.objects.get(name=DELETE), period=Period.parse("P7D"), now=now, actor=actor)
    view(now - timedelta(days=8))
    night(now)
    assert not PageView.objects.exists()


def test_a_paused_schedule_is_left_out(now: datetime, actor: Actor) -> None:
    pause_schedule(schedule=Schedule.objects.get(name=DELETE), now=now, actor=actor)
    view(now - timedelta(days=500))
    night(now)
    assert PageView.objects.count() == 1


def test_a_withdrawn_schedule_is_left_out(now: datetime) -> None:
    Schedule.objects.create(
        name="gone.Model:at:delete", kind="expiry", action="delete", model="gone.Model", declared="P1D", period="P1D",
        start="at", synced_at=now, withdrawn_at=now,
    )  # fmt: skip
    assert night(now).status == "done"


def test_a_dry_run_counts_and_removes_nothing(now: datetime) -> None:
    view(now - timedelta(days=500))
    report = night(now, dry_run=True)
    assert (report.status, statuses(report)[SCHEDULES]) == ("preview", "previewed")
    assert {step.name: step.counts for step in report.steps}[SCHEDULES][DELETE] == 1
    assert PageView.objects.count() == 1
    assert not EvidenceEntry.objects.filter(act="retention.night").exists()


def test_a_preview_that_writes_is_refused_by_the_database(now: datetime) -> None:
    def does(context: NightContext) -> StepReport:
        view(now)
        return StepReport()

    Step("test.liar", destroys=True, does=does).add()
    report = night(now, dry_run=True)
    assert statuses(report)["test.liar"] == "failed"
    assert not PageView.objects.exists()


def test_a_single_step_runs_alone(now: datetime) -> None:
    step, other = Step("test.one").add(), Step("test.two").add()
    report = night(now, step="test.one")
    assert statuses(report) == {"test.one": "done"}
    assert (step.real_calls, other.real_calls) == (1, 0)


def test_an_unknown_step_is_refused_with_the_names_there_are(now: datetime) -> None:
    with pytest.raises(NotRegistered, match=SCHEDULES):
        night(now, step="retention.sweep")
    assert not NightRun.objects.exists()


def test_steps_run_by_their_order(now: datetime) -> None:
    calls: list[str] = []

    def note(name: str) -> Any:
        def does(context: NightContext) -> StepReport:
            calls.append(name)
            return StepReport()

        return does

    Step("test.b", order=700, does=note("b")).add()
    Step("test.c", order=5, does=note("c")).add()
    Step("test.a", order=700, does=note("a")).add()
    report = night(now)
    assert calls == ["c", "a", "b"]
    assert report.steps[0].name == "test.c"


class TestFailure:
    def test_one_failing_step_stops_none_of_the_others(self, now: datetime) -> None:
        view(now - timedelta(days=500))
        before = Step("test.before", order=1, does=fails(RuntimeError("no"))).add()
        after = Step("test.after", order=900).add()
        report = night(now)
        assert report.status == "failed"
        assert report.failed
        assert statuses(report)["test.before"] == "failed"
        assert (before.real_calls, after.real_calls, PageView.objects.count()) == (1, 1, 0)

    def test_the_message_of_an_error_is_never_kept_but_its_place_is(self, now: datetime) -> None:
        Step("test.leak", does=fails(ValueError("maria@example.org exists"))).add()
        report = night(now)
        error = {step.name: step.error for step in report.steps}["test.leak"]
        assert error.startswith("ValueError in test_night.py, line ")
        assert "maria" not in "".join(NightStepRun.objects.values_list("error", flat=True))
        assert "maria" not in mail.outbox[0].body

    def test_our_own_errors_keep_their_words(self, now: datetime) -> None:
        Step("test.own", does=fails(PrivacyError(field="x", problem="it is so", mend="Do that"))).add()
        report = night(now)
        assert {step.name: step.error for step in report.steps}["test.own"] == "x: it is so. Do that."

    def test_a_step_that_reports_an_error_failed_and_keeps_its_counts(self, now: datetime) -> None:
        Step("test.some", does=lambda context: StepReport({"rows": 3}, "two files are locked")).add()
        step = next(step for step in night(now).steps if step.name == "test.some")
        assert (step.status, step.counts, step.error) == ("failed", {"rows": 3}, "two files are locked")

    def test_one_failing_schedule_stops_none_of_the_others(self, now: datetime) -> None:
        Schedule.objects.create(
            name="a.Broken:at:delete", kind="expiry", action="delete", model="a.Broken", declared="P1D", period="P1D",
            start="at", category="aaa", synced_at=now,
        )  # fmt: skip
        view(now - timedelta(days=500))
        report = night(now, step=SCHEDULES)
        step = report.steps[0]
        assert step.status == "failed"
        assert "a.Broken:at:delete" in step.error
        assert step.counts[DELETE] == 1
        assert not PageView.objects.exists()

    def test_the_admins_get_a_mail_that_names_the_step(self, now: datetime) -> None:
        Step("test.bad", does=fails(RuntimeError("secret"))).add()
        report = night(now)
        assert len(mail.outbox) == 1
        assert mail.outbox[0].to == ["admin@example.org"]
        assert "test.bad" in mail.outbox[0].body
        assert str(report.run) in mail.outbox[0].body

    def test_a_night_that_went_well_sends_no_mail(self, now: datetime) -> None:
        night(now)
        assert not mail.outbox

    def test_a_mail_that_cannot_be_sent_never_fails_the_night(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*args: Any, **words: Any) -> None:
            raise smtplib.SMTPServerDisconnected

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        Step("test.bad", does=fails(RuntimeError("x"))).add()
        assert night(now).status == "failed"
        assert "could not be sent" in NightRun.objects.get().note

    def test_an_evidence_table_that_refuses_does_not_change_how_the_night_ended(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(**words: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(execution, "record", refuse)
        view(now - timedelta(days=500))
        assert night(now).status == "done"
        assert "evidence" in NightRun.objects.get().note

    def test_a_step_that_is_no_longer_part_of_the_app_fails_by_name(self, now: datetime) -> None:
        step = Step("test.gone", does=fails(PowerCut())).add()
        with pytest.raises(PowerCut):
            night(now)
        night_steps.remove(step.name)
        assert statuses(night(now))["test.gone"] == "failed"

    def test_what_was_done_is_in_the_evidence(self, now: datetime) -> None:
        view(now - timedelta(days=500))
        night(now)
        entry = EvidenceEntry.objects.get(act="retention.night")
        assert (entry.label, entry.counts[f"{SCHEDULES}: deleted"]) == ("done", 1)


class TestOneAtATime:
    @pytest.fixture
    def other(self, now: datetime) -> NightRun:
        return NightRun.objects.create(
            status="running", as_of=now, horizon=now, created_at=now, started_at=now, heartbeat=now, asked_by="x",
            process="elsewhere|pid:[1]|1|1",
        )  # fmt: skip

    def test_a_second_night_is_refused_while_one_is_at_work(self, now: datetime, other: NightRun) -> None:
        with pytest.raises(NightAlreadyRunning):
            night(now + timedelta(minutes=5))
        assert NightRun.objects.get() == other

    def test_the_database_refuses_two_running_nights(self, now: datetime, other: NightRun) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            NightRun.objects.create(status="running", as_of=now, horizon=now, created_at=now, asked_by="x")

    def test_a_night_without_a_sign_of_life_has_crashed(self, now: datetime, other: NightRun) -> None:
        report = night(now + liveness.STALE_AFTER + timedelta(seconds=1))
        other.refresh_from_db()
        assert (report.status, other.status) == ("done", "interrupted")

    def test_a_sign_of_life_from_the_future_is_none(self, now: datetime, other: NightRun) -> None:
        assert night(now - timedelta(days=1)).status == "done"

    def test_a_process_of_this_machine_that_is_gone_crashed_at_once(self, now: datetime, other: NightRun) -> None:
        host, space, _pid, _birth = this_process().split("|")
        NightRun.objects.update(process=f"{host}|{space}|999999999|1")
        assert night(now).status == "done"

    def test_a_process_of_this_machine_that_lives_is_believed(self, now: datetime, other: NightRun) -> None:
        NightRun.objects.update(process=this_process())
        with pytest.raises(NightAlreadyRunning):
            night(now)

    def test_another_process_with_the_same_number_is_not_taken_for_it(self, now: datetime, other: NightRun) -> None:
        NightRun.objects.update(process=this_process() + "0")
        assert night(now).status == "done"


class TestTakenOver:
    """A night that was taken for dead, and is not, destroys nothing beside the one that follows it."""

    def taken_over_in(self, name: str, does: Any = None) -> Step:
        def run(context: NightContext) -> StepReport:
            NightRun.objects.filter(status="running").update(process="elsewhere|pid:[1]|1|1")
            return does(context) if does else StepReport({"rows": 1})

        return Step(name, order=1, does=run).add()

    def test_it_stops_at_the_end_of_its_step_and_leaves_the_rows_to_the_other(self, now: datetime) -> None:
        view(now - timedelta(days=500))
        self.taken_over_in("test.slow")
        with pytest.raises(NightAlreadyRunning):
            night(now)
        assert PageView.objects.count() == 1
        run = NightRun.objects.get()
        assert (run.status, run.process) == ("running", "elsewhere|pid:[1]|1|1")
        assert run.heartbeat is not None
        assert set(run.steps.values_list("status", flat=True)) == {"running", "pending"}

    def test_a_step_that_swallows_every_exception_is_stopped_at_its_next_sign_of_life(self, now: datetime) -> None:
        went_on: list[str] = []

        def does(context: NightContext) -> StepReport:
            try:
                context.progress({"rows": 1})
            except Exception:  # noqa: BLE001 - as careless as a step can be
                went_on.append("past the refusal")
            went_on.append("past the sign of life")
            return StepReport()

        self.taken_over_in("test.careless", does)
        with pytest.raises(NightAlreadyRunning):
            night(now)
        assert not went_on


class TestCrash:
    """Resumed by the next call: done steps stay done, the rest run again."""

    NAMES = ("test.1", "test.2", "test.3", "test.4")

    def kill(self, now: datetime) -> None:
        """The worst end: no handler ran, only the heartbeat grew old."""
        NightRun.objects.filter(status="running").update(
            heartbeat=now - timedelta(hours=1), process="elsewhere|pid:[1]|1|1"
        )

    @pytest.mark.parametrize("killed", [True, False])
    @pytest.mark.parametrize("at", range(4))
    def test_a_night_that_crashed_in_a_step_goes_on_with_that_step(self, now: datetime, at: int, killed: bool) -> None:
        steps = [Step(name, order=900 + n, destroys=n == 2).add() for n, name in enumerate(self.NAMES)]
        dying = steps[at]

        def die_once(context: NightContext) -> StepReport:
            if context.dry_run or dying.real_calls > 1:
                return StepReport()
            raise PowerCut

        dying.does = die_once
        with pytest.raises(PowerCut):
            night(now)
        assert NightRun.objects.get().status == "running"
        if killed:
            self.kill(now)
        report = night(now + timedelta(minutes=1))
        assert report.status == "done"
        assert NightRun.objects.count() == 1
        assert [step.real_calls for step in steps] == [2 if n == at else 1 for n in range(4)]
        assert NightStepRun.objects.get(name=self.NAMES[at]).attempts == 2

    def test_a_crash_while_the_night_asks_what_it_would_destroy_destroys_nothing(self, now: datetime) -> None:
        def does(context: NightContext) -> StepReport:
            if context.dry_run and len(step.calls) == 1:
                raise PowerCut
            return StepReport()

        step = Step("test.careful", destroys=True, does=does).add()
        with pytest.raises(PowerCut):
            night(now)
        assert step.real_calls == 0
        assert night(now).status == "done"
        assert step.real_calls == 1

    def test_a_step_goes_on_where_its_cursor_stands(self, now: datetime) -> None:
        def does(context: NightContext) -> StepReport:
            if not context.cursor:
                context.progress({"rows": 5}, {"after": 5})
                raise PowerCut
            return StepReport({"rows": 5 + context.cursor["after"]})

        Step("test.long", does=does).add()
        with pytest.raises(PowerCut):
            night(now)
        saved = NightStepRun.objects.get(name="test.long")
        assert (saved.counts, saved.cursor, saved.status) == ({"rows": 5}, {"after": 5}, "running")
        assert {step.name: step.counts for step in night(now).steps}["test.long"] == {"rows": 10}

    def test_schedules_that_were_done_are_not_done_again(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        from privacy.retention import night as steps

        view(now - timedelta(days=500))
        real, seen = steps.carry_out, []

        def carry_out(schedule: Schedule, **words: Any) -> dict[str, int]:
            seen.append(schedule.name)
            if schedule.name == DELETE and seen.count(DELETE) == 1:
                raise PowerCut
            return real(schedule, **words)

        monkeypatch.setattr(steps, "carry_out", carry_out)
        with pytest.raises(PowerCut):
            night(now, step=SCHEDULES)
        report = night(now, step=SCHEDULES)
        assert report.status == "done"
        assert not PageView.objects.exists()
        assert seen.count(DELETE) >= 2

    def test_a_crashed_night_of_the_day_before_is_not_relied_upon(self, now: datetime) -> None:
        done = Step("test.1", order=1).add()
        dying = Step("test.2", order=2, does=fails(PowerCut())).add()
        with pytest.raises(PowerCut):
            night(now)
        dying.does = lambda context: StepReport()
        report = night(now + timedelta(days=1))
        assert report.status == "done"
        assert done.real_calls == 2
        first = NightRun.objects.exclude(pk=report.run).get()
        assert first.status == "interrupted"
        assert first.steps.get(name="test.2").error == "interrupted"

    def test_a_message_that_comes_again_a_day_after_its_night_crashed_brings_the_next_one(self, now: datetime) -> None:
        dying = Step("test.1", does=fails(PowerCut())).add()
        with pytest.raises(PowerCut):
            night(now, message_id="abc")
        dying.does = lambda context: StepReport()
        assert night(now + timedelta(days=1), message_id="abc").status == "done"
        assert NightRun.objects.filter(status="interrupted", message_id="").count() == 1


class TestMissed:
    def test_the_next_night_catches_up_in_full_and_counts_the_missed_ones(self, now: datetime) -> None:
        night(now)
        for days in (396, 397, 398, 399):
            view(now - timedelta(days=days))
        report = night(now + timedelta(days=5))
        assert not PageView.objects.exists()
        assert NightRun.objects.get(pk=report.run).missed == 5


def test_a_second_delivery_of_one_message_is_only_reported(now: datetime) -> None:
    step = Step("test.once").add()
    first = night(now, message_id="abc")
    second = night(now + timedelta(minutes=1), message_id="abc")
    assert first == second
    assert step.real_calls == 1


class TestBreakingOff:
    @pytest.fixture(autouse=True)
    def _full_disk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def claim(*_: Any) -> None:
            raise DatabaseError("disk full at row (mona@example.org)")

        monkeypatch.setattr(execution, "claim", claim)

    def test_a_night_whose_own_rows_cannot_be_written_tells_the_admins_and_quotes_nothing(self, now: datetime) -> None:
        with pytest.raises(NightBrokeOff) as ended:
            night(now)
        assert "DatabaseError in test_night.py" in str(ended.value)
        [told] = mail.outbox
        assert told.subject == "[Django] The privacy night broke off"
        assert "mona" not in str(ended.value) + told.body

    def test_a_mail_that_cannot_be_sent_changes_nothing_about_it(self, now: datetime, settings: Any) -> None:
        settings.EMAIL_BACKEND = "tests.no.such.backend"
        with pytest.raises(NightBrokeOff):
            night(now)
