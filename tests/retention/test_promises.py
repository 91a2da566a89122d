"""The live checks in pairs: a planted breach is broken, its mending kept, no data cannot tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from privacy import Anonymise, Delete, Expire, Keep, PersonalData, Shorten
from privacy.core.actors import Actor
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Finding, Promised, Status, live_checks
from privacy.datamap.registry import registry
from privacy.promises.models import ProfileTable
from privacy.retention.models import Schedule
from privacy.retention.services import change_period, pause_schedule, resume_schedule, run_night, sync_schedules
from tests.host.models import NewsletterContact, Order, PageView
from tests.host.privacy import NewsletterContactData, OrderData, PageViewData
from tests.retention.conftest import NIGHT, Step, view
from tests.retention.test_schedules import DELETE, SHORTEN, promise, schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("schedules", "approved")]

NAMES = (
    "retention.every_category_has_a_rule",
    "retention.nothing_over_its_end",
    "retention.every_rule_ends",
    "retention.addresses_shortened",
    "retention.kept_rows_have_end",
    "retention.after_periods_reasoned",
)


def ask(name: str, now: datetime, **params: Any) -> Finding:
    promised = Promised(code="X-1", clause="§1", says="it is so", params=params)
    return live_checks.get(f"retention.{name}").run(CheckContext(now=now, promise=promised))


def status(name: str, now: datetime, **params: Any) -> Status:
    return ask(name, now, **params).status


def night(now: datetime) -> None:
    assert run_night(now=now, actor=NIGHT).status == "done"


@pytest.fixture
def nothing_declared(now: datetime) -> None:
    for model in registry.declarations():
        registry.withdraw(model)
    sync_schedules(now=now, actor=NIGHT)


def redeclare(model: Any, base: type[PersonalData], now: datetime, **changes: Any) -> None:
    registry.withdraw(model)
    registry.declare(model, type(base.__name__, (base,), changes))
    sync_schedules(now=now, actor=NIGHT)


@pytest.mark.usefixtures("nothing_declared")
@pytest.mark.parametrize("name", NAMES)
def test_without_a_declaration_no_check_can_tell(name: str, now: datetime) -> None:
    assert status(name.removeprefix("retention."), now) == Status.CANNOT_TELL


class TestFloor:
    """What must be kept for a time is not looked ahead to."""

    @pytest.fixture
    def kept_for_a_week(self, now: datetime, actor: Actor) -> PageView:
        promise("P7D", "floor")
        change_period(schedule=schedule(DELETE), period=Period.parse("P7D"), now=now, actor=actor)
        return view(now - timedelta(days=7) + timedelta(hours=1))

    def test_a_row_under_a_floor_stays_its_whole_time_and_goes_in_a_night_after_it(
        self, now: datetime, kept_for_a_week: PageView
    ) -> None:
        night(now)
        assert PageView.objects.exists()
        for hours in (2, 14):  # its week is over, and no night could have taken it yet
            assert status("nothing_over_its_end", now + timedelta(hours=hours)) != Status.BROKEN
        night(now + timedelta(days=1))
        assert status("nothing_over_its_end", now + timedelta(days=1, hours=14)) != Status.BROKEN
        night(now + timedelta(days=2))
        assert not PageView.objects.exists()

    def test_a_ceiling_that_crosses_the_floor_holds(self, now: datetime, kept_for_a_week: PageView) -> None:
        promise("P7D", "ceiling")
        night(now)
        assert not PageView.objects.exists()


class TestNothingOverItsEnd:
    def test_a_night_that_ran_while_the_clock_was_ahead_proves_nothing_later(self, now: datetime) -> None:
        night(now + timedelta(days=4000))
        view(now)
        assert status("nothing_over_its_end", now) == Status.CANNOT_TELL
        night(now)
        assert status("nothing_over_its_end", now) == Status.KEPT
        assert status("nothing_over_its_end", now + timedelta(days=3)) == Status.BROKEN

    def test_a_row_past_its_end_breaks_it_and_the_night_mends_it(self, now: datetime) -> None:
        view(now - timedelta(days=500))
        found = ask("nothing_over_its_end", now)
        assert found.status == Status.BROKEN
        assert DELETE in found.why
        night(now)
        events = {"categories": ["events"]}
        assert status("nothing_over_its_end", now, **events) == Status.CANNOT_TELL  # no row is left to speak of
        view(now)
        assert status("nothing_over_its_end", now) == Status.KEPT

    def test_one_row_is_told_in_the_singular(self, now: datetime) -> None:
        view(now - timedelta(days=120))
        assert ask("nothing_over_its_end", now).why.startswith("1 row is past its end, under: ")

    def test_a_category_beside_the_bound_one_is_held_to_the_promised_figure_too(self, now: datetime) -> None:
        """HVR-11-4 binds events as a setting, and speaks of mail events as well."""
        view(now)
        night(now)
        promised = Promised("X-1", "§1", "it is so", figure="P13M", bound="ceiling", params={"categories": ["events"]})
        check = live_checks.get("retention.nothing_over_its_end")
        assert check.run(CheckContext(now, promised)).status == Status.KEPT
        change_period(schedule=schedule(DELETE), period=Period(months=14), now=now, actor=NIGHT)
        found = check.run(CheckContext(now, promised))
        assert (found.status, DELETE in found.why, SHORTEN in found.why) == (Status.BROKEN, True, False)
        change_period(schedule=schedule(DELETE), period=Period(months=13), now=now, actor=NIGHT)
        assert check.run(CheckContext(now, promised)).status == Status.KEPT

    def test_a_missed_night_breaks_it_even_when_nothing_is_over(self, now: datetime) -> None:
        view(now)
        assert status("nothing_over_its_end", now) == Status.CANNOT_TELL
        night(now)
        assert status("nothing_over_its_end", now + timedelta(hours=12)) == Status.KEPT
        assert status("nothing_over_its_end", now + timedelta(days=2)) == Status.BROKEN
        night(now + timedelta(days=2))
        assert status("nothing_over_its_end", now + timedelta(days=2)) == Status.KEPT

    def test_a_night_that_only_previewed_or_failed_does_not_count(self, now: datetime) -> None:
        view(now)
        run_night(now=now, actor=NIGHT, dry_run=True)
        assert status("nothing_over_its_end", now) == Status.CANNOT_TELL

    def test_a_failing_step_of_another_room_does_not_break_it(self, now: datetime) -> None:
        view(now)

        def does(context: Any) -> Any:
            raise RuntimeError

        Step("test.bad", does=does).add()
        assert run_night(now=now, actor=NIGHT).status == "failed"
        assert status("nothing_over_its_end", now) == Status.KEPT

    def test_a_paused_schedule_breaks_it_when_a_row_is_over(self, now: datetime, actor: Actor) -> None:
        row = view(now)
        night(now)
        pause_schedule(schedule=schedule(), now=now, actor=actor)
        assert status("nothing_over_its_end", now) == Status.KEPT
        PageView.objects.filter(pk=row.pk).update(viewed_at=now - timedelta(days=500), ip=None)
        assert status("nothing_over_its_end", now) == Status.BROKEN

    def test_it_can_be_asked_for_some_categories(self, now: datetime) -> None:
        view(now - timedelta(days=500))
        assert status("nothing_over_its_end", now, categories=["purchases"]) == Status.CANNOT_TELL
        assert status("nothing_over_its_end", now, categories=["events"]) == Status.BROKEN

    def test_a_broken_declaration_breaks_it(self, now: datetime) -> None:
        redeclare(PageView, PageViewData, now, expires="P1M from nowhere")
        view(now)
        assert status("nothing_over_its_end", now) == Status.BROKEN

    def test_it_counts_once_a_schedule_whatever_the_rows(
        self, now: datetime, django_assert_max_num_queries: Any
    ) -> None:
        PageView.objects.bulk_create(
            PageView(ip="203.0.113.7", path="/", viewed_at=now - timedelta(days=500)) for _ in range(500)
        )
        with django_assert_max_num_queries(4 * Schedule.objects.count()):
            assert ask("nothing_over_its_end", now).figure == "1000"


class TestEveryCategoryHasARule:
    def test_an_address_without_an_account_needs_an_end(self, now: datetime) -> None:
        found = ask("every_category_has_a_rule", now)
        assert (found.status, "newsletter" in found.why) == (Status.BROKEN, True)
        redeclare(NewsletterContact, NewsletterContactData, now, expires="P2Y from joined_at")
        assert status("every_category_has_a_rule", now) == Status.KEPT


class TestEveryRuleEnds:
    @pytest.fixture(autouse=True)
    def _all_end(self, now: datetime) -> None:
        redeclare(NewsletterContact, NewsletterContactData, now, expires="P2Y from joined_at")

    def test_a_paused_schedule_ends_nothing(self, now: datetime, actor: Actor) -> None:
        assert status("every_rule_ends", now) == Status.KEPT
        paused = pause_schedule(schedule=schedule(), now=now, actor=actor)
        assert status("every_rule_ends", now) == Status.BROKEN
        resume_schedule(schedule=paused, now=now, actor=actor)
        assert status("every_rule_ends", now) == Status.KEPT

    def test_a_declared_end_that_never_became_a_schedule_ends_nothing(self, now: datetime) -> None:
        Schedule.objects.filter(name=DELETE).delete()
        assert status("every_rule_ends", now) == Status.BROKEN
        sync_schedules(now=now, actor=NIGHT)
        assert status("every_rule_ends", now) == Status.KEPT


class TestAddressesShortened:
    def test_a_full_address_past_its_delay_breaks_it_and_the_night_mends_it(self, now: datetime) -> None:
        view(now - timedelta(days=40))
        assert status("addresses_shortened", now) == Status.BROKEN
        night(now)
        assert status("addresses_shortened", now) == Status.KEPT

    def test_an_address_that_nothing_shortens_breaks_it(self, now: datetime) -> None:
        redeclare(PageView, PageViewData, now, expires=Expire("P30D from viewed_at", Anonymise(user_agent="")))
        found = ask("addresses_shortened", now)
        assert (found.status, "host.PageView.ip" in found.why) == (Status.BROKEN, True)

    def test_rows_that_are_deleted_take_their_address_along(self, now: datetime) -> None:
        redeclare(PageView, PageViewData, now, expires=Expire("P30D from viewed_at", Delete()))
        assert status("addresses_shortened", now) == Status.CANNOT_TELL
        redeclare(PageView, PageViewData, now, expires=Expire("P30D from viewed_at", Anonymise(ip=Shorten())))
        view(now)
        night(now)
        assert status("addresses_shortened", now) == Status.KEPT


def order(placed_at: datetime) -> Order:
    return Order.objects.create(number=str(Order.objects.count()), total=1, placed_at=placed_at)


class TestKeptRowsHaveEnd:
    def test_a_kept_row_past_its_ground_breaks_it_and_the_night_removes_it(self, now: datetime) -> None:
        order(now - timedelta(days=366 * 11))
        order(now)
        assert status("kept_rows_have_end", now) == Status.BROKEN
        night(now)
        assert Order.objects.count() == 1
        assert status("kept_rows_have_end", now) == Status.KEPT

    def test_a_ground_that_the_text_does_not_name_breaks_it(self, now: datetime) -> None:
        order(now)
        night(now)
        table = ProfileTable.objects.create(name="retention", table={"grounds": ["fraud"]})
        assert status("kept_rows_have_end", now) == Status.BROKEN
        table.table = {"grounds": ["fraud", "law"]}
        table.save()
        assert status("kept_rows_have_end", now) == Status.KEPT


class TestAfterPeriodsReasoned:
    def test_an_exception_needs_a_reason_among_those_of_the_text(self, now: datetime) -> None:
        assert status("after_periods_reasoned", now) == Status.KEPT
        assert status("after_periods_reasoned", now, grounds=["claims"]) == Status.BROKEN
        assert status("after_periods_reasoned", now, grounds=["Tax Law", "to prove"]) == Status.KEPT
        assert status("after_periods_reasoned", now, grounds=["ax"]) == Status.BROKEN

    def test_an_exception_without_a_word_of_reason_breaks_it(self, now: datetime) -> None:
        redeclare(Order, OrderData, now, fields={"total": Keep(" ", until="P10Y from placed_at")})
        assert status("after_periods_reasoned", now) == Status.BROKEN


def test_the_night_needs_queries_by_schedules_and_windows_and_not_by_rows(
    now: datetime, settings: Any, actor: Actor
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    settings.PRIVACY = {**settings.PRIVACY, "WINDOW_ROWS": 1000}

    def queries(rows: int) -> int:
        PageView.objects.bulk_create(
            PageView(ip="203.0.113.7", path="/", viewed_at=now - timedelta(days=500, seconds=second))
            for second in range(rows)
        )
        with CaptureQueriesContext(
            connection,
        ) as captured:
            run_night(now=now, actor=NIGHT)
        assert not PageView.objects.exists()
        return len(captured)

    queries(1)  # the first night of all has no earlier one to look back to
    few, many, two_windows = queries(10), queries(900), queries(1900)
    assert few == many
    assert many < two_windows < many + 15


def test_shortening_comes_after_deleting(now: datetime, actor: Actor) -> None:
    change_period(schedule=schedule(SHORTEN), period=Period.parse("P1D"), now=now, actor=actor)
    view(now - timedelta(days=500))
    night(now)
    assert not QuerySet(PageView).exists()
