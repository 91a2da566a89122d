"""Withdrawing is no shorter way to a weaker figure: what may have bound somebody goes on binding settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Promised, Status, live_checks
from privacy.policies.binding import binds_everybody_from
from privacy.policies.bounds import binding_versions
from privacy.policies.models import PolicyVersion
from privacy.policies.services import withdraw
from privacy.promises.faults import WrongProfile
from tests.policies.conftest import GOOD, PROFILE
from tests.policies.test_bounds import NOTICE, errors, publish_with, refused  # noqa: F401 - a fixture

DAY = timedelta(days=1)
Publishes = Callable[..., PolicyVersion]
EARLIER = (
    '\n[policies]\nchannels = ["posting", "email"]\neffect = "earlier"\nemail_lead = "P2D"\nposting_lead = "P30D"\n'
)


def free(period: str, now: datetime) -> bool:
    """Whether no version stands against this; the profile that is loaded may."""
    return " of privacy." not in refused("backups.kept_for", period, now)


def strict(profile: str) -> str:
    """Two weeks instead of a month, promised and set."""
    return profile.replace('"P1M"', '"P2W"')


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
    settings.DEFAULT_FROM_EMAIL = "Test Site <site@example.org>"


@pytest.fixture
def takes_back(actor: Actor) -> Callable[..., None]:
    def act(version: PolicyVersion, at: datetime) -> None:
        withdraw(version=version, reason="The wrong file.", now=at, actor=actor)

    return act


@pytest.fixture
def second(profile: Callable[..., None], published: Publishes, now: datetime) -> Callable[..., PolicyVersion]:
    """A version that says a month, and the next one, of now, that says two weeks; the profile is as strict."""

    def make(rules: str = NOTICE) -> PolicyVersion:
        profile(rules)
        published(at=now - 90 * DAY)
        profile(strict(rules))
        return published(at=now)

    return make


def test_a_stricter_version_that_was_in_force_binds_until_the_next_one_has_had_its_notice(
    second: Callable[..., PolicyVersion],
    takes_back: Callable[..., None],
    profile: Callable[..., None],
    publish_with: Publishes,  # noqa: F811
    now: datetime,
) -> None:
    mistaken = second()
    later = now + 40 * DAY
    takes_back(mistaken, later)
    assert binding_versions(now=later) == {"privacy.en.1": None, "privacy.en.2": None}
    assert "privacy.en.2 promises (TST-2-1)" in refused("backups.kept_for", "P1M", later)
    with pytest.raises(WrongProfile, match=r"privacy\.en\.2 promises P14D .* Publish a version with the new figure"):
        profile(NOTICE, at=later)
    third = publish_with(NOTICE, at=later + DAY)
    until = binds_everybody_from(third)
    assert until > later + 30 * DAY
    assert "privacy.en.2" in refused("backups.kept_for", "P1M", until - DAY)
    with pytest.raises(WrongProfile, match=f"{until:%Y-%m-%d %H:%M}"):
        profile(NOTICE, at=until - DAY)
    assert binding_versions(now=until - DAY) == {third.pk: None, mistaken.pk: until, "privacy.en.1": until}
    assert binding_versions(now=until) == {third.pk: None}
    assert free("P1M", until)
    profile(NOTICE, at=until)


@pytest.mark.parametrize(
    ("rules", "days", "goes_on"),
    [
        (NOTICE, 5, False),
        (NOTICE, 29, False),
        (NOTICE, 31, True),
        (f'{NOTICE}new_users = "at_once"\n', 1, True),  # whoever signed up on that day was bound
        (PROFILE, 0, True),  # it binds when it is posted
        (PROFILE + EARLIER, 1, False),
        (PROFILE + EARLIER, 3, True),  # by mail, though by the page alone it takes thirty days
        (PROFILE + EARLIER.replace(', "email"', ""), 3, False),
    ],
)
def test_only_a_version_withdrawn_before_it_can_have_bound_anybody_binds_no_more(
    second: Callable[..., PolicyVersion],
    takes_back: Callable[..., None],
    profile: Callable[..., None],
    now: datetime,
    rules: str,
    days: int,
    goes_on: bool,
) -> None:
    mistaken, moment = second(rules), now + days * DAY
    takes_back(mistaken, moment)
    assert (mistaken.pk in binding_versions(now=moment + 400 * DAY)) is goes_on
    assert (not free("P1M", moment)) is goes_on
    assert "privacy.en.1" in refused("backups.kept_for", "P2M", moment)
    if not goes_on:
        profile(rules, at=moment)


def test_what_was_replaced_does_not_come_back_when_that_is_withdrawn_as_well(
    second: Callable[..., PolicyVersion],
    takes_back: Callable[..., None],
    publish_with: Publishes,  # noqa: F811
    now: datetime,
) -> None:
    mistaken = second()
    third = publish_with(NOTICE, at=now + 40 * DAY)
    takes_back(mistaken, now + 80 * DAY)
    assert binding_versions(now=now + 80 * DAY) == {third.pk: None}
    takes_back(third, now + 90 * DAY)
    assert binding_versions(now=now + 90 * DAY) == {"privacy.en.1": None, third.pk: None}
    assert free("P1M", now + 90 * DAY)


def test_what_came_back_into_force_and_is_withdrawn_then_goes_on_binding(
    second: Callable[..., PolicyVersion],
    takes_back: Callable[..., None],
    publish_with: Publishes,  # noqa: F811
    now: datetime,
) -> None:
    mistaken = second()
    third = publish_with(NOTICE, at=now + 40 * DAY)
    takes_back(third, now + 80 * DAY)
    takes_back(mistaken, now + 90 * DAY)
    assert set(binding_versions(now=now + 90 * DAY)) == {"privacy.en.1", mistaken.pk, third.pk}
    assert "privacy.en.2" in refused("backups.kept_for", "P1M", now + 90 * DAY)


def test_a_next_version_that_is_withdrawn_within_its_notice_ends_nothing(
    second: Callable[..., PolicyVersion],
    takes_back: Callable[..., None],
    publish_with: Publishes,  # noqa: F811
    now: datetime,
) -> None:
    mistaken = second()
    takes_back(mistaken, now + 40 * DAY)
    takes_back(publish_with(NOTICE, at=now + 41 * DAY), now + 60 * DAY)
    assert binding_versions(now=now + 200 * DAY) == {"privacy.en.1": None, mistaken.pk: None}


def test_where_nothing_stands_it_binds_until_something_is_published(
    profile: Callable[..., None],
    published: Publishes,
    takes_back: Callable[..., None],
    publish_with: Publishes,  # noqa: F811
    now: datetime,
) -> None:
    profile(strict(NOTICE))
    takes_back(published(at=now), now + DAY)
    assert "privacy.en.1" in refused("backups.kept_for", "P1M", now + 400 * DAY)
    publish_with(NOTICE, at=now + 400 * DAY)  # a first version once more: it changes nothing that stands
    assert free("P1M", now + 400 * DAY)


def test_a_translation_that_is_withdrawn_binds_until_a_later_one_in_its_language(
    profile: Callable[..., None],
    published: Publishes,
    takes_back: Callable[..., None],
    publish_with: Publishes,  # noqa: F811
    now: datetime,
) -> None:
    profile(strict(PROFILE))
    published(at=now)
    takes_back(published(at=now, language="de"), now + DAY)
    publish_with(PROFILE, at=now + 2 * DAY)
    assert "privacy.de.1" in refused("backups.kept_for", "P1M", now + 3 * DAY)
    published("Nicht mehr auf Deutsch. privacy@example.org", at=now + 3 * DAY, language="de")
    assert free("P1M", now + 3 * DAY)


def test_check_and_ledger_go_by_what_was_withdrawn(
    second: Callable[..., PolicyVersion], takes_back: Callable[..., None], profile: Callable[..., None]
) -> None:
    from privacy.promises.models import ProfileTable

    mistaken = second(PROFILE)
    at = mistaken.published_at + DAY
    takes_back(mistaken, at)
    check = live_checks.get("policies.settings_within_text")
    asked = CheckContext(at, Promised("TST-9-1", "§9", "We keep to what we published."))
    assert errors() == []
    assert check.run(asked).status == Status.KEPT
    ProfileTable.objects.filter(name="backups").update(table={"kept_for": "P1M"})
    assert "privacy.en.2" in errors()[0]
    assert check.run(asked).status == Status.BROKEN


def test_the_question_and_the_page_say_what_goes_on_binding(
    profile: Callable[..., None], published: Publishes, chief: Client, settings: Any, actor: Actor
) -> None:
    def page(name: str, version: PolicyVersion) -> str:
        return chief.get(reverse(f"admin:privacy_policyversion_{name}", args=[version.pk])).content.decode()

    profile(NOTICE)
    published(at=timezone.now() - 90 * DAY)
    old, soon = (published(at=timezone.now() - days * DAY) for days in (40, 1))
    assert "It has bound nobody yet" in page("withdraw", soon)
    assert "It may have bound somebody already" in page("withdraw", old)
    assert "binds nothing" not in page("change", old)
    for version in (soon, old):
        chief.post(reverse("admin:privacy_policyversion_withdraw", args=[version.pk]), {"reason": "The wrong file."})
    assert "It binds nothing now" in page("change", soon)
    assert "It was withdrawn when it may have bound somebody" in page("change", old)
    right = published(GOOD + "\nRight.\n", at=timezone.now())
    assert "It binds until" in page("change", old)
    without = published("Write to privacy@example.org.", document="imprint", at=timezone.now())
    assert "bound somebody" not in page("withdraw", without)  # it promises no figure
    settings.LANGUAGE_CODE = "de"
    assert "Sie bindet bis" in page("change", old)
    withdraw(version=right, reason="The wrong file.", now=timezone.now(), actor=actor)
    assert "Sie wurde zurückgezogen, als sie schon jemanden gebunden haben kann" in page("change", old)


def test_withdrawals_cost_no_query(
    second: Callable[..., PolicyVersion],
    takes_back: Callable[..., None],
    now: datetime,
    django_assert_num_queries: Any,
) -> None:
    takes_back(second(), now + 40 * DAY)
    with django_assert_num_queries(1):
        binding_versions(now=now + 40 * DAY)
