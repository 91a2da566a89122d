"""When an account goes: at once, after a ceiling, taken over from the site, taken back, in batches."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.disposal.mandate import MandateTooWeak
from privacy.disposal.models import Captured, Closure
from privacy.disposal.queries import take_over_fingerprint
from privacy.disposal.services import (
    Mandate,
    NotCancellable,
    WrongState,
    cancel_closure,
    close_account,
    close_accounts,
    preview_account,
    review_waiting,
    run_closure,
    run_closures,
    take_over_closed,
)
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.services import Draft, record, record_many
from privacy.promises.models import ProfileTable
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

BY_PASSWORD = Mandate("member", "page", "password")
NIGHT = Actor.system("night")


def users() -> Any:
    return get_user_model().objects


@pytest.fixture(autouse=True)
def _sentinel() -> None:
    """The account that stands in for erased authors."""
    users().get_or_create(username="former-member")


def rules(**table: Any) -> None:
    """The profile's [closure] table."""
    ProfileTable.objects.update_or_create(name="closure", defaults={"table": table})


def night(moment: datetime) -> dict[str, int]:
    return run_closures(now=moment, horizon=moment + timedelta(days=1), actor=NIGHT)


def test_under_period_zero_the_data_goes_in_the_closing_call(now: datetime, actor: Actor) -> None:
    user = plant("atonce")

    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)

    assert report.status == "done"
    assert not users().filter(pk=user.pk).exists()
    assert {step.model for step in report.steps} >= {"auth.User", "host.Upload", "host.Order"}


def test_who_closed_their_own_account_is_named_by_no_evidence(now: datetime, actor: Actor) -> None:
    user = plant("leaving")
    key = str(user.pk)
    close_account(user=user, mandate=Mandate("member", "page", "password"), now=now, actor=Actor.member(user))
    assert Closure.objects.get().status == "done"
    assert "disposal.finished" in EvidenceEntry.objects.values_list("act", flat=True)
    assert not EvidenceDetail.objects.filter(actor_key=key).exists()


def test_a_delay_is_a_ceiling_and_the_night_looks_ahead(now: datetime, actor: Actor) -> None:
    """HVR-11-2: closed on 16 March, gone before 16 June at noon is over."""
    rules(after="P3M")
    user = plant("later")
    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    assert report.status == "scheduled"
    assert report.due_at == datetime(2026, 6, 16, 11, tzinfo=now.tzinfo), "noon in UTC is 13:00, then 12:00, in Berlin"
    assert not Client().login(username="later", password="secret later")

    assert night(report.due_at - timedelta(days=1, minutes=1))["accounts"] == 0
    assert users().filter(pk=user.pk).exists()
    assert night(report.due_at - timedelta(hours=23))["accounts"] == 1
    assert not users().filter(pk=user.pk).exists()


def test_a_closure_that_waits_can_be_taken_back(now: datetime, actor: Actor) -> None:
    rules(after="P3M")
    user = plant("back")
    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)

    cancel_closure(closure=Closure.objects.get(pk=report.closure_id), now=now, actor=actor)

    assert Client().login(username="back", password="secret back")
    assert night(report.due_at) == {"accounts": 0, "partial": 0, "reopened": 0}
    with pytest.raises(NotCancellable, match=r"closure\.status"):
        cancel_closure(closure=Closure.objects.get(pk=report.closure_id), now=now, actor=actor)


def test_an_account_reopened_by_staff_resets_its_clock(now: datetime, actor: Actor) -> None:
    rules(after="P3M")
    user = plant("again")
    first = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    users().filter(pk=user.pk).update(is_active=True)
    month_later = now + timedelta(days=30)

    second = close_account(user=users().get(pk=user.pk), mandate=BY_PASSWORD, now=month_later, actor=actor)

    assert second.closure_id != first.closure_id
    assert second.due_at > first.due_at
    assert night(first.due_at)["accounts"] == 0


def test_closing_twice_goes_on_with_the_first(now: datetime, actor: Actor) -> None:
    rules(after="P3M")
    user = plant("twice")
    first = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    second = close_account(user=user, mandate=BY_PASSWORD, now=now + timedelta(days=3), actor=actor)
    assert (first.closure_id, first.due_at) == (second.closure_id, second.due_at)
    assert Closure.objects.count() == 1


def test_an_erased_person_is_in_no_closure_they_took_back_before(now: datetime, actor: Actor) -> None:
    rules(after="P3M")
    user = plant("wavers")
    first = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    cancel_closure(closure=Closure.objects.get(pk=first.closure_id), now=now, actor=actor)
    rules(after="P0D")
    assert close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor).status == "done"
    assert set(Closure.objects.values_list("status", "subject_key")) == {("cancelled", ""), ("done", "")}


def test_a_list_of_accounts_that_gets_time_leaves_reopened_ones_open_until_the_rule_names_them_anew(
    now: datetime,
) -> None:
    rules(after="P3M")
    asleep = users().filter(pk=plant("asleep").pk)
    by_rule = Mandate("retention", "retention")
    assert close_accounts(users=asleep, mandate=by_rule, now=now, actor=NIGHT)["scheduled"] == 1
    assert not asleep.get().is_active
    later = now + timedelta(days=30)
    assert close_accounts(users=asleep, mandate=by_rule, now=later, actor=NIGHT)["scheduled"] == 1
    first = Closure.objects.get()
    asleep.update(is_active=True)

    assert close_accounts(users=asleep, mandate=by_rule, now=later, actor=NIGHT)["scheduled"] == 1

    assert Closure.objects.get(pk=first.pk).status == "cancelled"
    assert Closure.objects.get(status="scheduled").closed_at == later


def test_identity_must_be_confirmed_where_the_profile_says_so(now: datetime, actor: Actor) -> None:
    """CPT-8-3: a session alone may belong to a thief."""
    rules(identity="must", route=["self", "written"])
    user = plant("thief")
    with pytest.raises(MandateTooWeak, match=r"mandate\.verified_by"):
        close_account(user=user, mandate=Mandate("member", "page", "session"), now=now, actor=actor)
    assert not Closure.objects.exists()
    assert close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor).status == "done"


def test_where_closing_means_writing_in_the_page_may_not_close(now: datetime, actor: Actor) -> None:
    """CPT-8-1."""
    rules(route=["written"])
    user = plant("writes")
    with pytest.raises(MandateTooWeak, match=r"mandate\.channel"):
        close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    by_staff = Mandate("staff", "admin", "document")
    assert close_account(user=user, mandate=by_staff, now=now, actor=actor).status == "done"


class TestTakeOver:
    @pytest.fixture(autouse=True)
    def _rule(self, settings: Any) -> None:
        settings.PRIVACY = {
            **settings.PRIVACY,
            "CLOSED_ACCOUNTS": {
                "filter": {"is_active": False, "customer__closed_at__isnull": False},
                "closed_at": "customer.closed_at",
            },
        }

    def close_by_site(self, user: Any, moment: datetime) -> None:
        users().filter(pk=user.pk).update(is_active=False)
        host.Customer.objects.filter(user=user).update(closed_at=moment)

    def test_accounts_that_the_site_closed_go_and_suspended_ones_stay(self, now: datetime) -> None:
        closed, suspended = plant("closed"), plant("suspended")
        self.close_by_site(closed, now - timedelta(days=200))
        users().filter(pk=suspended.pk).update(is_active=False)

        assert take_over_closed(now=now, actor=NIGHT, dry_run=True) == {"taken": 1, "undated": 0}
        assert take_over_closed(now=now, actor=NIGHT) == {"taken": 1, "undated": 0}
        assert night(now)["accounts"] == 1

        assert not users().filter(pk=closed.pk).exists()
        assert users().filter(pk=suspended.pk).exists()
        assert take_over_closed(now=now, actor=NIGHT) == {"taken": 0, "undated": 0}

    def test_the_delay_counts_from_the_day_the_site_closed_it(self, now: datetime) -> None:
        rules(after="P3M")
        user = plant("dated")
        self.close_by_site(user, now - timedelta(days=60))
        take_over_closed(now=now, actor=NIGHT)
        closure = Closure.objects.get()
        assert (closure.closed_at, closure.status) == (now - timedelta(days=60), "scheduled")
        assert night(now)["accounts"] == 0
        assert night(now + timedelta(days=40))["accounts"] == 1

    def test_an_account_the_site_reopened_is_taken_back_and_closed_anew_later(self, now: datetime) -> None:
        rules(after="P3M")
        user = plant("reopened")
        self.close_by_site(user, now - timedelta(days=60))
        take_over_closed(now=now, actor=NIGHT)
        host.Customer.objects.filter(user=user).update(closed_at=now - timedelta(days=1))

        assert review_waiting(now=now, actor=NIGHT) == 1
        take_over_closed(now=now, actor=NIGHT)

        assert Closure.objects.get(status="scheduled").closed_at == now - timedelta(days=1)
        users().filter(pk=user.pk).update(is_active=True)
        assert review_waiting(now=now, actor=NIGHT) == 1
        assert not Closure.objects.filter(status="scheduled").exists()

    def test_the_fingerprint_changes_with_the_filter(self, settings: Any) -> None:
        before = take_over_fingerprint()
        settings.PRIVACY = {
            **settings.PRIVACY,
            "CLOSED_ACCOUNTS": {"filter": {"is_active": False}, "closed_at": "customer.closed_at"},
        }
        assert before != take_over_fingerprint() != ""

    def test_taking_over_costs_queries_by_batch_not_by_account(self, now: datetime) -> None:
        def queries_for(*names: str) -> int:
            for name in names:
                self.close_by_site(plant(name, orders=0), now)
            with CaptureQueriesContext(connection) as queries:
                assert take_over_closed(now=now, actor=NIGHT)["taken"] == len(names)
            return len(queries)

        assert queries_for("one", "two") == queries_for(*(f"row{number}" for number in range(12)))


def test_closing_500_of_2000_members_takes_queries_by_models_and_batches(
    now: datetime, settings: Any, at_full_pace: None
) -> None:
    """Must show: set-based from the start."""
    settings.PRIVACY = {**settings.PRIVACY, "BATCH_SIZE": 100}
    members = users().bulk_create(
        [get_user_model()(username=f"m{n}", email=f"m{n}@example.org", password="!") for n in range(2000)]
    )
    host.Customer.objects.bulk_create(host.Customer(user=user, display_name=user.username) for user in members)
    host.Order.objects.bulk_create(
        host.Order(customer=user, number=f"{user.pk}-{n}", address="x", total=1, placed_at=now)
        for user in members
        for n in range(3)
    )
    host.PageView.objects.bulk_create(
        host.PageView(user=user, path="/", viewed_at=now) for user in members for _ in range(5)
    )

    def close(count: int, start: int) -> int:
        Closure.objects.bulk_create(
            Closure(
                subject_key=str(user.pk), pseudonym="p", channel="command", closed_at=now, due_at=now, status="planned"
            )
            for user in members[start : start + count]
        )
        with CaptureQueriesContext(connection) as queries:
            assert night(now)["accounts"] == count
        return len(queries)

    one_batch = close(100, 0)
    five_batches = close(500, 100)

    models = 24
    assert one_batch <= models * 14
    assert five_batches <= one_batch * 5
    assert users().count() == 1401
    assert host.Order.objects.filter(customer__isnull=True, address="").count() == 1800
    assert not Captured.objects.exists()


def test_after_closing_1000_people_no_immutable_row_holds_a_key_or_value_of_any(now: datetime) -> None:
    """Must show, Evidence."""
    members = users().bulk_create(
        [
            get_user_model()(pk=7_000_000 + n, username=f"zq{n}xv", email=f"zq{n}xv@example.org", password="!")
            for n in range(1000)
        ]
    )
    Closure.objects.bulk_create(
        Closure(subject_key=str(u.pk), pseudonym="p", channel="command", closed_at=now, due_at=now, status="planned")
        for u in members
    )
    told_before = [
        Draft("disposal.cancelled", "auth.User", subject=str(user.pk), details={"name": user.username})
        for user in members[:500]
    ]
    record_many(drafts=told_before, now=now, actor=NIGHT)
    for user in members[500:510]:
        record(act="disposal.cancelled", label="auth.User", now=now, actor=Actor.member(user))
    before = EvidenceEntry.objects.count()

    assert night(now)["accounts"] == 1000

    entries = EvidenceEntry.objects.all()
    assert entries.filter(act="disposal.account_erased").count() == 1000
    assert entries.count() >= before + 1000
    told = [" ".join(map(str, row)) for row in entries.values_list("act", "label", "counts", "commitment")]
    assert not [line for line in told if "zq" in line and "xv" in line]
    keys = {str(user.pk) for user in members}
    assert not [line for line in told if keys & set(line.replace(":", " ").replace("}", " ").split())]
    assert not EvidenceDetail.objects.filter(subject_key__in=keys).exists()
    assert not EvidenceDetail.objects.filter(actor_key__in=keys).exists()
    assert not EvidenceDetail.objects.filter(content__contains="xv").exists()


def test_deleting_a_user_never_fails_on_our_tables(now: datetime, actor: Actor) -> None:
    """Must show, Evidence: no table of ours points at the user."""
    rules(after="P3M")
    user = users().create_user("plain", password="secret")
    Client().force_login(user)
    close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    users().filter(pk=user.pk)._raw_delete("default")
    assert night(now + timedelta(days=200))["accounts"] == 1, Closure.objects.get().errors


def test_a_large_account_is_cut_off_and_left_to_a_task(now: datetime, actor: Actor, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "CLOSE_IN_REQUEST_ROWS": 3}
    user = plant("large")
    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    assert report.status == "cut_off"
    assert users().filter(pk=user.pk).exists()
    closure = Closure.objects.get()
    assert run_closure(closure=closure, now=now, actor=actor).status == "done"
    with pytest.raises(WrongState, match="closure"):
        run_closure(closure=closure, now=now, actor=actor)


def test_the_preview_counts_what_the_run_then_does(now: datetime, actor: Actor) -> None:
    user = plant("counted")
    plan = preview_account(user=user, now=now)
    assert plan.blockers == ()
    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    planned = {(step.model, step.action): (step.rows, step.files) for step in plan.steps}
    # Sessions end with the cut-off, before the plan runs.
    assert planned.pop(("privacy.SessionIndex", "delete")) == (1, 0)
    done = {(step.model, step.action): (step.rows, step.files) for step in report.steps}
    assert planned == done
    assert plan.kept == report.kept


class TestCommand:
    def run(self, *words: str) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command("privacy_close", *words, stdout=out)
        except SystemExit as end:
            return int(end.code or 0), out.getvalue()
        except CommandError as error:
            return error.returncode, str(error)
        return 0, out.getvalue()

    def test_json_holds_the_report_and_nothing_else(self) -> None:
        import json

        plant("shell")
        code, out = self.run("shell", "--dry-run", "--json")
        assert (code, json.loads(out)["status"]) == (0, "preview")
        code, out = self.run("shell", "--json")
        report = json.loads(out)
        assert (code, report["status"], report["errors"]) == (0, "done", [])
        assert set(report) >= {"subject", "status", "steps", "kept", "errors"}
        assert set(report["steps"][0]) == {"model", "action", "rows", "files"}
        assert set(report["kept"][0]) == {"model", "rows", "ground", "until"}
        assert "shell" not in out

    def test_an_unknown_user_exits_1_without_repeating_the_word(self) -> None:
        code, out = self.run("no-such-person")
        assert code == 1
        assert "no-such-person" not in out
        assert "pk:" in out

    def test_a_partial_closure_exits_1(self) -> None:
        from privacy.datamap.registry import registry

        user = plant("stuck")
        registry.withdraw(host.Comment)
        code, out = self.run(f"pk:{user.pk}")
        assert code == 1
        assert "host.Comment.author" in out
