"""Nothing that leads to a person passes unseen."""

# ruff: noqa: DJ008 - models that live for one test

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.checks import Error, Warning
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import models

from privacy import exclude
from privacy.datamap.coverage import coverage, inbound
from privacy.datamap.registry import registry
from tests.datamap.coverage_cases import (
    assert_decision_is_missed,
    assert_declaration_is_missed,
    decision_cases,
    declaration_cases,
    errors,
)
from tests.host import models as host


@pytest.fixture
def newcomers() -> Iterator[Any]:
    """Define models of ``tests.host`` inside a test; they are gone afterwards."""
    before = dict(apps.all_models["host"])
    yield apps
    apps.all_models["host"].clear()
    apps.all_models["host"].update(before)
    apps.clear_cache()
    registry.changed()
    for model in (User, *before.values(), ContentType):
        model._meta._expire_cache()


def test_the_small_site_is_covered() -> None:
    assert errors() == []
    assert coverage().undeclared == ()


@pytest.mark.parametrize("label", declaration_cases("host", "auth", "admin"))
def test_taking_a_declaration_away_makes_check_fail_and_name_the_model(label: str) -> None:
    assert_declaration_is_missed(label)


@pytest.mark.parametrize(("label", "field"), decision_cases("host", "auth", "admin", "django_celery_results"))
def test_taking_one_field_decision_away_makes_check_fail_and_name_the_field(label: str, field: str) -> None:
    assert_decision_is_missed(label, field)


def test_manage_check_exits_with_an_error_when_a_declaration_is_missing() -> None:
    registry.withdraw(host.Upload)
    with pytest.raises(SystemCheckError, match=r"host\.Upload\.owner"):
        call_command("check")


def test_the_user_model_itself_must_be_declared() -> None:
    registry.withdraw(User)
    assert [(item.label, item.field, item.how) for item in coverage().undeclared] == [
        ("auth.User", "username", "user model")
    ]


def test_a_new_model_with_a_generic_key_fails_the_check(newcomers: Any) -> None:
    class Sticker(models.Model):
        kind = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
        key = models.PositiveIntegerField()
        on = GenericForeignKey("kind", "key")

        class Meta:
            app_label = "host"

    assert _named("host.Sticker.on") == ["on"]


def test_a_new_many_to_many_to_the_user_fails_the_check(newcomers: Any) -> None:
    class Club(models.Model):
        guests = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")

        class Meta:
            app_label = "host"

    assert _named("host.Club.guests") == ["user"]


def test_a_new_model_two_hops_away_fails_the_check_and_shows_the_path(newcomers: Any) -> None:
    class Parcel(models.Model):
        line = models.ForeignKey(host.OrderLine, models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    assert _named("host.Parcel.line") == ["line__order__customer"]


def test_a_new_model_behind_an_undeclared_many_to_many_is_seen_too(newcomers: Any) -> None:
    class Club(models.Model):
        guests = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")

        class Meta:
            app_label = "host"

    class ClubNews(models.Model):
        club = models.ForeignKey(Club, models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    assert _named("host.ClubNews.club") == ["club__guests"]
    registry.exclude("host.Club.guests", reason="invented people")
    assert _named("host.ClubNews.club") == _named("host.Club.guests") == []


def test_an_address_without_an_account_leads_to_a_person(newcomers: Any) -> None:
    class Guest(models.Model):
        mail = models.EmailField()

        class Meta:
            app_label = "host"

    assert _named("host.Guest.mail") == ["mail"]


def test_a_new_field_on_a_declared_model_fails_the_check(newcomers: Any) -> None:
    class Diary(models.Model):
        owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
        secret = models.JSONField()

        class Meta:
            app_label = "host"

    from privacy import PersonalData

    words = {"subject": "owner", "category": "diaries", "purpose": "membership", "legal_basis": "contract"}
    registry.declare(Diary, type("DiaryData", (PersonalData,), words))
    assert [str(message.id) for message in errors()] == ["privacy.E102"]
    assert "host.Diary.secret" in str(errors()[0].msg)


def test_a_second_link_to_a_person_needs_a_decision_as_well(newcomers: Any) -> None:
    class Loan(models.Model):
        owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
        approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

        class Meta:
            app_label = "host"

    from privacy import PersonalData

    words = {"subject": "owner", "category": "loans", "purpose": "membership", "legal_basis": "contract"}
    registry.declare(Loan, type("LoanData", (PersonalData,), words))
    assert [str(message.msg).partition(":")[0] for message in errors()] == ["host.Loan.approved_by"]


def test_an_excluded_model_and_what_lies_behind_it_is_left_alone(newcomers: Any) -> None:
    class Depot(models.Model):
        keeper = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

        class Meta:
            app_label = "host"

    class Shelf(models.Model):
        depot = models.ForeignKey(Depot, models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    assert _named("host.Shelf.depot") == ["depot__keeper"]
    exclude(Depot, reason="keepers are machines")
    assert _named("host.Shelf.depot") == _named("host.Depot.keeper") == []


def test_coverage_is_a_warning_until_the_site_enforces_it(settings: Any) -> None:
    registry.withdraw(host.Upload)
    from privacy.datamap.checks import undeclared

    settings.PRIVACY = {**settings.PRIVACY, "COVERAGE": "warn"}
    assert [(type(message), message.id) for message in undeclared()] == [(Warning, "privacy.W120")]
    settings.PRIVACY = {**settings.PRIVACY, "COVERAGE": "enforce"}
    assert [(type(message), message.id) for message in undeclared()] == [(Error, "privacy.W120")]


def test_a_proxy_needs_no_declaration_of_its_own() -> None:
    assert "host.SignedContract" not in {item.label for item in coverage().undeclared}


def test_inbound_names_every_foreign_key_that_points_here() -> None:
    labels = {found.label for found in inbound([host.Order, host.Team])}
    assert labels == {"host.OrderLine.order", "host.Team.members"}


def test_walking_the_site_asks_the_database_nothing(django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        coverage()


def _named(label: str) -> list[str]:
    """Paths under which coverage and ``check`` both name ``app.Model.field``."""
    paths = [item.path for item in coverage().undeclared if f"{item.label}.{item.field}" == label]
    named = [message for message in errors() if str(message.msg).startswith(f"{label}:")]
    assert len(named) == len(paths)
    return paths
