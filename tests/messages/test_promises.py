"""Live checks in pairs: a planted breach is broken, its mending kept, no data cannot tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from privacy.consent.models import Choice as ConsentChoice
from privacy.consent.models import Flag
from privacy.consent.people import Person
from privacy.consent.queries import served
from privacy.consent.services import decide, decide_objection, object_to, restrict
from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Finding, Promised, Status, live_checks
from privacy.evidence.services import record
from privacy.messages import services
from privacy.messages.models import MailEvent, Mailing, OutboxMessage, Preference, Suppression
from tests.host.models import NewsletterContact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
ADDRESS = "robin@example.org"
HOUR = timedelta(hours=1)


def ask(name: str, now: datetime, **promised: Any) -> Finding:
    promise = Promised("TST-1-1", "§1", "Mails keep to what is promised", **promised)
    return live_checks.get(f"messages.{name}").run(CheckContext(now, promise))


def put(now: datetime, **words: Any) -> OutboxMessage:
    """A message that left, in every form that is promised."""
    number = OutboxMessage.objects.count()
    given: dict[str, Any] = {
        "key": f"one {number}", "topic": "offers", "kind": "marketing_own", "priority": 50, "basis": "opt_out",
        "address": ADDRESS, "queued_at": now, "not_before": now, "state": "sent", "sending_at": now, "sent_at": now,
        "linked": True, "labelled": True, "addressed": True, "sender_domain": "example.org",
    }  # fmt: skip
    return OutboxMessage.objects.create(**given | words)


def says(found: Finding, status: Status, figure: str = "") -> None:
    assert (found.status, found.figure) == (status, figure), found


@pytest.mark.parametrize(
    "name",
    [
        "every_mail_classed", "classes_within", "none_after_opt_out", "none_after_all", "way_out_in_each", "labelled",
        "postal_address_in_each", "sender_truthful", "preferences_kept", "channels_kept", "no_promotion_elsewhere",
        "only_opted_in", "reason_for_each", "no_client_recipients", "opt_outs_in_time", "tracking_only_where_on",
        "doubts_decided",
    ],
)  # fmt: skip
def test_without_a_record_nothing_can_be_told(name: str, rules: Any, now: datetime) -> None:
    rules('sender_domains = ["example.org"]')
    assert ask(name, now).status == Status.CANNOT_TELL


@pytest.mark.parametrize(
    ("name", "breach", "mend", "params"),
    [
        ("every_mail_classed", {"topic": ""}, {"topic": "offers"}, {}),
        ("every_mail_classed", {"kind": "service"}, {"kind": "marketing_own"}, {}),
        (
            "classes_within",
            {"kind": "marketing_partner"},
            {"kind": "marketing_own"},
            {"classes": ["marketing_own", "legal"]},
        ),
        ("way_out_in_each", {"linked": False}, {"linked": True}, {}),
        (
            "way_out_in_each",
            {"linked": False, "kind": "service", "topic": "site_mail"},
            {"linked": True},
            {"every": True},
        ),
        ("labelled", {"labelled": False}, {"labelled": True}, {}),
        ("postal_address_in_each", {"addressed": False}, {"addressed": True}, {}),
        ("sender_truthful", {"sender_domain": "bank.example"}, {"sender_domain": "example.org"}, {}),
        ("reason_for_each", {"basis": "opt_out"}, {"basis": "customer"}, {"reasons": ["opt_in", "customer"]}),
    ],
)
def test_one_message_that_is_wrong_breaks_the_promise(
    name: str, breach: dict[str, Any], mend: dict[str, Any], params: dict[str, Any], rules: Any, now: datetime
) -> None:
    rules('sender_domains = ["example.org"]')
    row = put(now, **breach)
    says(ask(name, now, params=params), Status.BROKEN, "1 of 1")
    OutboxMessage.objects.filter(pk=row.pk).update(test=True)
    assert ask(name, now, params=params).status == Status.CANNOT_TELL, "a test counts"
    OutboxMessage.objects.filter(pk=row.pk).update(test=False, **mend)
    says(ask(name, now, params=params), Status.KEPT, "0 of 1")


@pytest.mark.parametrize("rotated", [False, True])
def test_promotion_behind_an_opt_out_breaks_the_promise(
    rotated: bool, now: datetime, actor: Actor, settings: Any
) -> None:
    services.opt_out(address=ADDRESS, source="staff", now=now, actor=actor)
    if rotated:
        settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": ["r" * 40]}
    put(now - HOUR)
    put(now + HOUR, topic="site_mail", kind="service")
    says(ask("none_after_opt_out", now), Status.KEPT, "0 of 1")
    row = put(now + HOUR)
    says(ask("none_after_opt_out", now), Status.BROKEN, "1 of 2")
    Suppression.objects.update(lifted_at=now + timedelta(minutes=1))
    says(ask("none_after_opt_out", now), Status.KEPT, "0 of 2")
    Suppression.objects.update(lifted_at=None)
    row.delete()
    assert ask("none_after_opt_out", now).status == Status.KEPT


@pytest.mark.parametrize("without_account", [False, True])
def test_promotion_behind_an_objection_or_a_restriction_breaks_the_promise(
    without_account: bool, now: datetime, member: Any, actor: Actor
) -> None:
    """GDPR Art. 18 and 21: the outbox is asked itself, not what those who send believe."""
    person = Person(address=ADDRESS) if without_account else Person.of_user(member)
    words = {"user_key": person.user_key}
    put(now - HOUR, **words)
    flag = object_to(person=person, surface="account", now=now, actor=actor)
    put(now + HOUR, topic="site_mail", kind="service", **words)
    says(ask("none_after_opt_out", now), Status.KEPT, "0 of 1")
    put(now + HOUR, **words)
    says(ask("none_after_opt_out", now), Status.BROKEN, "1 of 2")
    decide_objection(flag=flag, uphold=False, reason="We keep books.", now=now + HOUR / 2, actor=actor)
    says(ask("none_after_opt_out", now), Status.BROKEN, "1 of 2")
    Flag.objects.update(lifted_at=now + HOUR / 2)
    says(ask("none_after_opt_out", now), Status.KEPT, "0 of 2")
    restrict(person=person, ground="claims", surface="account", now=now + HOUR / 2, actor=actor)
    says(ask("none_after_opt_out", now), Status.BROKEN, "1 of 2")


def test_service_mail_behind_an_opt_out_from_all_breaks_the_promise(now: datetime, actor: Actor) -> None:
    services.opt_out(address=ADDRESS, level="all", source="staff", now=now, actor=actor)
    row = put(now + HOUR, topic="site_mail", kind="service")
    says(ask("none_after_all", now), Status.BROKEN, "1 of 1")
    OutboxMessage.objects.filter(pk=row.pk).update(topic="breach", kind="legal")
    says(ask("none_after_all", now), Status.KEPT, "0 of 1")


def test_an_exempt_message_that_nobody_logged_breaks_the_promise(now: datetime, actor: Actor) -> None:
    services.opt_out(address=ADDRESS, level="all", source="staff", now=now, actor=actor)
    put(now + HOUR, topic="breach", kind="legal", suppressed_all=True)
    assert ask("none_after_all", now).status == Status.BROKEN
    record(act="messages.exempt_sent", now=now, actor=actor, label="privacy.OutboxMessage", counts={"messages": 1})
    assert ask("none_after_all", now).status == Status.KEPT


def test_a_refused_topic_or_a_mail_that_comes_too_soon_breaks_the_promise(now: datetime, member: Any) -> None:
    choice = Preference.objects.create(
        user_key=str(member.pk), topic="offers", channel="email", wanted=False, chosen_at=now
    )
    put(now - HOUR, user_key=str(member.pk))
    assert ask("preferences_kept", now).status == Status.KEPT
    second = put(now + HOUR, user_key=str(member.pk))
    for name in ("preferences_kept", "channels_kept"):
        says(ask(name, now), Status.BROKEN, "1 of 2")
    choice.wanted, choice.frequency = True, "weekly"
    choice.save()
    assert ask("preferences_kept", now).status == Status.KEPT, "what came before the choice does not count"
    third = put(now + timedelta(days=3), user_key=str(member.pk))
    says(ask("preferences_kept", now), Status.BROKEN, "1 of 3")
    OutboxMessage.objects.filter(pk=third.pk).update(
        sending_at=now + timedelta(days=9), sent_at=now + timedelta(days=9)
    )
    second.refresh_from_db()
    assert ask("preferences_kept", now).status == Status.KEPT


def test_promotion_by_a_channel_that_is_not_named_breaks_the_promise(rules: Any, now: datetime) -> None:
    put(now)
    rules('channels = ["post"]')
    assert ask("channels_kept", now).status == Status.BROKEN
    rules('channels = ["email", "post"]')
    assert ask("channels_kept", now).status == Status.KEPT


@pytest.mark.parametrize("found", [None, True])
def test_a_service_mailing_that_nobody_read_or_that_advertises_breaks_the_promise(
    found: bool | None, now: datetime
) -> None:
    mailing = Mailing.objects.create(
        code="x", topic="administration", kind="administrative", audience="members", language="en",
        sender="a@b.example", subject="s", text="t", created_at=now, started_at=now, approved_at=now, promotional=found,
    )  # fmt: skip
    assert ask("no_promotion_elsewhere", now).status == Status.BROKEN
    Mailing.objects.filter(pk=mailing.pk).update(promotional=False)
    assert ask("no_promotion_elsewhere", now).status == Status.KEPT


def test_a_mailing_that_nobody_approved_breaks_the_promise_of_truthful_subjects(rules: Any, now: datetime) -> None:
    rules('sender_domains = ["example.org"]')
    mailing = Mailing.objects.create(
        code="x", topic="offers", kind="marketing_own", audience="members", language="en", sender="a@example.org",
        subject="s", text="t", created_at=now,
    )  # fmt: skip
    put(now, mailing=mailing)
    assert ask("sender_truthful", now).status == Status.BROKEN
    Mailing.objects.update(approved_at=now)
    assert ask("sender_truthful", now).status == Status.KEPT


@pytest.mark.parametrize("by_account", [True, False])
def test_a_newsletter_without_an_earlier_consent_breaks_the_promise(
    by_account: bool, now: datetime, member: Any
) -> None:
    words = {"user_key": str(member.pk)} if by_account else {}
    row = put(now + HOUR, topic="newsletter", kind="newsletter", basis="opt_in", **words)
    says(ask("only_opted_in", now), Status.BROKEN, "1 of 1")
    person = Person.of_user(member) if by_account else Person(address=ADDRESS)
    decide(
        person=person, purpose="news", choice=ConsentChoice.GIVEN, wording=served(["news"], language="en")["news"],
        surface="page", language="en", network=None, now=now, actor=Actor.system("tests"),
    )  # fmt: skip
    says(ask("only_opted_in", now), Status.KEPT, "0 of 1")
    OutboxMessage.objects.filter(pk=row.pk).update(sending_at=now - HOUR)
    says(ask("only_opted_in", now), Status.BROKEN, "1 of 1")


def test_a_mail_to_an_address_that_only_a_client_gave_breaks_the_promise(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from privacy.datamap import graph

    declared = graph.find(NewsletterContact)
    assert declared is not None
    NewsletterContact.objects.create(address=ADDRESS, joined_at=now)
    put(now)
    monkeypatch.setattr(declared, "scope", "client")
    says(ask("no_client_recipients", now), Status.BROKEN, "1 of 1")
    get_user_model().objects.create(username="robin", email=ADDRESS)
    says(ask("no_client_recipients", now), Status.KEPT, "0 of 1")


def test_an_opt_out_that_took_effect_too_late_breaks_the_promise(now: datetime, actor: Actor) -> None:
    """Ten business days from Friday, 27 February: Friday, 13 March."""
    friday = datetime(2026, 2, 27, 12, tzinfo=now.tzinfo)
    services.opt_out(address=ADDRESS, source="staff", requested_at=friday, now=now, actor=actor)
    for name, figure in (("P10BD", "1 of 1"), ("", "1 of 1")):
        says(ask("opt_outs_in_time", now, figure=name), Status.BROKEN, figure)
    says(ask("opt_outs_in_time", now, figure="P11BD"), Status.KEPT, "0 of 1")
    Suppression.objects.update(requested_at=friday + timedelta(days=3))
    says(ask("opt_outs_in_time", now, figure="P10BD"), Status.KEPT, "0 of 1")


def test_an_opening_kept_with_tracking_off_breaks_the_promise(now: datetime) -> None:
    event = MailEvent.objects.create(message=1, kind="opened", at=now)
    MailEvent.objects.create(message=1, kind="bounced", at=now)
    says(ask("tracking_only_where_on", now), Status.BROKEN, "1 of 1")
    MailEvent.objects.filter(pk=event.pk).update(tracked=True)
    says(ask("tracking_only_where_on", now), Status.KEPT, "0 of 1")


def test_a_doubt_that_nobody_decides_for_days_breaks_the_promise(now: datetime) -> None:
    row = put(now, state="ambiguous", sent_at=None, ended_at=now - timedelta(days=4))
    says(ask("doubts_decided", now), Status.BROKEN, "1 of 1")
    OutboxMessage.objects.filter(pk=row.pk).update(ended_at=now)
    assert ask("doubts_decided", now).status == Status.KEPT


def test_what_a_dispatch_really_sends_keeps_every_promise(
    rules: Any, queue: Any, send: Any, member: Any, now: datetime
) -> None:
    """The other way round: nothing is planted, the room itself sends."""
    rules('label = "Advertisement"', 'postal_address_on = "marketing"', 'sender_domains = ["example.org"]')
    queue(user=member)
    queue(user=member, topic="administration")
    assert send().counts == {"sent": 2}
    names = (
        "every_mail_classed", "none_after_opt_out", "way_out_in_each", "labelled", "postal_address_in_each",
        "sender_truthful", "preferences_kept", "channels_kept", "no_client_recipients",
    )  # fmt: skip
    found = {name: ask(name, now + HOUR).status for name in names}
    assert set(found.values()) <= {Status.KEPT, Status.CANNOT_TELL}, found
