"""Which language of a document binds: a translation that comes later changes nothing for anybody, and mails nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.core.registries import hourly_steps
from privacy.messages.models import Mailing
from privacy.policies.binding import leading_language, versions_binding
from privacy.policies.models import PolicyAnnouncement, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import publish, withdraw, write_draft
from tests.policies.conftest import GOOD
from tests.policies.test_clocks import CPT, DAY, HVR, with_policies

Publish = Callable[..., PolicyVersion]


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
    settings.DEFAULT_FROM_EMAIL = "Test Site <site@example.org>"


def test_a_translation_into_a_language_that_the_site_prefers_binds_nobody_without_notice(
    profile: Callable[..., None], published: Publish, now: datetime
) -> None:
    """HVR-14-1: the German text binds for a year; an English one is no way round the thirty days."""
    profile(with_policies(HVR))
    german = published(language="de")
    published(language="en", at=now + 365 * DAY)
    later = now + 366 * DAY
    assert leading_language("privacy", later) == "de"
    assert versions_binding(user_key="7", joined_at=now, now=later)["privacy"].version == german


def test_of_languages_published_on_one_day_the_sites_first_binds(published: Publish, now: datetime) -> None:
    published(language="de")
    english = published(language="en")
    assert versions_binding(user_key="7", now=now)["privacy"].version == english


def test_other_languages_in_another_profile_mail_nobody_of_old_translations(
    profile: Callable[..., None], published: Publish, now: datetime, actor: Actor
) -> None:
    profile(with_policies(CPT))
    published()
    published(language="de", at=now + DAY)
    published(GOOD + "\nZwei.\n", language="de", at=now + 2 * DAY)
    published(GOOD + "\nTwo.\n", at=now + 5 * DAY)
    profile(with_policies(CPT).replace('["en", "de"]', '["de"]'))
    assert hourly_steps.get("policies.announce").run(now + 30 * DAY, actor) == {"announced": 0}
    assert list(PolicyAnnouncement.objects.values_list("pk", flat=True)) == ["privacy.en.2"]


def test_the_hour_tells_of_what_changes_something_and_of_nothing_older(
    profile: Callable[..., None], published: Publish, now: datetime, actor: Actor
) -> None:
    profile(with_policies(CPT))
    for number in range(4):
        published(GOOD + f"\n{number}\n", at=now + number * 30 * DAY)
    PolicyAnnouncement.objects.all().delete()
    Mailing.objects.all().delete()
    assert hourly_steps.get("policies.announce").run(now + 120 * DAY, actor) == {"announced": 1}
    assert PolicyAnnouncement.objects.get().pk == "privacy.en.4"


def test_the_hour_asks_as_much_for_any_number_of_translations(
    profile: Callable[..., None], published: Publish, now: datetime, actor: Actor
) -> None:
    profile(with_policies(CPT))
    published()
    counts = []
    for number in range(1, 9):
        published(GOOD + f"\n{number}\n", language="de", at=now + number * DAY)
        if number in (2, 8):
            with CaptureQueriesContext(connection) as queries:
                hourly_steps.get("policies.announce").run(now + number * DAY, actor)
            counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_language_that_the_page_does_not_show_yet_leads_nobody(
    profile: Callable[..., None], published: Publish, now: datetime, actor: Actor
) -> None:
    """Its first version was withdrawn, and the mails of the next one go before the page shows it."""
    profile(with_policies(CPT))
    mistaken = published()
    draft = write_draft(
        document="privacy", language="en", title="", form="markdown", text=GOOD, revised_on=None, note="Right.",
        post_at=now + timedelta(hours=2), now=now, actor=actor,
    )  # fmt: skip
    publish(draft=draft, digest=draft_view(draft).digest, now=now, actor=actor)
    withdraw(version=mistaken, reason="A mistake.", now=now, actor=actor)
    german = published(language="de", at=now + timedelta(hours=1))
    bound = versions_binding(user_key="7", joined_at=now - DAY, now=now + timedelta(minutes=90))
    assert bound["privacy"].version == german
