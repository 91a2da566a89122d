"""Copies elsewhere enter the register, change their facts, and end by a person's word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from privacy.backups import services
from privacy.backups.models import RegisteredCopy
from privacy.backups.services import AlreadyConfirmed, UnknownCopy, WrongCopies
from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from tests.backups.conftest import COPY, RULE

pytestmark = pytest.mark.django_db
Declare = Callable[..., Path]
Register = Callable[..., None]


def test_a_single_copy_and_a_standing_rule_are_registered_with_their_ends(
    declare: Declare, now: datetime, actor: Actor
) -> None:
    report = services.register_copies(path=declare(COPY, RULE), now=now, actor=actor)
    end = datetime(2026, 3, 24, 3, 0, tzinfo=UTC)
    assert [(line.name, line.state, line.gone_by) for line in report.copies] == [
        ("offsite", "registered", end),
        ("snapshots", "registered", None),
    ]
    single, rule = RegisteredCopy.objects.order_by("name")
    assert (single.ends_at, single.every, single.registered_at) == (end, "", now)
    assert (rule.taken_at, rule.ends_at, rule.every, rule.kept_for) == (None, None, "P1D", "P14D")


def test_the_evidence_holds_a_kind_and_a_count_for_ever_and_the_rest_for_a_time(
    register: Register, now: datetime
) -> None:
    register()
    entry = EvidenceEntry.objects.get(act__startswith="backups.")
    assert (entry.act, entry.label) == ("backups.copy_registered", "privacy.RegisteredCopy:pg_dump")
    assert entry.counts == {"backups": 1}
    detail = EvidenceDetail.objects.get(entry=entry)
    assert "the head of operations" in str(detail.content)


def test_the_same_file_twice_changes_nothing(declare: Declare, now: datetime, actor: Actor) -> None:
    for moment in (now, now + timedelta(days=1)):
        report = services.register_copies(path=declare(COPY, RULE), now=moment, actor=actor)
    assert {line.state for line in report.copies} == {"unchanged"}
    assert set(RegisteredCopy.objects.values_list("changed_at", flat=True)) == {now}
    assert EvidenceEntry.objects.filter(act__startswith="backups.").count() == 2


def test_a_period_that_is_written_otherwise_is_the_same_fact(register: Register) -> None:
    register()
    register(kept_for="P2W")
    assert EvidenceEntry.objects.filter(act="backups.copy_changed").count() == 0


def test_changed_facts_are_taken_over_and_told_with_those_before(register: Register, now: datetime) -> None:
    register()
    RegisteredCopy.objects.update(alarm="soon")
    register(kept_for="P7D", region="CH")
    copy = RegisteredCopy.objects.get()
    assert (copy.region, copy.kept_for, copy.ends_at, copy.alarm) == (
        "CH",
        "P7D",
        datetime(2026, 3, 17, 3, 0, tzinfo=UTC),
        "",
    )
    detail = EvidenceDetail.objects.get(entry__act="backups.copy_changed")
    assert "P14D" in str(detail.content)
    assert "P7D" in str(detail.content)


def test_a_rule_that_stopped_becomes_its_last_copy(register: Register, now: datetime) -> None:
    register(RULE)
    register(RULE, every=None, taken_at=now)
    copy = RegisteredCopy.objects.get()
    end = datetime(2026, 3, 30, 11, 0, tzinfo=UTC)  # noon of summer time begins an hour earlier
    assert (copy.every, copy.taken_at, copy.ends_at) == ("", now, end)


def test_what_the_file_no_longer_names_stays_until_its_end_is_confirmed(register: Register) -> None:
    register()
    register(RULE)
    assert RegisteredCopy.objects.held().count() == 2


def test_a_copy_that_is_past_its_end_already_is_registered_as_it_is(register: Register, now: datetime) -> None:
    register(kept_for="P1D")
    assert RegisteredCopy.objects.over(now).count() == 1


def test_the_end_is_confirmed_once_by_name_and_stands_in_the_evidence(
    register: Register, now: datetime, actor: Actor
) -> None:
    register()
    later = now + timedelta(days=1)
    report = services.confirm_destroyed(name="offsite", now=later, actor=actor)
    assert (report.late, report.destroyed_at) == (False, later)
    assert RegisteredCopy.objects.get().destroyed_at == later
    entry = EvidenceEntry.objects.get(act="backups.copy_destroyed")
    assert (entry.label, entry.counts) == ("privacy.RegisteredCopy:pg_dump", {"backups": 1, "late": 0})
    with pytest.raises(AlreadyConfirmed):
        services.confirm_destroyed(name="offsite", now=later, actor=actor)
    assert EvidenceEntry.objects.filter(act="backups.copy_destroyed").count() == 1


def test_a_confirmation_after_the_end_is_told_as_late_for_ever(register: Register, now: datetime, actor: Actor) -> None:
    register()
    end = datetime(2026, 3, 24, 3, 0, tzinfo=UTC)
    assert services.confirm_destroyed(name="offsite", now=end, actor=actor).late
    assert EvidenceEntry.objects.get(act="backups.copy_destroyed").counts["late"] == 1


def test_who_confirmed_stands_in_the_erasable_half_only(register: Register, now: datetime) -> None:
    register()
    clerk = get_user_model().objects.create_user("clerk", "clerk@example.org", "pw")
    services.confirm_destroyed(name="offsite", now=now, actor=Actor.staff(clerk))
    detail = EvidenceDetail.objects.get(entry__act="backups.copy_destroyed")
    assert (detail.actor_key, detail.actor_kind) == (str(clerk.pk), "staff")
    assert "the head of operations" in str(detail.content)
    row = RegisteredCopy.objects.values().get()
    assert "clerk" not in str({key: value for key, value in row.items() if key != "confirmed_by"})


def test_nobody_confirms_the_end_of_what_was_never_registered(db: None, now: datetime, actor: Actor) -> None:
    with pytest.raises(UnknownCopy) as caught:
        services.confirm_destroyed(name="ada@example.org", now=now, actor=actor)
    assert "ada" not in str(caught.value)


def test_the_file_may_go_on_naming_a_destroyed_copy_but_never_reuse_its_name(
    register: Register, declare: Declare, now: datetime, actor: Actor
) -> None:
    register()
    services.confirm_destroyed(name="offsite", now=now, actor=actor)
    report = services.register_copies(path=declare(COPY, RULE), now=now, actor=actor)
    assert [line.state for line in report.copies] == ["destroyed", "registered"]
    path = declare({**COPY, "taken_at": now}, {**RULE, "name": "another"}, {**RULE, "name": "wrong", "kind": "tape"})
    with pytest.raises(WrongCopies) as caught:
        services.register_copies(path=path, now=now, actor=actor)
    assert [(fault.table, fault.key) for fault in caught.value.faults] == [
        ("[[copy]] wrong", "kind"),
        ("[[copy]] offsite", "name"),
    ]
    assert not RegisteredCopy.objects.filter(name="another").exists()
    assert RegisteredCopy.objects.get(name="offsite").destroyed_at == now


WHOLE = RegisteredCopy(
    name="whole",
    kind="other",
    place="a drawer",
    region="EU",
    taken_at=datetime(2026, 3, 1, tzinfo=UTC),
    ends_at=datetime(2026, 3, 2, tzinfo=UTC),
    kept_for="P1D",
    confirmed_by="a role",
    registered_at=datetime(2026, 3, 1, tzinfo=UTC),
    changed_at=datetime(2026, 3, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "tape"},
        {"place": ""},
        {"region": ""},
        {"kept_for": ""},
        {"confirmed_by": ""},
        {"name": ""},
        {"every": "P1D"},
        {"taken_at": None},
        {"ends_at": None},
        {"taken_at": None, "ends_at": None},
        {"ends_at": datetime(2026, 3, 1, tzinfo=UTC)},
        {"changed_at": datetime(2026, 2, 1, tzinfo=UTC)},
        {"alarm": "loud"},
    ],
)
def test_the_database_refuses_half_a_copy(db: None, wrong: dict[str, Any]) -> None:
    values = {field.attname: getattr(WHOLE, field.attname) for field in RegisteredCopy._meta.fields}
    with pytest.raises(IntegrityError), transaction.atomic():
        RegisteredCopy.objects.create(**{**values, **wrong})
    RegisteredCopy.objects.create(**values)


def test_a_copy_says_its_name_and_nothing_else() -> None:
    assert str(WHOLE) == "whole"
