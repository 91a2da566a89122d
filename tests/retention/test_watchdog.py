"""A night older than 26 hours is reported in four places, and none of them cries without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacy.core.hourly import run_hour
from privacy.core.processes import this_process
from privacy.core.registries import hourly_steps
from privacy.evidence import triggers
from privacy.evidence.models import EvidenceEntry
from privacy.evidence.sealing import seal
from privacy.evidence.services import record
from privacy.retention import lateness
from privacy.retention.checks import check_last_night
from privacy.retention.models import Approval, NightRun
from privacy.retention.services import approve_night, run_night
from privacy.retention.watchdog import State, standing
from tests.retention.conftest import NIGHT, view

HEALTH = "/privacy/health/"
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
PROBLEMS = ("The last complete night was that of", "No night was ever completed", "A night has waited for approval")


def night(as_of: datetime, **words: Any) -> NightRun:
    """A night of that moment that went well, unless ``words`` say otherwise."""
    values = {"status": "done", "horizon": as_of + 25 * HOUR, "created_at": as_of, "started_at": as_of, "asked_by": "x"}
    return NightRun.objects.create(as_of=as_of, **{**values, **words})


def question(asked_at: datetime, **words: Any) -> Approval:
    return Approval.objects.create(asked_at=asked_at, reasons=["large"], **words)


@pytest.fixture
def bare(db: None) -> None:
    """No entry of the migrate that made the test database, whose clock was the real one."""
    # Undone with the test's transaction, as is the rest.
    triggers.remove(connection.alias)
    with connection.cursor() as cursor:
        for table in ("privacy_sealleaf", "privacy_seal", "privacy_evidencedetail", "privacy_evidenceentry"):
            cursor.execute(f"DELETE FROM {table}")


@pytest.fixture
def first_act(bare: None, now: datetime) -> datetime:
    """The site was installed a week ago, and its evidence is sealed."""
    moment = now - timedelta(days=7)
    record(act="retention.beat_registered", now=moment, actor=NIGHT, label="Privacy: the night")
    seal(now=moment, actor=NIGHT)
    return moment


# --- the four reports ---------------------------------------------------------------------------


def warnings(now: datetime) -> list[str]:
    with time_machine.travel(now, tick=False):
        return [message.msg for message in run_checks(databases=["default"]) if message.id == "privacy.W302"]


def banners(now: datetime, client: Client) -> list[str]:
    """The screens that show the banner, of the desk and the list of nights."""
    urls = ["/admin/privacy/", reverse("admin:privacy_nightrun_changelist")]
    with time_machine.travel(now, tick=False):
        pages = {url: client.get(url).content.decode() for url in urls}
    return [url for url, page in pages.items() if any(sentence in page for sentence in PROBLEMS)]


def health(now: datetime, client: Client | None = None) -> tuple[int, dict[str, Any]]:
    with time_machine.travel(now, tick=False):
        response = (client or Client()).get(HEALTH)
    return response.status_code, response.json()


def mails(now: datetime) -> int:
    before = len(mail.outbox)
    run_hour(now=now, actor=NIGHT)
    return len(mail.outbox) - before


@pytest.fixture
def staff_client(db: None) -> Client:
    """Signed in at a moment that suits the clock of the tests: sessions do not end within."""
    client = Client()
    client.force_login(User.objects.create_superuser("warden", "warden@example.org", "x"))
    session = client.session
    session.set_expiry(datetime(2100, 1, 1, tzinfo=UTC))
    session.save()
    return client


def reports(now: datetime, client: Client) -> list[bool]:
    """Check, banner on both screens, health page, mail."""
    return [bool(warnings(now)), len(banners(now, client)) == 2, health(now)[0] == 503, mails(now) == 1]


def silence(now: datetime, client: Client) -> bool:
    return not (warnings(now) or banners(now, client) or health(now)[0] != 200 or mails(now))


@pytest.mark.usefixtures("first_act")
class TestTheFourReports:
    def test_a_night_of_25_hours_ago_is_reported_by_none(self, now: datetime, staff_client: Client) -> None:
        night(now - 25 * HOUR)
        assert silence(now, staff_client)

    def test_a_night_older_than_26_hours_is_reported_by_all_four(self, now: datetime, staff_client: Client) -> None:
        night(now - 27 * HOUR)
        assert reports(now, staff_client) == [True] * 4

    def test_the_limit_is_26_hours_to_the_minute(self, now: datetime) -> None:
        night(now - 26 * HOUR)
        assert not warnings(now)
        assert warnings(now + timedelta(minutes=1))

    def test_a_night_that_was_mended_silences_all_four(self, now: datetime, staff_client: Client) -> None:
        night(now - 27 * HOUR)
        Approval.objects.create(status="used", reasons=["first"], asked_at=now, confirmed_at=now)
        assert reports(now, staff_client) == [True] * 4
        assert run_night(now=now, actor=NIGHT).status == "done"
        assert silence(now, staff_client)

    def test_check_names_what_to_do(self, now: datetime) -> None:
        night(now - 27 * HOUR)
        with time_machine.travel(now, tick=False):
            (message,) = check_last_night(None, databases=["default"])
        assert message.msg == "The last complete night was that of March 15, 2026, 10 a.m., 1 day 3 hours ago."
        assert "worker and beat" in message.hint


@pytest.mark.usefixtures("first_act")
class TestWhatCounts:
    @pytest.mark.parametrize(
        "words",
        [
            {"status": "failed"},
            {"status": "interrupted"},
            {"status": "preview", "dry_run": True},
            {"status": "done", "dry_run": True},
            {"status": "done", "only": "retention.sync"},
            {"status": "pending"},
        ],
    )
    def test_what_is_no_complete_night_does_not_hide_that_the_last_one_is_old(
        self, now: datetime, words: dict[str, Any]
    ) -> None:
        night(now - 27 * HOUR)
        night(now - HOUR, **words)
        assert standing(now).state == State.LATE
        night(now - HOUR)
        assert standing(now).state == State.IN_TIME

    def test_a_night_that_ran_while_the_clock_was_ahead_proves_nothing(self, now: datetime) -> None:
        night(now - 27 * HOUR)
        night(now + timedelta(days=300))
        assert standing(now).late

    def test_a_long_night_at_work_is_not_late(self, now: datetime) -> None:
        night(now - 29 * HOUR)
        run = night(now - 5 * HOUR, status="running", heartbeat=now, process=this_process())
        assert standing(now).state == State.AT_WORK
        NightRun.objects.filter(pk=run.pk).update(heartbeat=now - HOUR)
        assert standing(now).state == State.LATE

    def test_a_night_that_never_ends_is_late_after_its_26_hours_though_it_gives_signs_of_life(
        self, now: datetime
    ) -> None:
        night(now - 60 * HOUR)
        run = night(now - 25 * HOUR, status="running", heartbeat=now, process=this_process())
        assert not standing(now).late
        NightRun.objects.filter(pk=run.pk).update(started_at=now - 27 * HOUR)
        assert standing(now).late

    def test_a_single_step_at_work_is_no_night_at_work(self, now: datetime) -> None:
        night(now - 27 * HOUR)
        night(now, status="running", heartbeat=now, process=this_process(), only="retention.sync")
        assert standing(now).late


class TestClockChanges:
    """Hours that pass: a site whose nights come by the wall clock is late neither in March nor in October."""

    pytestmark = pytest.mark.usefixtures("first_act")

    def test_the_day_of_25_hours_has_an_hour_to_spare(self) -> None:
        night(datetime(2026, 10, 24, 3, 30, tzinfo=BERLIN))
        following = datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN)
        assert not standing(following.astimezone(UTC) + timedelta(minutes=55)).late
        # On the wall it is 25 hours and 5 minutes later.
        assert standing(following.astimezone(UTC) + timedelta(minutes=65)).late

    def test_the_day_of_23_hours_is_not_reported_an_hour_early(self) -> None:
        night(datetime(2026, 3, 28, 3, 30, tzinfo=BERLIN))
        following = datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)
        # On the wall it is 26 hours and 30 minutes later.
        assert not standing(following.astimezone(UTC) + timedelta(minutes=150)).late
        assert standing(following.astimezone(UTC) + timedelta(minutes=185)).late


class TestASiteThatNeverRanANight:
    def test_a_fresh_site_has_26_hours_for_its_first_night(
        self, bare: None, now: datetime, staff_client: Client
    ) -> None:
        record(act="retention.beat_registered", now=now, actor=NIGHT, label="Privacy: the night")
        assert silence(now + 25 * HOUR, staff_client)
        assert standing(now + 25 * HOUR).state == State.NEW
        seal(now=now + 27 * HOUR, actor=NIGHT)
        assert reports(now + 27 * HOUR, staff_client) == [True] * 4

    def test_it_is_told_apart_from_a_night_that_stopped(self, first_act: datetime, now: datetime) -> None:
        found = standing(now)
        assert (found.state, found.problem) == (
            State.NEVER,
            "No night was ever completed, and the app was installed 7 days ago.",
        )
        assert "cron" in found.mend

    def test_a_site_that_has_done_nothing_at_all_is_not_late(self, bare: None, now: datetime) -> None:
        found = standing(now)
        assert (found.state, found.since, found.age, found.problem, found.mend) == (State.NEW, None, None, "", "")


@pytest.mark.usefixtures("first_act", "schedules")
class TestWaitingForApproval:
    def test_a_first_night_that_waits_is_not_late(self, now: datetime, staff_client: Client) -> None:
        view(now - timedelta(days=900))
        assert run_night(now=now, actor=NIGHT).status == "awaiting_approval"
        mail.outbox.clear()
        assert silence(now + 25 * HOUR, staff_client)
        assert health(now + 25 * HOUR)[1]["night"] == {"well": True, "state": "waiting", "hours": 25}

    def test_a_question_that_nobody_answers_is_reported_though_each_night_runs(
        self, now: datetime, staff_client: Client
    ) -> None:
        view(now - timedelta(days=900))
        for day in range(3):
            run_night(now=now + timedelta(days=day), actor=NIGHT)
        later = now + timedelta(days=2, hours=1)
        seal(now=later, actor=NIGHT)
        mail.outbox.clear()
        assert reports(later, staff_client) == [True] * 4
        assert standing(later).state == State.UNANSWERED
        assert "waited for approval" in mail.outbox[0].body

    def test_an_answer_silences_it_until_the_next_night_had_its_time(self, now: datetime) -> None:
        view(now - timedelta(days=900))
        for day in range(3):
            run_night(now=now + timedelta(days=day), actor=NIGHT)
        answered = now + timedelta(days=2, hours=1)
        approve_night(now=answered, actor=NIGHT)
        assert standing(answered).state == State.IN_TIME
        assert standing(answered + 26 * HOUR).state == State.LATE

    def test_a_night_at_work_hides_no_question_that_nobody_answers(self, now: datetime) -> None:
        night(now - 27 * HOUR)
        night(now, status="running", heartbeat=now, process=this_process())
        assert not standing(now).late
        question(now - 27 * HOUR)
        assert standing(now).state == State.UNANSWERED


# --- check --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("first_act")
class TestCheck:
    def test_it_runs_with_the_database_checks_and_reads_no_row_unless_a_database_is_named(
        self, django_assert_num_queries: Any
    ) -> None:
        assert Tags.database in check_last_night.tags  # type: ignore[attr-defined]
        with django_assert_num_queries(0):
            assert check_last_night(None) == []
            assert check_last_night(None, databases=["archive"]) == []

    def test_a_late_night_stops_no_migrate_and_fails_a_strict_check(self, now: datetime, capsys: Any) -> None:
        night(now - 27 * HOUR)
        with time_machine.travel(now, tick=False):
            assert "W302" in str([message.id for message in run_checks(databases=["default"])])
            call_command("check", databases=["default"])
            with pytest.raises(SystemCheckError) as refused:
                call_command("check", databases=["default"], fail_level="WARNING")
        assert "W302" in str(refused.value)

    def test_before_the_first_migrate_it_says_nothing(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        said = _process("manage.py", "check", "--database", "default", "--tag", "database", url=url)
        assert "W302" not in said.stderr
        assert said.returncode == 0


# --- banner -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("first_act")
class TestBanner:
    def lists(self) -> list[str]:
        ours = [model for model in admin.site._registry if model._meta.app_label == "privacy"]
        assert len(ours) > 4
        return [reverse(f"admin:privacy_{model._meta.model_name}_changelist") for model in ours]

    def test_it_stands_on_the_desk_and_on_every_list_of_ours_once(self, now: datetime, staff_client: Client) -> None:
        old = night(now - 27 * HOUR)
        with time_machine.travel(now, tick=False):
            for url in ["/admin/privacy/", *self.lists()]:
                assert staff_client.get(url).content.decode().count("The last complete night was") == 1, url
            NightRun.objects.filter(pk=old.pk).update(as_of=now - HOUR)
            for url in ["/admin/privacy/", *self.lists()]:
                assert "The last complete night was" not in staff_client.get(url).content.decode(), url

    def test_it_stands_on_no_page_of_another_app(self, now: datetime, staff_client: Client) -> None:
        night(now - 27 * HOUR)
        with time_machine.travel(now, tick=False):
            page = staff_client.get(reverse("admin:auth_user_changelist")).content.decode()
        assert "The last complete night was" not in page

    def test_it_leads_to_the_nights_whoever_may_see_them(self, now: datetime) -> None:
        night(now - 27 * HOUR)
        user = User.objects.create_user("clerk", "clerk@example.org", "x", is_staff=True)
        client, link = Client(), "Look at the nights"
        with time_machine.travel(now, tick=False):
            for permission, seen in (("view_closure", False), ("view_nightrun", True)):
                user.user_permissions.add(Permission.objects.get(codename=permission))
                client.force_login(user)
                page = client.get(reverse("admin:privacy_closure_changelist")).content.decode()
                assert "The last complete night was" in page
                assert (link in page) is seen

    def test_the_list_of_nights_does_not_say_it_twice(self, now: datetime, staff_client: Client) -> None:
        night(now - 27 * HOUR)
        with time_machine.travel(now, tick=False):
            page = staff_client.get(reverse("admin:privacy_nightrun_changelist")).content.decode()
        assert page.count('role="alert"') == 1


# --- the page for monitors ----------------------------------------------------------------------


@pytest.mark.usefixtures("first_act")
class TestHealth:
    def test_it_names_each_part(self, now: datetime) -> None:
        night(now - 3 * HOUR)
        assert health(now) == (
            200,
            {
                "well": True,
                "restore": {"well": True, "state": "none", "hours": None},
                "database": {"well": True, "state": "reachable", "hours": None},
                "night": {"well": True, "state": "in_time", "hours": 3},
                "evidence": {"well": True, "state": "in_time", "hours": None},
            },
        )

    def test_a_late_night_is_named_and_nothing_else(self, now: datetime) -> None:
        night(now - 27 * HOUR)
        status, found = health(now)
        assert status == 503
        assert [part for part in ("database", "night", "evidence") if not found[part]["well"]] == ["night"]
        assert found["night"] == {"well": False, "state": "late", "hours": 27}

    def test_evidence_that_nobody_seals_is_named_and_a_seal_mends_it(self, now: datetime) -> None:
        night(now - HOUR)
        record(act="retention.night", now=now - 27 * HOUR, actor=NIGHT, label="done")
        status, found = health(now)
        assert status == 503
        assert [part for part in ("database", "night", "evidence") if not found[part]["well"]] == ["evidence"]
        assert found["evidence"] == {"well": False, "state": "late", "hours": 27}
        seal(now=now, actor=NIGHT)
        assert health(now)[0] == 200

    def test_evidence_that_waits_for_the_next_seal_is_well(self, now: datetime) -> None:
        night(now - HOUR)
        record(act="retention.night", now=now - 2 * HOUR, actor=NIGHT, label="done")
        assert health(now)[1]["evidence"] == {"well": True, "state": "in_time", "hours": 2}

    def test_an_entry_of_a_long_night_is_seen_though_a_seal_was_made_meanwhile(self, now: datetime) -> None:
        night(now - HOUR)
        record(act="retention.night", now=now - 28 * HOUR, actor=NIGHT, label="done")
        seal(now=now - 27 * HOUR, actor=NIGHT)
        assert health(now)[0] == 200
        record(act="retention.night", now=now - 28 * HOUR, actor=NIGHT, label="done")
        assert health(now)[1]["evidence"] == {"well": False, "state": "late", "hours": 28}

    def test_it_costs_the_same_after_many_nights_and_entries(self, now: datetime) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as captured:
                health(now)
            return len(captured)

        night(now - HOUR)
        few = cost()
        for day in range(60):
            night(now - timedelta(days=day, hours=2))
            record(act="retention.night", now=now - timedelta(days=day, hours=2), actor=NIGHT, label="done")
            seal(now=now - timedelta(days=day, hours=2), actor=NIGHT)
        assert cost() == few <= 6

    def test_it_touches_no_session_and_is_never_cached(self, now: datetime, staff_client: Client) -> None:
        night(now - HOUR)
        for client in (Client(), staff_client):
            with time_machine.travel(now, tick=False), CaptureQueriesContext(connection) as captured:
                response = client.get(HEALTH)
            assert response.status_code == 200
            assert response["Content-Type"] == "application/json"
            assert "no-store" in response["Cache-Control"]
            assert "Vary" not in response
            assert not response.cookies
            assert not [query for query in captured if "session" in query["sql"] or "auth_user" in query["sql"]]

    def test_a_site_that_asks_everybody_to_sign_in_answers_a_monitor_all_the_same(
        self, now: datetime, settings: Any
    ) -> None:
        night(now - HOUR)
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
        assert Client().get("/account/privacy/").status_code == 302
        assert health(now)[0] == 200

    def test_a_monitor_that_asks_every_minute_sends_the_admins_no_mail_of_its_own(
        self, now: datetime, caplog: Any
    ) -> None:
        night(now - 27 * HOUR)
        assert health(now)[0] == health(now + timedelta(minutes=1))[0] == 503
        assert not mail.outbox
        assert not caplog.records

    def test_it_answers_json_whatever_is_asked_for_and_only_to_reading(self, now: datetime) -> None:
        night(now - HOUR)
        with time_machine.travel(now, tick=False):
            page = Client().get(HEALTH, headers={"accept": "text/html"})
            assert (page.status_code, page["Content-Type"]) == (200, "application/json")
            assert Client().head(HEALTH).status_code == 200
            assert Client().post(HEALTH).status_code == 405

    def test_it_tells_no_person_and_no_version(self, now: datetime, staff_client: Client) -> None:
        night(now - 27 * HOUR, asked_by="staff warden", process="host|1|2|3", note="a note")
        body = json.dumps(health(now, staff_client)[1])
        words = {"well", "restore", "database", "night", "evidence", "state", "hours", "true", "false", "null"}
        told = {word.strip('{}":,') for word in body.split()} - words
        assert told == {"none", "reachable", "late", "in_time", "27"}

    def test_a_database_that_fails_in_the_middle_is_not_well(self, now: datetime) -> None:
        night(now - HOUR)

        def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if "nightrun" in sql:
                from django.db import OperationalError

                raise OperationalError("it is gone")
            return execute(sql, params, many, context)

        with connection.execute_wrapper(broken):
            status, found = health(now)
        assert status == 503
        assert found["night"] == {"well": False, "state": "unknown", "hours": None}
        assert found["database"]["well"]


_ASK = """
import django; django.setup()
from django.db import connection
from django.test import Client
connection.settings_dict["ATOMIC_REQUESTS"] = True
response = Client().get("/privacy/health/")
print(response.status_code, response.content.decode())
"""


def _process(*words: str, url: str) -> subprocess.CompletedProcess[str]:
    """The small site in a process of its own, on the database of that URL."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    env |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url}
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, *words], cwd=root, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def _asked(url: str) -> tuple[int, dict[str, Any]]:
    done = _process("-c", _ASK, url=url)
    assert done.returncode == 0, done.stderr
    status, _, body = done.stdout.strip().partition(" ")
    return int(status), json.loads(body)


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all/site.sqlite3", "postgres://nobody@127.0.0.1:9/nothing"],
    ids=["sqlite", "postgres"],
)
def test_a_database_that_cannot_be_reached_answers_503_and_names_it(url: str) -> None:
    status, found = _asked(url)
    assert status == 503
    assert found["database"] == {"well": False, "state": "unreachable", "hours": None}
    assert found["night"] == found["evidence"] == {"well": False, "state": "unknown", "hours": None}


def test_a_database_without_our_tables_answers_503(tmp_path: Path) -> None:
    status, found = _asked(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert (status, found["database"]["well"], found["night"]["state"]) == (503, True, "unknown")


# --- mail ---------------------------------------------------------------------------------------


def told() -> list[str]:
    return list(EvidenceEntry.objects.filter(act__startswith="retention.lateness").values_list("act", flat=True))


@pytest.mark.usefixtures("first_act")
class TestMail:
    def test_the_hour_tells_it_once_a_day_while_it_lasts(self, now: datetime) -> None:
        night(now - 27 * HOUR)
        sent = [mails(now + hour * HOUR) for hour in range(50)]
        assert [hour for hour, count in enumerate(sent) if count] == [0, 24, 48]

    def test_it_says_what_is_wrong_what_to_do_and_where(self, now: datetime, settings: Any) -> None:
        settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
        night(now - 27 * HOUR)
        mails(now)
        (message,) = mail.outbox
        assert message.to == ["admin@example.org"]
        assert "The privacy night is late" in message.subject
        for part in ("1 day 3 hours ago", "worker and beat", "https://example.org/admin/privacy/nightrun/"):
            assert part in message.body

    def test_the_time_it_was_told_is_in_the_evidence(self, now: datetime) -> None:
        night(now - 27 * HOUR)
        mails(now)
        entry = EvidenceEntry.objects.get(act="retention.lateness_told")
        assert (entry.at, entry.label) == (now, "late")

    def test_a_night_in_time_tells_nobody_and_leaves_no_trace(self, now: datetime) -> None:
        night(now - HOUR)
        assert mails(now) == 0
        assert not told()

    def test_a_mail_that_could_not_be_sent_is_tried_again_by_the_next_hour(
        self, now: datetime, settings: Any, caplog: Any
    ) -> None:
        night(now - 27 * HOUR)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        assert run_hour(now=now, actor=NIGHT)["retention.watchdog"] == {"mails": 0}
        assert "ConnectionRefusedError" in caplog.text
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        assert [mails(now + HOUR), mails(now + 2 * HOUR)] == [1, 0]
        assert sorted(told()) == ["retention.lateness_told", "retention.lateness_told", "retention.lateness_untold"]

    def test_what_was_told_while_the_clock_was_ahead_silences_nothing(self, now: datetime) -> None:
        night(now - 27 * HOUR)
        assert mails(now + timedelta(days=300)) == 1
        assert mails(now) == 1

    def test_without_admins_it_is_logged_and_not_said_to_be_told(
        self, now: datetime, settings: Any, caplog: Any
    ) -> None:
        settings.ADMINS = []
        night(now - 27 * HOUR)
        assert mails(now) == 0
        assert "ADMINS" in caplog.text
        assert not told()

    def test_the_hour_seals_after_it_what_it_told(self) -> None:
        assert hourly_steps.get("retention.watchdog").order < hourly_steps.get("evidence.seal").order


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_send_one_mail(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    night(now - 27 * HOUR)
    together, sent = threading.Barrier(4), []
    seen: Callable[[datetime], Any] = standing

    def all_have_looked(moment: datetime) -> Any:
        found = seen(moment)
        together.wait(timeout=20)
        return found

    monkeypatch.setattr(lateness, "standing", all_have_looked)

    def work() -> None:
        try:
            sent.append(lateness.tell_lateness(now=now, actor=NIGHT))
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(sent) == [False, False, False, True]
    assert len(mail.outbox) == 1
    assert told() == ["retention.lateness_told"]
