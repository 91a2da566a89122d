"""Moments and reasons at their edges: what a schedule promises, what is a reason, and what nobody could read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse

from privacy.core.actors import Actor
from privacy.core.conf import settings as ours
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Promised, Status, live_checks
from privacy.policies.binding import binds_everybody_from
from privacy.policies.bounds import binding_versions
from privacy.policies.clocks import TooEarly
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import (
    BeforePosting,
    NoMailToGoFirst,
    NoNote,
    NoReason,
    publish,
    publish_due,
    schedule,
    withdraw,
    write_draft,
)
from tests.policies.conftest import GOOD
from tests.policies.test_clocks import CPT, DAY, HVR, with_policies

#: What looks like nothing: blanks, blanks of no width, soft hyphens, signs alone.
NOTHING = [" ", "\u00a0", "\u200b", "\u2060\ufeff", "\u00ad", "\u2800", "...", "-", "\u3164"]


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
    settings.DEFAULT_FROM_EMAIL = "Test Site <site@example.org>"


@pytest.fixture
def second(
    profile: Callable[..., None], published: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> Callable[..., PolicyDraft]:
    """The next draft on a site with these rules: ``second(HVR, effective_from=…)``."""

    def make(table: str, **others: Any) -> PolicyDraft:
        profile(with_policies(table))
        if not PolicyVersion.objects.exists():
            published(at=now - DAY)
        given = {"text": GOOD + "\nMore.\n", "note": "More."} | others
        return write_draft(
            document="privacy",
            language="en",
            title="",
            form="markdown",
            revised_on=None,
            now=now,
            actor=actor,
            **given,
        )

    return make


def put_out(draft: PolicyDraft, now: datetime, actor: Actor) -> PolicyVersion:
    return publish(draft=draft, digest=draft_view(draft).digest, now=now, actor=actor)


@pytest.mark.parametrize("reason", NOTHING)
def test_a_reason_without_a_word_is_none(
    second: Callable[..., PolicyDraft], now: datetime, actor: Actor, reason: str
) -> None:
    with pytest.raises(TooEarly):
        put_out(second(HVR, effective_from=now + DAY, early_reason=reason), now, actor)
    with pytest.raises(NoNote):
        put_out(second('[policies]\nchannels = ["note"]\n', note=reason), now, actor)
    with pytest.raises(NoReason):
        withdraw(version=PolicyVersion.objects.get(), reason=reason, now=now, actor=actor)


@pytest.mark.parametrize("reason", ["Gericht.", "裁判所の命令", "§ 7"])
def test_a_reason_in_any_script_is_one(
    second: Callable[..., PolicyDraft], now: datetime, actor: Actor, reason: str
) -> None:
    assert put_out(second(HVR, effective_from=now + DAY, early_reason=reason), now, actor).early_reason == reason


def test_a_reason_of_blanks_in_the_table_breaks_the_promise_and_a_word_keeps_it(
    second: Callable[..., PolicyDraft], database_in_hand: None, now: datetime, actor: Actor
) -> None:
    version = put_out(second(HVR, effective_from=now + DAY, early_reason="A court."), now, actor)

    def ask() -> Status:
        promise = Promised("TST-1-1", "§1", "It is told.", figure="P30D")
        return live_checks.get("policies.lead_kept").run(CheckContext(now, promise)).status

    assert ask() == Status.KEPT
    _write(version.pk, early_reason="\u200b")
    assert ask() == Status.BROKEN
    _write(version.pk, early_reason="A court.")
    assert ask() == Status.KEPT


def _write(key: str, **columns: str) -> None:
    with connection.cursor() as cursor:
        for name, value in columns.items():
            cursor.execute(f"UPDATE privacy_policyversion SET {name} = %s WHERE key = %s", [value, key])


def test_a_schedule_that_its_own_hour_would_make_too_early_is_refused_at_once(
    second: Callable[..., PolicyDraft], now: datetime, actor: Actor
) -> None:
    """It happens within the hour that follows: thirty days are counted from the end of that hour."""
    at = now + DAY

    def plan(begins: datetime) -> PolicyDraft:
        draft = second(HVR, effective_from=begins)
        schedule(draft=draft, digest=draft_view(draft).digest, at=at, now=now, actor=actor)
        return draft

    exact = Period(days=30).end(at, ours.calendar)
    with pytest.raises(TooEarly):
        plan(exact)
    plan(exact + timedelta(hours=1))
    assert publish_due(now=at + timedelta(minutes=59), actor=actor) == {"published": 1, "refused": 0}


def test_a_schedule_whose_day_would_lie_before_its_page_is_refused_at_once(
    second: Callable[..., PolicyDraft], now: datetime, actor: Actor
) -> None:
    at = now + DAY
    draft = second('[policies]\neffect = "posting"\n', effective_from=at)
    with pytest.raises(BeforePosting):
        schedule(draft=draft, digest=draft_view(draft).digest, at=at, now=now, actor=actor)


def test_mails_do_not_go_first_where_they_could_lead_nobody_to_the_text(
    second: Callable[..., PolicyDraft], settings: Any, now: datetime, actor: Actor
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": ""}
    with pytest.raises(NoMailToGoFirst, match="SITE_URL"):
        put_out(second(CPT, post_at=now + 5 * DAY), now, actor)
    assert put_out(second(CPT), now, actor).number == 2


def test_mails_do_not_go_first_where_none_goes(
    profile: Callable[..., None], second: Callable[..., PolicyDraft], now: datetime, actor: Actor
) -> None:
    """Of a first version and of a translation nobody is mailed: the page would hide what nobody was told of."""
    profile(with_policies(CPT))
    with pytest.raises(NoMailToGoFirst, match="no mail goes"):
        put_out(_draft(now, actor, post_at=now + 5 * DAY), now, actor)
    put_out(_draft(now, actor), now, actor)
    put_out(_draft(now, actor, language="de"), now, actor)
    with pytest.raises(NoMailToGoFirst, match="no mail goes"):
        put_out(_draft(now, actor, language="de", post_at=now + 5 * DAY), now, actor)
    assert put_out(_draft(now, actor, post_at=now + 5 * DAY), now, actor).announced_at == now


def test_the_page_of_a_translation_says_that_nobody_is_mailed(
    profile: Callable[..., None], chief: Client, now: datetime, actor: Actor
) -> None:
    profile(with_policies(CPT))
    get_user_model().objects.create_user("robin", "robin@example.org", "x")
    for language in ("en", "de"):
        put_out(_draft(now, actor, language=language), now, actor)
    for language, words in (("en", "accounts with an address"), ("de", "<dd>nobody</dd>")):
        draft = _draft(now, actor, language=language, text=GOOD + "\nMore.\n")
        page = chief.get(reverse("admin:privacy_policydraft_change", args=[draft.pk])).content.decode()
        assert words in page, language


def _draft(now: datetime, actor: Actor, **others: Any) -> PolicyDraft:
    given = {"document": "privacy", "language": "en", "text": GOOD, "note": "More."} | others
    return write_draft(title="", form="markdown", revised_on=None, now=now, actor=actor, **given)


def test_a_version_ends_with_the_first_that_takes_its_place(
    second: Callable[..., PolicyDraft], now: datetime, actor: Actor
) -> None:
    """The next one waits sixty days, the one behind it thirty: the first binds no longer than thirty."""
    slow = put_out(second(HVR, effective_from=now + 60 * DAY), now, actor)
    quick = put_out(second(HVR, text=GOOD + "\nMost.\n"), now, actor)
    until = binds_everybody_from(quick)
    assert binding_versions(now=now) == {quick.pk: None, slow.pk: until, "privacy.en.1": until}


def test_a_version_binds_the_site_from_its_mails_on_though_the_page_shows_it_later(
    second: Callable[..., PolicyDraft], now: datetime, actor: Actor
) -> None:
    version = put_out(second(CPT, post_at=now + 5 * DAY), now, actor)
    assert version.pk in binding_versions(now=now)
