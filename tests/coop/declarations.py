"""Run by ``test_site`` under the demo site's settings: every table of the co-op is declared, and stays so."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model

from privacy.core.actors import Actor
from privacy.core.conf import settings as privacy_settings
from privacy.core.registries import Status
from privacy.datamap import graph
from privacy.datamap.coverage import coverage
from privacy.promises.services import check_promises, load_profile
from project.coop.generate import load
from tests.datamap.coverage_cases import (
    assert_decision_is_missed,
    assert_declaration_is_missed,
    decision_cases,
    declaration_cases,
)

#: The co-op, and what the site of the profile `harvest` has besides.
APPS = ("coop", "clients", "outside")
#: These ask about acts that only a night or a closure brings; the journey of the demonstration sees them.
AFTER_A_NIGHT = {"HTC-5.1-4", "HTC-5.1-7", "HTC-5.3-7", "HTC-9-3", "HTC-10-1", "HTC-10-2", "HTC-10-3", "HTC-10-4"}
#: Nobody agreed or objected yet.
AFTER_AN_ANSWER = {"HTC-4-2", "HTC-5.1-9"}
#: Nothing was sent yet.
AFTER_A_MAIL = {"HTC-3.3-1", "HTC-3.3-2", "HTC-3.3-3", "HTC-5.3-1", "HTC-5.3-2", "HTC-5.3-3"}
#: Nothing was published yet, and nobody accepted it.
AFTER_A_PUBLICATION = {"HTC-0-1", "HTC-0-3", "HTC-14-1", "HTC-14-2"}


def test_every_table_of_the_co_op_is_declared_or_excluded() -> None:
    ours = {
        model._meta.label for name in APPS for model in apps.get_app_config(name).get_models(include_auto_created=True)
    }
    site = coverage()
    assert site.undeclared == ()
    assert ours <= {item.label for item in graph.declared()} | {model._meta.label for model in graph.excluded()}
    assert len(ours) > 18


@pytest.mark.parametrize("label", [case for name in APPS for case in declaration_cases(name)])
def test_a_missing_declaration_is_named(label: str) -> None:
    assert_declaration_is_missed(label)


@pytest.mark.parametrize(("label", "field"), [case for name in APPS for case in decision_cases(name)])
def test_a_missing_decision_is_named(label: str, field: str) -> None:
    assert_decision_is_missed(label, field)


def test_every_table_of_the_co_op_has_an_end_or_goes_with_its_account() -> None:
    endless = [
        item.label
        for item in graph.declared()
        if item.model._meta.app_label in APPS and not item.expiries and not item.keeps and not item.sides
    ]
    assert endless == []


@pytest.mark.django_db
def test_the_inventory_decides_every_promise_about_it(now: datetime) -> None:
    actor = Actor.system("tests")
    load_profile(path=Path(settings.BASE_DIR) / "project" / "profiles" / "harvest.toml", now=now, actor=actor)
    load(count=12, seed=1, now=now)
    rows = {row.code: row for row in check_promises(now=now, actor=actor).rows if row.status != Status.NOT_PROMISED}
    waiting = {code for code, row in rows.items() if "which this site does not keep yet" in row.why}
    assert waiting == {"HTC-5.1-10", "HTC-15-1"}
    nothing_yet = AFTER_A_MAIL | AFTER_AN_ANSWER | AFTER_A_PUBLICATION
    assert {rows[code].status for code in nothing_yet} == {Status.CANNOT_TELL}
    later = AFTER_A_NIGHT | nothing_yet | waiting
    wrong = {code: row.why for code, row in rows.items() if code not in later and row.status != Status.KEPT}
    assert wrong == {}


@pytest.mark.django_db
def test_the_co_ops_own_flag_is_taken_over_and_a_suspension_is_not(now: datetime) -> None:
    load(count=60, seed=1, now=now)
    rule = privacy_settings.closed_accounts
    assert rule is not None
    found = get_user_model().objects.filter(**rule.filter)
    assert set(found.values_list("member__status", flat=True)) == {"closed"}
    assert found.count() == 3
    assert not found.filter(**{f"{rule.closed_at}__isnull": True}).exists()
    assert get_user_model().objects.filter(member__status="suspended", is_active=False).count() == 2
