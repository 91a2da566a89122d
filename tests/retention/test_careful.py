"""The careful night: what a person must have seen before anything is destroyed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import IntegrityError, transaction

from privacy.core.registries import StepReport
from privacy.datamap import graph
from privacy.datamap.registry import registry
from privacy.retention.models import Approval, NightRun
from privacy.retention.services import NightReport, NothingToApprove, approve_night, run_night
from tests.host.models import PageView
from tests.retention.conftest import NIGHT, Step, view

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules")]

SCHEDULES = "retention.schedules"


def night(now: datetime, **words: Any) -> NightReport:
    return run_night(now=now, actor=NIGHT, **words)


def approve(now: datetime) -> Approval:
    return approve_night(now=now, actor=NIGHT)


def status(report: NightReport, name: str) -> str:
    return {step.name: step.status for step in report.steps}[name]


def people(count: int) -> None:
    users = get_user_model()
    users.objects.bulk_create(users(username=f"m{number}") for number in range(count))


def taking(accounts: int) -> Step:
    return Step("test.closures", destroys=True, does=lambda context: StepReport({"accounts": accounts})).add()


def test_the_first_night_only_previews_and_asks(now: datetime) -> None:
    view(now - timedelta(days=500))
    other = Step("test.other").add()
    report = night(now)
    assert report.status == "awaiting_approval"
    assert status(report, SCHEDULES) == "previewed"
    assert other.real_calls == 1
    assert PageView.objects.count() == 1
    approval = Approval.objects.get()
    assert (approval.status, approval.reasons) == ("waiting", ["first"])
    assert approval.counts[SCHEDULES]["deleted"] == 1


def test_the_admins_are_asked_by_mail(now: datetime) -> None:
    view(now - timedelta(days=500))
    night(now)
    assert "waits for approval" in mail.outbox[0].subject
    assert "1 deleted" in mail.outbox[0].body


def test_once_approved_the_next_night_destroys_and_no_later_one_asks(now: datetime) -> None:
    view(now - timedelta(days=500))
    night(now)
    approve(now)
    assert night(now).status == "done"
    assert not PageView.objects.exists()
    assert Approval.objects.get().status == "used"
    assert night(now + timedelta(days=1)).status == "done"


def test_a_night_that_waits_asks_once_and_keeps_its_question_up_to_date(now: datetime) -> None:
    night(now)
    view(now - timedelta(days=500))
    night(now + timedelta(days=1))
    approval = Approval.objects.get()
    assert approval.counts[SCHEDULES]["deleted"] == 1
    assert approval.asked_at == now


def test_a_single_step_does_not_go_round_the_question(now: datetime) -> None:
    view(now - timedelta(days=500))
    assert night(now, step=SCHEDULES).status == "awaiting_approval"
    assert PageView.objects.count() == 1


def test_a_dry_run_asks_nothing(now: datetime) -> None:
    assert night(now, dry_run=True).status == "preview"
    assert not Approval.objects.exists()


def test_approving_when_nothing_waits_is_refused(now: datetime) -> None:
    with pytest.raises(NothingToApprove, match="no night waits"):
        approve(now)


def test_the_database_holds_one_open_question(now: datetime) -> None:
    Approval.objects.create(asked_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(asked_at=now)


def test_an_approval_without_its_moment_is_refused(now: datetime) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(asked_at=now, status="confirmed")


@pytest.mark.usefixtures("approved")
class TestLarge:
    def test_a_night_that_would_remove_too_large_a_share_of_all_accounts_stops_and_asks(self, now: datetime) -> None:
        people(100)
        step = taking(6)
        report = night(now)
        assert report.status == "awaiting_approval"
        assert step.real_calls == 0
        approval = Approval.objects.get(status="waiting")
        assert (approval.reasons, approval.accounts, approval.total_accounts) == (["large"], 6, 100)

    def test_accounts_that_a_schedule_ends_are_counted_as_well(self, now: datetime) -> None:
        users = get_user_model()
        known = graph.find(users)
        assert known is not None
        registry.withdraw(users)
        registry.declare(users, type("UserData", (known.data,), {"expires": "P3Y from date_joined"}))
        users.objects.bulk_create(
            users(username=f"m{n}", date_joined=now - timedelta(days=2000 if n < 30 else 1)) for n in range(100)
        )
        assert night(now).status == "awaiting_approval"
        approval = Approval.objects.get(status="waiting")
        assert (approval.reasons, approval.accounts) == (["large"], 30)
        approve(now)
        assert night(now).status == "done"
        assert users.objects.count() == 70

    def test_a_night_at_the_share_goes_on(self, now: datetime) -> None:
        people(100)
        step = taking(5)
        assert night(now).status == "done"
        assert step.real_calls == 1

    def test_the_share_is_a_setting(self, now: datetime, settings: Any) -> None:
        settings.PRIVACY = {**settings.PRIVACY, "LARGE_NIGHT_SHARE": 0.5}
        people(10)
        taking(5)
        assert night(now).status == "done"

    def test_an_approved_large_night_is_carried_out_once(self, now: datetime) -> None:
        people(100)
        step = taking(60)
        night(now)
        approve(now)
        assert night(now).status == "done"
        assert step.real_calls == 1
        assert night(now + timedelta(days=1)).status == "awaiting_approval"

    def test_an_approval_is_used_up_although_something_failed_on_the_way(self, now: datetime) -> None:
        people(100)
        taking(60)
        Step("test.files", destroys=True, does=lambda context: StepReport(error="" if context.dry_run else "no")).add()
        night(now)
        approve(now)
        assert night(now).status == "failed"
        assert night(now + timedelta(days=1)).status == "awaiting_approval"

    def test_a_single_step_uses_the_approval_of_its_accounts_up(self, now: datetime) -> None:
        people(100)
        step = taking(60)
        night(now)
        approve(now)
        assert night(now, step=step.name).status == "done"
        assert night(now, step=step.name).status == "awaiting_approval"
        assert step.real_calls == 1

    def test_a_single_step_that_takes_no_account_leaves_the_approval_to_the_night(self, now: datetime) -> None:
        people(100)
        step = taking(60)
        night(now)
        approve(now)
        assert night(now, step=SCHEDULES).status == "done"
        assert night(now).status == "done"
        assert step.real_calls == 1

    def test_an_approval_covers_what_was_seen_and_not_more(self, now: datetime) -> None:
        people(100)
        step = taking(60)
        night(now)
        approve(now)
        step.does = lambda context: StepReport({"accounts": 66})
        assert night(now).status == "awaiting_approval"
        assert step.real_calls == 0

    def test_a_question_that_nobody_needs_any_more_is_closed(self, now: datetime) -> None:
        people(100)
        step = taking(60)
        night(now)
        step.does = lambda context: StepReport({"accounts": 1})
        assert night(now + timedelta(days=1)).status == "done"
        assert not Approval.objects.filter(status="waiting").exists()

    def test_a_step_that_cannot_be_counted_is_not_run(self, now: datetime) -> None:
        def does(context: Any) -> StepReport:
            raise RuntimeError

        step = Step("test.uncountable", destroys=True, does=does).add()
        view(now - timedelta(days=500))
        report = night(now)
        assert status(report, "test.uncountable") == "failed"
        assert step.real_calls == 0
        assert not PageView.objects.exists()


@pytest.mark.usefixtures("approved")
class TestTakeOver:
    RULE = {"filter": {"is_active": False}, "closed_at": "date_joined"}

    def test_a_changed_take_over_rule_is_previewed_again(self, now: datetime, settings: Any) -> None:
        assert night(now).status == "done"
        settings.PRIVACY = {**settings.PRIVACY, "CLOSED_ACCOUNTS": self.RULE}
        step = taking(0)
        assert night(now).status == "awaiting_approval"
        assert step.real_calls == 0
        assert Approval.objects.get(status="waiting").reasons == ["take_over"]
        approve(now)
        assert night(now).status == "done"
        assert night(now + timedelta(days=1)).status == "done"

    def test_a_rule_that_changed_after_it_was_approved_is_asked_about(self, now: datetime, settings: Any) -> None:
        settings.PRIVACY = {**settings.PRIVACY, "CLOSED_ACCOUNTS": self.RULE}
        night(now)
        approve(now)
        other = {"filter": {"is_active": False, "is_staff": False}, "closed_at": "date_joined"}
        settings.PRIVACY = {**settings.PRIVACY, "CLOSED_ACCOUNTS": other}
        assert night(now).status == "awaiting_approval"

    def test_a_rule_that_cannot_be_read_stops_what_destroys_and_nothing_else(
        self, now: datetime, settings: Any
    ) -> None:
        settings.PRIVACY = {**settings.PRIVACY, "CLOSED_ACCOUNTS": {"filter": {}}}
        view(now - timedelta(days=500))
        other = Step("test.other", order=900).add()
        report = night(now)
        assert status(report, SCHEDULES) == "failed"
        assert other.real_calls == 1
        assert PageView.objects.count() == 1
        assert NightRun.objects.get().status == "failed"
