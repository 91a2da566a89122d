"""What readers, members, programs and staff see of a version that is announced."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from privacy.core.actors import Actor
from privacy.messages.models import Mailing
from privacy.messages.services import prepare
from privacy.policies.models import PolicyDraft, PolicyNotice, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import publish, withdraw, write_draft
from privacy.templatetags.privacy_policies import policy_banner
from tests.people import client_of
from tests.policies.conftest import GOOD
from tests.policies.test_clocks import CPT, DAY, HVR, with_policies

BINDING = "/api/privacy/policies/binding/"


def words(response: Any) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}


@pytest.fixture
def member(person: Callable[..., Any]) -> Any:
    """Somebody with an account of a year ago."""
    user = person("robin")
    user.date_joined = timezone.now() - timedelta(days=365)
    user.save()
    return user


@pytest.fixture
def draft_of_two(
    profile: Callable[..., None], published: Callable[..., PolicyVersion], actor: Actor
) -> Callable[..., PolicyDraft]:
    """A site with these rules and a first version of long ago, and the draft of a second one: ``draft_of_two(HVR)``."""

    def make(table: str, **others: Any) -> PolicyDraft:
        profile(with_policies(table))
        now = timezone.now()
        published(at=now - 100 * DAY)
        return write_draft(
            document="privacy",
            language="en",
            title="",
            form="markdown",
            text=GOOD + "\nAnother paragraph.\n",
            revised_on=None,
            note="We added a paragraph.",
            now=now,
            actor=actor,
            **others,
        )

    return make


@pytest.fixture
def two(draft_of_two: Callable[..., PolicyDraft], actor: Actor) -> Callable[..., PolicyVersion]:
    """The same, published so many days ago: ``two(HVR, days_ago=3)``."""

    def make(table: str, *, days_ago: int = 0, **others: Any) -> PolicyVersion:
        draft = draft_of_two(table, **others)
        at = timezone.now() - days_ago * DAY
        return publish(draft=draft, digest=draft_view(draft).digest, now=at, actor=actor)

    return make


def test_the_page_says_which_version_is_in_force_and_which_is_announced_and_from_when(
    two: Callable[..., PolicyVersion],
) -> None:
    two(HVR, days_ago=3)
    page = words(Client().get("/privacy/"))
    assert "Version 2 was announced and is in force from" in page
    assert "Another paragraph." not in page
    assert "We added a paragraph." in page
    new = words(Client().get("/privacy/documents/privacy/en/2/"))
    assert "This version binds everybody from" in new
    assert "Until then version 1 is in force." in new
    listed = words(Client().get("/privacy/documents/privacy/versions/"))
    assert listed.count("announced") == 1
    assert listed.count("in force") == 1


def test_after_its_day_the_page_shows_it_with_its_note_and_says_nothing_of_days(
    two: Callable[..., PolicyVersion],
) -> None:
    """HMY-9-4: the note stays on the page, beside what was compared."""
    two(HVR, days_ago=40)
    page = words(Client().get("/privacy/"))
    assert "Another paragraph." in page
    assert "was announced" not in page
    assert "Version 2," in page
    assert "We added a paragraph." in page


def test_readers_are_told_why_a_version_binds_sooner(two: Callable[..., PolicyVersion]) -> None:
    soon = timezone.now() + 2 * DAY
    two(HVR, effective_from=soon, early_reason="A court ordered it.")
    assert "A court ordered it." in words(Client().get("/privacy/documents/privacy/en/2/"))


def test_what_only_the_mails_tell_of_is_not_on_the_page_yet_and_its_address_works(
    two: Callable[..., PolicyVersion],
) -> None:
    two(CPT, post_at=timezone.now() + 3 * DAY)
    assert "Version 2" not in words(Client().get("/privacy/"))
    assert "Version 2" not in words(Client().get("/privacy/documents/privacy/versions/"))
    assert "This version binds everybody from" in words(Client().get("/privacy/documents/privacy/en/2/"))


def test_a_member_sees_the_banner_until_they_put_it_away(two: Callable[..., PolicyVersion], member: Any) -> None:
    version = two(CPT)
    browser = client_of(member)
    page = browser.get("/privacy/")
    assert "Something we promise you changes" in words(page)
    assert f'name="version" value="{version.pk}"' in page.content.decode()
    gone = browser.post(
        "/privacy/documents/seen/", {"version": version.pk, "next": "/privacy/documents/privacy/versions/"}
    )
    assert gone["Location"] == "/privacy/documents/privacy/versions/"
    assert "Something we promise" not in words(browser.get("/privacy/"))
    notice = PolicyNotice.objects.get()
    assert (notice.user_key, notice.dispatched_at) == (str(member.pk), None)
    assert notice.seen_at is not None


def test_the_banner_moves_no_day(two: Callable[..., PolicyVersion], member: Any) -> None:
    version = two(CPT)
    browser = client_of(member)
    before = browser.get(BINDING).json()
    browser.post("/privacy/documents/seen/", {"version": version.pk})
    assert browser.get(BINDING).json() == before


@pytest.mark.parametrize("there", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_nobody_is_led_elsewhere(two: Callable[..., PolicyVersion], member: Any, there: str) -> None:
    version = two(CPT)
    answer = client_of(member).post("/privacy/documents/seen/", {"version": version.pk, "next": there})
    assert answer["Location"] == "/privacy/"


def test_the_banner_is_for_members_who_were_there_before_and_where_the_profile_names_it(
    two: Callable[..., PolicyVersion], member: Any, person: Callable[..., Any], actor: Actor
) -> None:
    version = two(CPT)
    assert "Something we promise" not in words(Client().get("/privacy/"))
    assert "Something we promise" not in words(client_of(person("new")).get("/privacy/"))
    assert Client().post("/privacy/documents/seen/", {"version": version.pk}).status_code == 302
    assert not PolicyNotice.objects.exists()
    withdraw(version=version, reason="A mistake.", now=timezone.now(), actor=actor)
    assert "Something we promise" not in words(client_of(member).get("/privacy/"))


def test_a_site_without_the_channel_shows_no_banner(two: Callable[..., PolicyVersion], member: Any) -> None:
    two(HVR)
    assert "Something we promise" not in words(client_of(member).get("/privacy/"))


def test_the_banner_costs_a_page_three_queries_for_any_number_of_versions(
    two: Callable[..., PolicyVersion], member: Any, django_assert_num_queries: Any, rf: Any
) -> None:
    two(CPT)
    request = rf.get("/")
    request.user = member
    with django_assert_num_queries(3):
        assert policy_banner({"request": request})["told"]


def test_the_privacy_page_of_a_member_says_which_version_binds_them_and_from_when(
    two: Callable[..., PolicyVersion], member: Any
) -> None:
    two(CPT)
    page = words(client_of(member).get(reverse("privacy:account")))
    assert re.search(r"Privacy policy , version 1 : for you in force since", page)
    assert re.search(r"Privacy policy , version 2 : for you in force from", page)


def test_a_member_reads_it_in_german(two: Callable[..., PolicyVersion], member: Any) -> None:
    two(CPT)
    with override("de"):
        page = words(client_of(member).get(reverse("privacy:account")))
    assert "gilt für Sie seit" in page
    assert "Etwas, das wir Ihnen versprechen, ändert sich" in page
    assert "Ich habe es gesehen" in page


def test_programs_read_the_same_of_their_own_account(
    two: Callable[..., PolicyVersion], member: Any, person: Callable[..., Any], now: datetime
) -> None:
    version = two(CPT)
    first = PolicyVersion.objects.get(number=1)
    [row] = client_of(member).get(BINDING).json()["bindings"]
    assert (row["document"], row["version"], row["coming"]) == ("privacy", first.pk, version.pk)
    assert row["since"].startswith(f"{first.published_at:%Y-%m-%d}")
    [new] = client_of(person("new")).get(BINDING).json()["bindings"]
    assert (new["version"], new["coming"], new["coming_from"]) == (version.pk, None, None)
    listed = client_of(member).get("/api/privacy/policies/").json()["results"]
    assert listed[0]["binds_everybody_from"] > listed[0]["published_at"]


def test_the_publish_form_shows_when_it_will_bind_whom(draft_of_two: Callable[..., PolicyDraft], chief: Client) -> None:
    draft = draft_of_two(CPT)
    page = words(chief.get(reverse("admin:privacy_policydraft_change", args=[draft.pk])))
    for said in (
        "When it binds whom, if it is published now",
        "Everybody from",
        "2 days after its mail, if that is earlier",
        "1 account with an address, whatever it opted out of",
        "at once",
    ):
        assert said in page


def test_a_day_that_is_too_early_is_said_on_the_draft_and_there_is_no_button(
    draft_of_two: Callable[..., PolicyDraft], chief: Client
) -> None:
    draft = draft_of_two(HVR, effective_from=timezone.now() + 3 * DAY)
    address = reverse("admin:privacy_policydraft_change", args=[draft.pk])
    page = chief.get(address).content.decode()
    assert "It cannot be published like this" in page
    assert "Publish now" not in page
    refused = chief.post(
        reverse("admin:privacy_policydraft_publish", args=[draft.pk]), {"digest": draft_view(draft).digest}
    )
    assert "write down why it cannot wait" in refused.content.decode()
    assert PolicyVersion.objects.count() == 1
    late = {"digest": draft_view(draft).digest, "publish_at": "2031-07-01T09:00"}
    refused = chief.post(reverse("admin:privacy_policydraft_schedule", args=[draft.pk]), late)
    assert "before it can be read" in refused.content.decode()


def test_moments_are_typed_in_the_sites_own_time(profile: Any, chief: Client) -> None:
    written = {
        "document": "privacy",
        "language": "en",
        "form": "markdown",
        "text": GOOD,
        "effective_from": "2031-07-01T09:00",
        "post_at": "2031-06-01T09:00",
        "early_reason": "A court ordered it.",
    }
    chief.post(reverse("admin:privacy_policydraft_add"), written)
    draft = PolicyDraft.objects.get()
    assert str(draft.effective_from) == "2031-07-01 07:00:00+00:00"
    assert str(draft.post_at) == "2031-06-01 07:00:00+00:00"
    assert (draft.early_reason, draft.material) == ("A court ordered it.", False)
    page = chief.get(reverse("admin:privacy_policydraft_edit", args=[draft.pk])).content.decode()
    assert 'value="2031-07-01T09:00"' in page


def test_staff_see_how_many_of_how_many_were_told(
    two: Callable[..., PolicyVersion], member: Any, chief: Client
) -> None:
    version = two(CPT)
    address = reverse("admin:privacy_policyversion_change", args=[version.pk])
    assert "recipients are gathered" in words(chief.get(address))
    get_user_model().objects.create_user("silent", "")
    prepare(mailing=Mailing.objects.get(), now=timezone.now())
    PolicyNotice.objects.create(
        version=version, user_key=str(member.pk), dispatched_at=timezone.now(), bounced_at=timezone.now()
    )
    page = words(chief.get(address))
    assert "1 of 2" in page  # robin and the staff; whoever has no address is in neither
    assert re.search(r"Came back\s+1", page)


def test_a_version_page_of_the_admin_asks_as_much_for_any_number_of_notices(
    two: Callable[..., PolicyVersion], chief: Client
) -> None:
    version = two(CPT)
    address = reverse("admin:privacy_policyversion_change", args=[version.pk])
    chief.get(address)
    counts = []
    for notices in (1, 50):
        rows = (
            PolicyNotice(version=version, user_key=f"{notices}-{n}", dispatched_at=timezone.now())
            for n in range(notices)
        )
        PolicyNotice.objects.bulk_create(rows)
        with CaptureQueriesContext(connection) as queries:
            chief.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]
