"""Who is told of a version, by which channel, and what of it is remembered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.core.registries import hourly_steps
from privacy.disposal.mandate import Mandate
from privacy.disposal.services import close_account
from privacy.evidence.models import EvidenceEntry
from privacy.messages.composing import NoWayOut, UntruthfulSender
from privacy.messages.models import Mailing, OutboxMessage
from privacy.messages.services import decide, opt_out, prepare, report_event, run_outbox
from privacy.policies.binding import versions_binding
from privacy.policies.models import PolicyAnnouncement, PolicyDraft, PolicyNotice, PolicyVersion
from privacy.policies.progress import notice_progress
from privacy.policies.queries import draft_view
from privacy.policies.services import (
    announce,
    publish,
    publish_due,
    remember_bounce,
    remember_dispatch,
    schedule,
    withdraw,
    write_draft,
)
from tests.messages.conftest import Mailbox
from tests.policies.conftest import GOOD
from tests.policies.test_clocks import CPT, DAY, with_policies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
    settings.DEFAULT_FROM_EMAIL = "Test Site <site@example.org>"


@pytest.fixture
def people(db: None, now: datetime) -> list[Any]:
    """Two who may be mailed, one who stopped everything, one without an address, one who is not active."""
    make = get_user_model().objects.create_user
    made = [
        make("robin", "robin@example.org", "x"),
        make("kim", "kim@example.org", "x"),
        make("stopped", "stopped@example.org", "x"),
        make("silent", "", "x"),
        make("asleep", "asleep@example.org", "x", is_active=False),
    ]
    for one in made:
        one.date_joined = now - 100 * DAY
        one.save()
    return made


@pytest.fixture
def change(
    profile: Callable[..., None], published: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> Callable[..., PolicyVersion]:
    """Publish a second version on a site with these rules: ``change(CPT)``."""

    def make(table: str = CPT, *, at: datetime = now, **others: Any) -> PolicyVersion:
        profile(with_policies(table))
        if not PolicyVersion.objects.exists():
            published()
        given = {"text": GOOD + "\nAnother paragraph.\n", "note": "Another paragraph.", "language": "en"} | others
        draft = write_draft(
            document="privacy", title="", form="markdown", revised_on=None, now=at, actor=actor, **given
        )
        return publish(draft=draft, digest=draft_view(draft).digest, now=at, actor=actor)

    return make


def run(now: datetime, actor: Actor) -> None:
    report = run_outbox(now=now, actor=actor)
    assert not report.errors


def test_every_account_gets_the_mail_whether_it_opted_out_or_not(
    server: Mailbox, people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    opt_out(address="stopped@example.org", level="all", source="page", now=now, actor=actor)
    opt_out(address="kim@example.org", level="marketing", source="page", now=now, actor=actor)
    version = change()
    assert not server.mails
    run(now, actor)
    assert sorted(address for address, _ in server.mails) == [
        "asleep@example.org",
        "kim@example.org",
        "robin@example.org",
        "stopped@example.org",
    ]
    assert set(PolicyNotice.objects.values_list("user_key", flat=True)) == {str(one.pk) for one in people if one.email}
    assert EvidenceEntry.objects.filter(act="messages.exempt_sent").count() == 1
    told = notice_progress([version])[version.pk]
    assert (told.told, told.of, told.is_complete, told.bounced) == (4, 4, True, 0)


def test_the_mail_says_what_changes_from_when_and_where_it_stands_and_advertises_nothing(
    server: Mailbox, people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    change()
    run(now, actor)
    [letter] = server.to("robin@example.org")
    text = letter.get_body(("plain",)).get_content()
    assert letter["Subject"] == "Privacy policy of Test Site: what changes"
    for words in (
        "Another paragraph.",
        "2 days after this mail",
        "March 18, 2026",
        "https://example.org/privacy/documents/privacy/en/2/",
        "compare/?after=2",
    ):
        assert words in text
    assert letter["List-Unsubscribe"] is None
    assert Mailing.objects.get().promotional is False


def test_a_first_version_and_a_site_without_the_channel_mail_nobody(
    people: list[Any], change: Callable[..., PolicyVersion], now: datetime
) -> None:
    change('[policies]\nchannels = ["posting", "note"]\n')
    assert not Mailing.objects.exists()
    assert PolicyVersion.objects.count() == 2


def test_two_languages_make_one_mail(people: list[Any], change: Callable[..., PolicyVersion]) -> None:
    change()
    change(language="de", text=GOOD)
    change(language="de", text=GOOD + "\nMore.\n")
    assert list(PolicyAnnouncement.objects.values_list("pk", flat=True)) == ["privacy.en.2"]


def test_publishing_takes_the_same_number_of_queries_for_2000_and_20000_accounts(
    change: Callable[..., PolicyVersion], actor: Actor, now: datetime
) -> None:
    change()
    users = get_user_model()
    counts = []
    for accounts in (2_000, 20_000):
        there = users.objects.count()
        users.objects.bulk_create(users(username=f"u{n}", email=f"u{n}@example.org") for n in range(there, accounts))
        draft = write_draft(
            document="privacy",
            language="en",
            title="",
            form="markdown",
            text=GOOD,
            revised_on=None,
            note="",
            now=now,
            actor=actor,
        )
        digest = draft_view(draft).digest
        with CaptureQueriesContext(connection) as queries:
            publish(draft=draft, digest=digest, now=now, actor=actor)
        counts.append(len(queries))
        assert PolicyAnnouncement.objects.count() == len(counts) + 1
    assert counts[0] == counts[1]


def test_dispatch_counts_though_the_mail_comes_back_and_the_bounce_is_kept(
    server: Mailbox, people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    version = change()
    run(now + DAY, actor)
    row = OutboxMessage.objects.get(address="robin@example.org")
    notice = PolicyNotice.objects.get(user_key=str(people[0].pk))
    before = notice.dispatched_at
    report_event(message_id=row.message_id, event="bounced", at=now + 2 * DAY, now=now + 2 * DAY, actor=actor)
    notice.refresh_from_db()
    assert (notice.dispatched_at, notice.bounced_at) == (before, now + 2 * DAY)
    assert notice_progress([version])[version.pk].bounced == 1


def test_the_newest_address_at_dispatch_is_used(
    server: Mailbox, people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    change()
    prepare(mailing=Mailing.objects.get(), now=now)
    robin, kim = people[:2]
    robin.email = "robin@example.net"
    robin.save()
    kim.email = ""
    kim.save()
    run(now, actor)
    sent = {address for address, _ in server.mails}
    assert "robin@example.net" in sent
    assert not sent & {"robin@example.org", "kim@example.org"}
    assert PolicyNotice.objects.get(user_key=str(robin.pk)).newest
    assert OutboxMessage.objects.get(user_key=str(kim.pk)).reason == "no_address"
    assert not PolicyNotice.objects.filter(user_key=str(kim.pk)).exists()


def test_whoever_has_no_address_is_bound_by_the_posting_alone(
    server: Mailbox, people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    version = change(CPT.replace('email_lead = "P2D"', 'email_lead = "P1D"'))
    run(now, actor)
    robin, silent = people[0], people[3]
    asked = {
        one: versions_binding(user_key=str(one.pk), joined_at=one.date_joined, now=now + 1.5 * DAY)["privacy"]
        for one in (robin, silent)
    }
    assert asked[robin].version == version
    assert (asked[silent].coming, asked[silent].coming_from) == (version, now + 2 * DAY)


def test_a_mail_in_doubt_counts_once_a_person_decides_that_it_arrived(
    people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    change()
    prepare(mailing=Mailing.objects.get(), now=now)
    robin = people[0]
    rows = OutboxMessage.objects.filter(user_key=str(robin.pk))
    rows.update(state="ambiguous", sending_at=now + timedelta(hours=1))
    assert not PolicyNotice.objects.exists()
    decide(message=rows.get(), decision="arrived", now=now + DAY, actor=actor)
    assert PolicyNotice.objects.get().dispatched_at == now + timedelta(hours=1)


def test_the_moment_outlasts_the_mail_and_goes_with_the_person(
    server: Mailbox, people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    change()
    run(now, actor)
    OutboxMessage.objects.all().delete()
    robin = people[0]
    assert PolicyNotice.objects.get(user_key=str(robin.pk)).dispatched_at
    close_account(user=robin, mandate=Mandate("member", "page", "password"), now=now, actor=Actor.member(robin))
    assert not PolicyNotice.objects.filter(user_key=str(robin.pk)).exists()
    assert PolicyNotice.objects.count() == 3


def test_what_waits_of_a_withdrawn_version_does_not_go(
    server: Mailbox, people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    version = change()
    withdraw(version=version, reason="A mistake.", now=now, actor=actor)
    run(now, actor)
    assert not server.mails
    assert Mailing.objects.get().state == Mailing.State.STOPPED
    assert hourly_steps.get("policies.announce").run(now, actor) == {"announced": 0}


def test_the_hour_begins_what_a_restore_lost_and_nobody_gets_it_twice(
    server: Mailbox, people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    change()
    run(now, actor)
    assert len(server.mails) == 4
    # As after a restore and its replay: what left is marked, its mailing and the notices are gone.
    OutboxMessage.objects.update(mailing=None, user_key="", address="")
    PolicyNotice.objects.all().delete()
    PolicyAnnouncement.objects.all().delete()
    Mailing.objects.all().delete()
    assert hourly_steps.get("policies.announce").run(now, actor) == {"announced": 1}
    run(now, actor)
    assert len(server.mails) == 4
    assert hourly_steps.get("policies.announce").run(now, actor) == {"announced": 0}


def test_a_newsletter_costs_no_query_more(now: datetime, django_assert_num_queries: Any) -> None:
    letter = OutboxMessage(mailing=Mailing(code="news"), kind="newsletter", user_key="7", address="robin@example.org")
    with django_assert_num_queries(0):
        remember_dispatch(message=letter, at=now)
        remember_bounce(message=letter, at=now)


def test_announcing_again_mails_nobody_again(
    people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    version = change()
    assert announce(version=version, now=now + DAY, actor=actor) is None
    assert Mailing.objects.count() == 1


def test_a_site_whose_mails_could_never_leave_publishes_nothing_that_needs_them(
    change: Callable[..., PolicyVersion], profile: Callable[..., None], settings: Any
) -> None:
    change()
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": ""}
    with pytest.raises(NoWayOut):
        change(CPT + '[messages]\nlink_on = "every"\n')
    assert PolicyVersion.objects.count() == 2
    assert PolicyDraft.objects.exists()


def test_a_site_whose_sender_is_not_its_own_publishes_nothing_that_needs_mails(
    change: Callable[..., PolicyVersion],
) -> None:
    with pytest.raises(UntruthfulSender):
        change(CPT + '[messages]\nsender_domains = ["example.net"]\n')
    assert PolicyVersion.objects.count() == 1


def test_a_scheduled_publication_whose_mails_could_never_leave_is_called_off_and_says_why(
    change: Callable[..., PolicyVersion], profile: Callable[..., None], settings: Any, now: datetime, actor: Actor
) -> None:
    change()
    draft = write_draft(
        document="privacy", language="en", title="", form="markdown", text=GOOD, revised_on=None, note="", now=now,
        actor=actor,
    )  # fmt: skip
    schedule(draft=draft, digest=draft_view(draft).digest, at=now + DAY, now=now, actor=actor)
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": ""}
    profile(with_policies(CPT + '[messages]\nlink_on = "every"\n'))
    assert publish_due(now=now + DAY, actor=actor) == {"published": 0, "refused": 1}
    draft.refresh_from_db()
    assert draft.publish_at is None
    assert "without it no link in a mail works" in draft.refusal
    assert PolicyVersion.objects.count() == 2


def test_a_mail_that_left_for_an_older_address_is_told_as_such(
    server: Mailbox, people: list[Any], change: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    """Between the last look and the sending lies a moment; what happens in it is not hidden."""
    change()
    prepare(mailing=Mailing.objects.get(), now=now)
    robin = people[0]
    row = OutboxMessage.objects.get(user_key=str(robin.pk))
    get_user_model().objects.filter(pk=robin.pk).update(email="robin@example.net")
    remember_dispatch(message=row, at=now)
    assert PolicyNotice.objects.get().newest is False
