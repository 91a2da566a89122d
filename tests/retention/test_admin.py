from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from privacy.core.registries import StepReport
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.retention.declarations import Ends, declared_ends
from privacy.retention.models import Approval, NightRun, NightStepRun, Schedule
from privacy.retention.services import run_night
from tests.retention.conftest import NIGHT, Step, view
from tests.retention.test_schedules import DELETE, TOTAL, promise, schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules")]

RUNS = "admin:privacy_nightrun_changelist"
SCHEDULES = "admin:privacy_schedule_changelist"


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("staff", "staff@example.org", "x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(admin_client: Client) -> Client:
    return admin_client


def page(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def approve(client: Client, seen: str, **words: Any) -> Any:
    """Press the button of a page that was opened before."""
    found = re.search(r'name="plan" value="(\w+)"', seen)
    assert found
    return client.post(reverse("admin:privacy_nightrun_approve"), {"plan": found[1]}, **words)


def one(name: str = DELETE) -> Schedule:
    return schedule(name)


class TestSchedules:
    def test_the_list_says_how_many_rows_are_over_and_which_clause_binds(self, admin: Client) -> None:
        promise("P13M", clause="§11")
        for _ in range(3):
            view(datetime(2020, 1, 1, tzinfo=UTC))
        text = page(admin, SCHEDULES)
        assert "§11 (X-1)" in text
        assert "3 rows" in text
        assert "13 months" in text

    def test_the_page_of_a_schedule_previews_what_the_night_would_take(self, admin: Client) -> None:
        view(datetime(2020, 1, 1, tzinfo=UTC))
        text = page(admin, "admin:privacy_schedule_change", one().pk)
        assert "Past their end now" in text
        assert "The night would take" in text
        assert "Change the period" in text

    def test_a_weaker_period_is_refused_on_the_page_with_the_clause(self, admin: Client) -> None:
        promise("P1M", clause="§10")
        url = reverse("admin:privacy_schedule_change", args=[one().pk])
        response = admin.post(url, {"period": "P30D"})
        assert "§10" in response.content.decode()
        assert one().period == "P13M"

    def test_a_period_saved_on_the_page_is_in_force(self, admin: Client) -> None:
        url = reverse("admin:privacy_schedule_change", args=[one().pk])
        view(timezone.now() - timedelta(days=200))
        said = admin.post(url, {"period": "P3M"}, follow=True).content.decode()
        assert one().period == "P3M"
        assert "now 3 months; the next night takes 1 row" in said

    def test_a_minute_typed_for_a_month_is_said_in_words(self, admin: Client) -> None:
        url = reverse("admin:privacy_schedule_change", args=[one().pk])
        assert "now 1 minute" in admin.post(url, {"period": "PT1M"}, follow=True).content.decode()

    def test_the_end_of_an_exception_has_no_form(self, admin: Client) -> None:
        url = reverse("admin:privacy_schedule_change", args=[one(TOTAL).pk])
        assert "Change the period" not in admin.get(url).content.decode()
        assert admin.post(url, {"period": "P1D"}).status_code == 403

    def test_a_schedule_whose_declaration_is_gone_can_still_be_read(self, admin: Client, now: datetime) -> None:
        Schedule.objects.filter(name=DELETE).update(withdrawn_at=now, model="gone.Model")
        assert "No longer declared" in page(admin, "admin:privacy_schedule_change", one().pk)
        assert "gone.Model" in page(admin, SCHEDULES)

    def test_pausing_needs_its_permission(self) -> None:
        url = reverse("admin:privacy_schedule_pause", args=[one().pk])
        assert staff("view_schedule", "change_schedule").post(url).status_code == 403
        assert not one().paused

    def test_pausing_and_resuming_by_button(self) -> None:
        client = staff("view_schedule", "pause_schedule")
        client.post(reverse("admin:privacy_schedule_pause", args=[one().pk]))
        assert one().paused
        assert "paused" in page(client, "admin:privacy_schedule_change", one().pk)
        client.post(reverse("admin:privacy_schedule_resume", args=[one().pk]))
        assert not one().paused

    def test_who_may_only_look_cannot_change(self) -> None:
        client = staff("view_schedule")
        url = reverse("admin:privacy_schedule_change", args=[one().pk])
        assert "Save the period" not in client.get(url).content.decode()
        assert client.post(url, {"period": "P3M"}).status_code == 403

    def test_nobody_looks_without_permission(self) -> None:
        client = staff()
        assert client.get(reverse("admin:privacy_schedule_change", args=[one().pk])).status_code == 403
        assert client.get(reverse(SCHEDULES)).status_code == 403

    def test_fifty_schedules_cost_three_queries_each_and_none_a_row(self, admin: Client, now: datetime) -> None:
        pattern = Schedule.objects.get(name=DELETE)
        own, wanted = Schedule.objects.count(), 50
        for number in range(own, wanted):
            pattern.pk, pattern.name = None, f"{DELETE}:{number}"
            pattern.save()
        # All of them stand for declarations, so that each is looked at.
        book = declared_ends()
        copies = dict.fromkeys(Schedule.objects.values_list("name", flat=True), book.by_name[DELETE])

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                page(admin, SCHEDULES)
            return len(captured)

        with patch("privacy.retention.ending.declared_ends", lambda: Ends({**copies, **book.by_name}, {})):
            few = queries()
            for _ in range(200):
                view(datetime(2020, 1, 1, tzinfo=UTC))
            assert queries() == few
        assert few <= 3 * wanted + 30


class TestDoors:
    """Every URL of these screens, for everybody who might knock."""

    @pytest.fixture
    def run(self, now: datetime) -> NightRun:
        return NightRun.objects.get(pk=run_night(now=now, actor=NIGHT).run)

    def urls(self, run: NightRun) -> dict[str, str]:
        pk = one().pk
        return {
            "schedules": reverse(SCHEDULES),
            "schedule": reverse("admin:privacy_schedule_change", args=[pk]),
            "pause": reverse("admin:privacy_schedule_pause", args=[pk]),
            "resume": reverse("admin:privacy_schedule_resume", args=[pk]),
            "schedule history": reverse("admin:privacy_schedule_history", args=[pk]),
            "schedule add": reverse("admin:privacy_schedule_add"),
            "schedule delete": reverse("admin:privacy_schedule_delete", args=[pk]),
            "nights": reverse(RUNS),
            "night": reverse("admin:privacy_nightrun_change", args=[run.pk]),
            "night history": reverse("admin:privacy_nightrun_history", args=[run.pk]),
            "night add": reverse("admin:privacy_nightrun_add"),
            "night delete": reverse("admin:privacy_nightrun_delete", args=[run.pk]),
            "run": reverse("admin:privacy_nightrun_run"),
            "approve": reverse("admin:privacy_nightrun_approve"),
        }

    @pytest.mark.parametrize(
        ("permissions", "read", "pressed"),
        [
            ((), "", ""),
            (("view_nightrun",), "nights, night, night history", ""),
            (("run_night", "approve_night", "pause_schedule"), "", ""),
            (("view_nightrun", "run_night"), "nights, night, night history", "run"),
            (("view_nightrun", "approve_night"), "nights, night, night history", "approve"),
            (("view_schedule",), "schedules, schedule, schedule history", ""),
            (("view_schedule", "pause_schedule"), "schedules, schedule, schedule history", "pause, resume"),
            (("view_schedule", "change_schedule"), "schedules, schedule, schedule history", "schedule"),
        ],
    )
    def test_each_door_opens_to_its_permission_alone(
        self, run: NightRun, permissions: tuple[str, ...], read: str, pressed: str
    ) -> None:
        client = staff(*permissions)
        urls = self.urls(run)
        buttons = {"pause", "resume", "run", "approve"}
        opened = {name for name, url in urls.items() if name not in buttons and client.get(url).status_code == 200}
        assert opened == {name for name in read.split(", ") if name}
        assert {client.get(urls[name]).status_code for name in buttons} == {405}
        words = {"period": "P1D", "plan": run.approvals.get().plan}
        # What acts sends the browser on; a page that is only read answers a POST with itself or a refusal.
        acted = {name for name, url in urls.items() if client.post(url, words).status_code == 302}
        assert acted == {name for name in pressed.split(", ") if name}
        assert (one().period == "P1D") is ("schedule" in acted)
        assert (Approval.objects.get().status == "confirmed") is ("approve" in acted)
        assert (NightRun.objects.count() == 2) is ("run" in acted)

    def test_a_stranger_is_sent_to_the_sign_in(self, run: NightRun) -> None:
        for method in ("get", "post"):
            for name, url in self.urls(run).items():
                answer = getattr(Client(), method)(url)
                assert answer.status_code in (302, 405), name
                assert answer.status_code == 405 or "/login/" in answer["Location"], name

    def test_a_form_of_another_site_presses_nothing(self, admin_user: User, run: NightRun) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(admin_user)
        for name, url in self.urls(run).items():
            assert client.post(url, {"period": "P1D"}).status_code == 403, name


class TestNights:
    def test_the_first_night_asks_on_the_screen_and_is_approved_by_button(self, admin: Client, now: datetime) -> None:
        view(now - timedelta(days=500))
        run = run_night(now=now, actor=NIGHT)
        text = page(admin, RUNS)
        assert "waits for your approval" in text
        assert "first night of this site" in text
        assert "1 deleted" in text
        assert "waits for your approval" in page(admin, "admin:privacy_nightrun_change", run.run)
        assert "waits for approval" in page(admin, SCHEDULES)
        assert approve(admin, text).status_code == 302
        assert Approval.objects.get().status == "confirmed"
        for after in (page(admin, RUNS), page(admin, "admin:privacy_nightrun_change", run.run)):
            assert "pv-good" in after
            assert "approved" in after
            assert "waits for approval" not in after.replace(">waits for approval</a>", "")  # the filter's word

    def test_what_was_counted_anew_since_the_page_was_opened_is_not_approved_by_it(
        self, admin: Client, now: datetime
    ) -> None:
        view(now - timedelta(days=500))
        run_night(now=now, actor=NIGHT)
        seen = page(admin, RUNS)
        for _ in range(300):
            view(now - timedelta(days=500))
        run_night(now=now + timedelta(days=1), actor=NIGHT)
        said = approve(admin, seen, follow=True).content.decode()
        assert "counted anew since you looked" in said
        assert Approval.objects.get().status == "waiting"
        assert "301 deleted" in said
        approve(admin, said)
        assert Approval.objects.get().status == "confirmed"

    def test_an_approval_that_names_no_plan_is_none(self, admin: Client, now: datetime) -> None:
        run_night(now=now, actor=NIGHT)
        admin.post(reverse("admin:privacy_nightrun_approve"))
        assert Approval.objects.get().status == "waiting"

    def test_the_evidence_knows_who_approved_and_its_immutable_row_does_not(self, now: datetime) -> None:
        run_night(now=now, actor=NIGHT)
        client = staff("view_nightrun", "approve_night")
        approve(client, page(client, RUNS))
        entry = EvidenceEntry.objects.get(act="retention.night_approved")
        user = User.objects.get(username="staff")
        assert EvidenceDetail.objects.get(entry=entry).actor_key == str(user.pk)

    @pytest.mark.parametrize("button", ["run", "approve"])
    def test_the_buttons_need_their_permissions(self, button: str, now: datetime) -> None:
        run_night(now=now, actor=NIGHT)
        client = staff("view_nightrun")
        assert client.post(reverse(f"admin:privacy_nightrun_{button}")).status_code == 403
        assert "Approve this" not in page(client, RUNS)
        assert "Run now" not in page(client, RUNS)

    @pytest.mark.parametrize("button", ["run", "approve"])
    def test_a_link_cannot_press_a_button(self, admin: Client, button: str) -> None:
        assert admin.get(reverse(f"admin:privacy_nightrun_{button}")).status_code == 405

    def test_approving_when_nothing_waits_says_so(self, admin: Client) -> None:
        response = admin.post(reverse("admin:privacy_nightrun_approve"), follow=True)
        assert "no night waits for an approval" in response.content.decode()

    def test_run_now_writes_the_night_down_and_leads_to_its_page(
        self, admin: Client, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            response = admin.post(reverse("admin:privacy_nightrun_run"))
        run = NightRun.objects.get()
        assert run.status == "pending"
        assert response["Location"] == reverse("admin:privacy_nightrun_change", args=[run.pk])
        page_of_run = admin.get(response["Location"])
        assert page_of_run["Refresh"] == "3"
        assert "Waiting for a worker" in page_of_run.content.decode()

    def test_a_waiting_night_that_no_worker_takes_up_says_what_to_do(self, admin: Client, now: datetime) -> None:
        run = NightRun.objects.create(status="pending", as_of=now, horizon=now, created_at=now, asked_by="x")
        NightRun.objects.update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
        assert "No worker has taken this night up" in page(admin, "admin:privacy_nightrun_change", run.pk)

    def test_a_night_at_work_shows_a_progress_bar(self, admin: Client, now: datetime) -> None:
        run = NightRun.objects.create(
            status="running", as_of=now, horizon=now, created_at=now, started_at=now, heartbeat=now, asked_by="x"
        )
        for number, status in enumerate(("done", "running", "pending")):
            NightStepRun.objects.create(
                run=run, name=f"t.{number}", order=number, title=f"Step {number}", status=status
            )
        response = admin.get(reverse("admin:privacy_nightrun_change", args=[run.pk]))
        text = response.content.decode()
        assert response["Refresh"] == "3"
        assert '<progress max="3" value="1">' in text
        assert "1 of 3 steps" in text

    def test_a_finished_night_is_not_looked_at_again(self, admin: Client, now: datetime, approved: Approval) -> None:
        report = run_night(now=now, actor=NIGHT)
        response = admin.get(reverse("admin:privacy_nightrun_change", args=[report.run]))
        assert "Refresh" not in response

    def test_a_failed_step_shows_its_reason_and_what_to_do(
        self, admin: Client, now: datetime, approved: Approval
    ) -> None:
        Step("test.bad", does=lambda context: StepReport({"rows": 2}, "two files are locked")).add()
        report = run_night(now=now, actor=NIGHT)
        text = page(admin, "admin:privacy_nightrun_change", report.run)
        assert "two files are locked" in text
        assert "What to do next:" in text

    def test_nights_cannot_be_written_by_hand(self, admin: Client) -> None:
        assert admin.get("/admin/privacy/nightrun/add/").status_code == 403
        assert admin.get("/admin/privacy/schedule/add/").status_code == 403
