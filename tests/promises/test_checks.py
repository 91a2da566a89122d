"""System checks of the profile in force."""

from __future__ import annotations

from collections.abc import Callable

from django.core.checks import Tags, run_checks
from django.core.checks.registry import registry

from privacy.core.registries import live_checks, profile_sections
from privacy.promises.checks import check_profile
from privacy.promises.models import ProfileTable
from privacy.promises.services import LoadedProfile

Load = Callable[..., LoadedProfile]


def ids() -> list[str]:
    return [message.id or "" for message in check_profile(None, databases=["default"])]


def test_a_site_without_a_profile_is_warned(db: None) -> None:
    [message] = check_profile(None, databases=["default"])
    assert message.id == "privacy.W201"
    assert "privacy_profile FILE" in (message.hint or "")


def test_a_site_with_a_profile_is_not(load: Load) -> None:
    load()
    assert ids() == []


def test_a_table_that_the_app_no_longer_understands_is_an_error(load: Load) -> None:
    load()
    ProfileTable.objects.update(table={"kept_for": "a month"})
    [message] = check_profile(None, databases=["default"])
    assert message.id == "privacy.E202"
    assert "[kitchen]" in message.msg
    assert "kept_for" in message.msg
    profile_sections.remove("kitchen")
    assert ids() == ["privacy.E202"]


def test_a_check_that_vanished_is_warned_about(load: Load) -> None:
    load()
    live_checks.remove("kitchen.guests_asked")
    [message] = check_profile(None, databases=["default"])
    assert message.id == "privacy.W203"
    assert "EXA-2-1" in message.msg
    assert "kitchen.guests_asked" in message.msg


def test_the_checks_read_rows_only_when_a_database_is_named(django_db_blocker: object) -> None:
    assert check_profile(None, databases=None) == []
    assert check_profile in registry.get_checks()
    assert check_profile.tags == (Tags.database,)


def test_the_warning_is_bound_to_check_with_a_database(db: None) -> None:
    found = run_checks(tags=[Tags.database], databases=["default"])
    assert "privacy.W201" in {message.id for message in found}
