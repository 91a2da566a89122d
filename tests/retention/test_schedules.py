from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from privacy import Anonymise, Expire, Shorten
from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.periods import InvalidPeriod, Period
from privacy.core.registries import providers
from privacy.datamap.registry import registry
from privacy.evidence.models import EvidenceEntry
from privacy.promises.models import ProfileTable, Promise
from privacy.promises.services import WeakerThanPromised
from privacy.retention.ending import Rulebook, periods_in_force, preview
from privacy.retention.forms import ScheduleForm
from privacy.retention.models import Schedule
from privacy.retention.services import (
    KeepIsDeclared,
    ScheduleWithdrawn,
    change_period,
    pause_schedule,
    resume_schedule,
    sync_schedules,
)
from tests.host.models import Order, PageView
from tests.host.privacy import PageViewData

pytestmark = pytest.mark.django_db

DELETE, SHORTEN, TOTAL = "host.PageView:viewed_at:delete", "host.PageView:viewed_at:anonymise", "host.Order:keep:total"


def promise(figure: str, bound: str = "ceiling", setting: str = "retention.events", clause: str = "§11") -> Promise:
    return Promise.objects.create(
        position=Promise.objects.count() + 1,
        code=f"X-{Promise.objects.count() + 1}",
        clause=clause,
        kind="duty",
        says="event data goes",
        checks=["retention.nothing_over_its_end"],
        figure=figure,
        bound=bound,
        setting=setting,
    )


def redeclare(**changes: Any) -> None:
    registry.withdraw(PageView)
    if changes:
        registry.declare(PageView, type("PageViewData", (PageViewData,), changes))


def schedule(name: str = DELETE) -> Schedule:
    return Schedule.objects.get(name=name)


@pytest.mark.usefixtures("schedules")
class TestSync:
    def test_each_declared_end_of_life_gets_a_schedule(self) -> None:
        deleting, shortening, keeping = schedule(DELETE), schedule(SHORTEN), schedule(TOTAL)
        assert (deleting.kind, deleting.period, deleting.category) == ("expiry", "P13M", "events")
        assert (shortening.action, shortening.period) == ("anonymise", "P30D")
        assert (keeping.kind, keeping.period, keeping.ground) == ("keep", "P10Y", "tax law, 10 years")

    def test_an_exception_looks_ahead_to_rows_that_outlived_their_person_and_to_no_other(self, now: datetime) -> None:
        member = get_user_model().objects.create_user("member")
        order = Order.objects.create(customer=member, number="1", total=20, placed_at=now)
        assert preview(schedule(TOTAL), now).next_end is None
        Order.objects.filter(pk=order.pk).update(customer=None)
        assert preview(schedule(TOTAL), now).next_end == Period.parse("P10Y").end(now, settings.calendar)

    def test_a_second_look_changes_nothing(self, now: datetime, actor: Actor) -> None:
        before = list(Schedule.objects.values())
        report = sync_schedules(now=now, actor=actor)
        assert (report.created, report.changed, report.withdrawn) == (0, 0, 0)
        assert list(Schedule.objects.values()) == before

    def test_a_changed_declaration_is_followed_by_a_schedule_that_nobody_edited(
        self, now: datetime, actor: Actor
    ) -> None:
        redeclare(expires=(Expire("P7D from viewed_at", Anonymise(ip=Shorten())), "P6M from viewed_at"))
        assert sync_schedules(now=now, actor=actor).changed == 2
        assert (schedule(DELETE).period, schedule(SHORTEN).period) == ("P6M", "P7D")

    def test_an_edited_period_survives_a_changed_declaration(self, now: datetime, actor: Actor) -> None:
        change_period(schedule=schedule(), period=Period.parse("P3M"), now=now, actor=actor)
        redeclare(expires=("P6M from viewed_at",))
        sync_schedules(now=now, actor=actor)
        assert (schedule().declared, schedule().period, schedule().edited) == ("P6M", "P3M", True)

    def test_an_edited_period_that_a_new_promise_forbids_falls_back_and_says_so(
        self, now: datetime, actor: Actor
    ) -> None:
        change_period(schedule=schedule(), period=Period.parse("P12M"), now=now, actor=actor)
        redeclare(expires=("P3M from viewed_at",))
        promise("P6M")
        assert sync_schedules(now=now, actor=actor).reset == 1
        assert (schedule().period, schedule().edited) == ("P3M", False)
        assert EvidenceEntry.objects.filter(act="retention.period_reset", label=DELETE).count() == 1

    def test_a_declaration_that_is_taken_back_withdraws_its_schedule_and_may_return(
        self, now: datetime, actor: Actor
    ) -> None:
        change_period(schedule=schedule(), period=Period.parse("P3M"), now=now, actor=actor)
        redeclare(expires=())
        assert sync_schedules(now=now, actor=actor).withdrawn == 2
        assert schedule().withdrawn_at == now
        with pytest.raises(ScheduleWithdrawn, match="declaration is gone"):
            change_period(schedule=schedule(), period=Period.parse("P1M"), now=now, actor=actor)
        redeclare(expires=("P13M from viewed_at",))
        assert sync_schedules(now=now, actor=actor).returned == 1
        assert (schedule().withdrawn_at, schedule().period) == (None, "P3M")

    def test_a_broken_declaration_withdraws_nothing(self, now: datetime, actor: Actor) -> None:
        redeclare(expires=("P13M from nowhere",))
        assert sync_schedules(now=now, actor=actor).withdrawn == 0
        assert schedule().withdrawn_at is None

    def test_a_dry_run_only_counts(self, now: datetime, actor: Actor) -> None:
        Schedule.objects.all().delete()
        assert sync_schedules(now=now, actor=actor, dry_run=True).created > 2
        assert not Schedule.objects.exists()

    def test_the_profiles_own_period_is_followed_where_it_ends_sooner(self, now: datetime, actor: Actor) -> None:
        ProfileTable.objects.create(name="retention", table={"periods": {"events": "P2M"}})
        sync_schedules(now=now, actor=actor)
        assert (schedule(DELETE).period, schedule(SHORTEN).period) == ("P2M", "P30D")


@pytest.mark.usefixtures("schedules")
class TestEditing:
    @pytest.mark.parametrize("period", ["P30D", "P31D", "P2M", "P5W", "P1Y"])
    def test_what_may_last_longer_than_a_ceiling_of_a_month_is_refused(
        self, period: str, now: datetime, actor: Actor
    ) -> None:
        promise("P1M", clause="§10")
        with pytest.raises(WeakerThanPromised, match="§10"):
            change_period(schedule=schedule(), period=Period.parse(period), now=now, actor=actor)
        assert schedule().period == "P13M"
        assert not EvidenceEntry.objects.filter(act="retention.period_changed").exists()

    @pytest.mark.parametrize("period", ["P1M", "P28D", "P4W", "PT72H", "P0D"])
    def test_what_never_lasts_longer_than_a_month_is_taken(self, period: str, now: datetime, actor: Actor) -> None:
        promise("P1M")
        changed = change_period(schedule=schedule(), period=Period.parse(period), now=now, actor=actor)
        assert (changed.span, changed.edited) == (Period.parse(period), True)

    @pytest.mark.parametrize(("period", "taken"), [("P30D", False), ("P1M", True), ("P31D", True), ("P13M", True)])
    def test_a_floor_refuses_what_may_be_shorter(self, period: str, taken: bool, now: datetime, actor: Actor) -> None:
        promise("P1M", "floor")
        if taken:
            change_period(schedule=schedule(), period=Period.parse(period), now=now, actor=actor)
        else:
            with pytest.raises(WeakerThanPromised):
                change_period(schedule=schedule(), period=Period.parse(period), now=now, actor=actor)

    def test_a_change_is_in_the_evidence_with_both_periods(self, now: datetime, actor: Actor) -> None:
        change_period(schedule=schedule(), period=Period.parse("P3M"), now=now, actor=actor)
        entry = EvidenceEntry.objects.get(act="retention.period_changed")
        assert entry.label == f"{DELETE}: P13M → P3M"

    def test_going_back_to_the_declared_period_follows_the_declaration_again(self, now: datetime, actor: Actor) -> None:
        change_period(schedule=schedule(), period=Period.parse("P3M"), now=now, actor=actor)
        change_period(schedule=schedule(), period=Period.parse("P13M"), now=now, actor=actor)
        assert not schedule().edited

    def test_the_end_of_an_exception_is_declared_with_its_ground(self, now: datetime, actor: Actor) -> None:
        with pytest.raises(KeepIsDeclared, match="ground"):
            change_period(schedule=schedule(TOTAL), period=Period.parse("P5Y"), now=now, actor=actor)

    def test_pausing_and_resuming_are_in_the_evidence_once(self, now: datetime, actor: Actor) -> None:
        for _ in range(2):
            pause_schedule(schedule=schedule(), now=now, actor=actor)
        assert schedule().paused
        resume_schedule(schedule=schedule(), now=now, actor=actor)
        acts = EvidenceEntry.objects.filter(label=DELETE).order_by("pk").values_list("act", flat=True)
        assert list(acts) == ["retention.schedule_paused", "retention.schedule_resumed"]

    @pytest.mark.parametrize("typed", ["a month", "30", "P1M from now", ""])
    def test_the_form_refuses_what_is_no_period(self, typed: str, now: datetime) -> None:
        form = ScheduleForm({"period": typed}, instance=schedule(), now=now)
        assert not form.is_valid()
        assert form.errors["period"]

    def test_the_form_names_the_clause_that_forbids_a_period(self, now: datetime) -> None:
        promise("P1M", clause="§10")
        form = ScheduleForm({"period": "P30D"}, instance=schedule(), now=now)
        assert not form.is_valid()
        assert "§10" in form.errors["period"][0]

    def test_the_form_takes_small_letters(self, now: datetime) -> None:
        form = ScheduleForm({"period": " p3m "}, instance=schedule(), now=now)
        assert form.is_valid()
        assert form.chosen == Period.parse("P3M")


@pytest.mark.usefixtures("schedules")
class TestInForce:
    def test_a_declared_period_weaker_than_the_promise_never_goes_past_the_ceiling(self, now: datetime) -> None:
        promise("P12M")
        assert Rulebook(now).period(schedule()) == Period.parse("P12M")
        assert Rulebook(now).period(schedule(SHORTEN)) == Period.parse("P30D")

    def test_a_floor_lengthens_what_is_too_short(self, now: datetime) -> None:
        promise("P3M", "floor")
        assert Rulebook(now).period(schedule(SHORTEN)) == Period.parse("P3M")

    def test_an_exception_goes_by_its_ground_and_not_by_the_category(self, now: datetime) -> None:
        promise("P1M", setting="retention.purchases")
        assert Rulebook(now).period(schedule(TOTAL)) == Period.parse("P10Y")

    def test_a_profile_is_compared_with_the_periods_that_an_admin_chose(self, now: datetime, actor: Actor) -> None:
        in_force = providers.get("in_force.retention")
        assert in_force(setting="retention.events") == []
        change_period(schedule=schedule(), period=Period.parse("P3M"), now=now, actor=actor)
        assert in_force(setting="retention.events") == [Period.parse("P3M")]
        assert in_force(setting="retention.purchases") == []

    def test_pages_learn_the_period_by_the_declared_name(self, now: datetime, actor: Actor) -> None:
        change_period(schedule=schedule(), period=Period.parse("P3M"), now=now, actor=actor)
        assert periods_in_force(now)["host.PageView:viewed_at:P13M"] == Period.parse("P3M")


@pytest.mark.usefixtures("schedules")
class TestConstraints:
    def test_one_schedule_a_name(self, now: datetime) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Schedule.objects.create(
                name=DELETE, declared="P1M", period="P1M", synced_at=now, kind="expiry", action="delete"
            )

    @pytest.mark.parametrize("values", [{"kind": "never"}, {"action": "hide"}, {"period": ""}])
    def test_a_schedule_is_of_a_known_kind_and_has_a_period(self, values: dict[str, str]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Schedule.objects.filter(name=DELETE).update(**values)

    def test_a_schedule_without_a_period_is_told_in_words(self) -> None:
        found = schedule()
        found.period = ""
        with pytest.raises(ValidationError, match="nothing is kept for ever"):
            found.validate_constraints()

    def test_a_schedule_says_what_it_is_without_a_person(self) -> None:
        assert str(schedule()) == DELETE


def test_a_period_that_cannot_be_read_names_the_schedule(now: datetime) -> None:
    broken = Schedule(name=DELETE, period="soon")
    with pytest.raises(InvalidPeriod, match=DELETE):
        _ = broken.span


def test_two_expiries_alike_get_two_schedules(now: datetime, actor: Actor) -> None:
    redeclare(expires=("P13M from viewed_at", "P12M from viewed_at"))
    sync_schedules(now=now, actor=actor)
    assert set(Schedule.objects.declared().filter(model="host.PageView").values_list("name", "period")) == {
        (DELETE, "P13M"),
        (f"{DELETE}:2", "P1Y"),
    }
