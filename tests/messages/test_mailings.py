"""One text to many: gathering, approving, pausing, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.consent.people import Person
from privacy.consent.services import object_to, restrict, withdraw
from privacy.core.actors import Actor
from privacy.core.registries import providers
from privacy.messages import services
from privacy.messages.audiences import Audience, ClientData, audiences
from privacy.messages.composing import UntruthfulSender
from privacy.messages.models import Mailing, OutboxMessage
from privacy.messages.outbox import run_outbox
from privacy.messages.permission import CUSTOMERS
from tests.host.models import NewsletterContact
from tests.messages.conftest import Mailbox
from tests.messages.test_opting_out import agree

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]
State = Mailing.State


@pytest.fixture
def write(now: datetime, actor: Actor) -> Callable[..., Mailing]:
    """A mailing with a value for everything."""

    def make(**words: Any) -> Mailing:
        given = {
            "code": "news-1", "topic": "offers", "audience": "members", "language": "en", "sender": "site@example.org",
            "subject": "News", "text": "Hello\n\nWe have news.", "now": now, "actor": actor,
        }  # fmt: skip
        return services.write(**given | words)

    return make


@pytest.fixture
def started(write: Callable[..., Mailing], now: datetime, actor: Actor) -> Callable[..., Mailing]:
    """The same, tested, approved and started; the test's own row is gone."""

    def make(**words: Any) -> Mailing:
        mailing = write(**words)
        services.test(mailing=mailing, address="staff@example.org", now=now)
        OutboxMessage.objects.filter(test=True).delete()
        mailing = services.approve(mailing=mailing, promotional=True, now=now, actor=actor)
        return services.start(mailing=mailing, now=now, actor=actor)

    return make


def members(count: int, start: int = 0) -> None:
    users = get_user_model()
    users.objects.bulk_create(users(username=f"m{n}", email=f"m{n}@example.org") for n in range(start, start + count))


def run(now: datetime, actor: Actor) -> Any:
    return run_outbox(now=now, actor=actor)


def test_everybody_who_may_get_it_gets_it_once(server: Mailbox, started: Any, now: datetime, actor: Actor) -> None:
    members(5)
    get_user_model().objects.create(username="twin", email="M1@example.org")
    get_user_model().objects.create(username="unfit", email="not an address")
    services.opt_out(address="m2@example.org", source="staff", now=now, actor=actor)
    mailing = started()
    report = run(now, actor)
    assert (report.gathered, report.counts, report.finished) == (4, {"sent": 4}, 1)
    assert sorted(recipient for recipient, _mail in server.mails) == [f"m{n}@example.org" for n in (0, 1, 3, 4)]
    mailing.refresh_from_db()
    assert mailing.left_out == {"opted_out": 1, "twice": 1, "unfit_address": 1}
    assert mailing.state == State.FINISHED


def test_preparing_n_messages_takes_a_number_of_queries_that_grows_with_batches(
    started: Any, now: datetime, settings: Any
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "BATCH_SIZE": 100}

    def asked(count: int, start: int, code: str) -> int:
        get_user_model().objects.all().delete()
        members(count, start)
        mailing = started(code=code)
        with CaptureQueriesContext(connection) as seen:
            assert services.prepare(mailing=mailing, now=now) == count
        return len(seen)

    one, two, ten = (asked(count, 10_000 * count, f"c{count}") for count in (99, 199, 999))
    assert two - one <= 16
    assert ten - one == 9 * (two - one)


def test_a_mailing_to_people_without_accounts_asks_by_their_address(
    server: Mailbox, started: Any, now: datetime, actor: Actor
) -> None:
    audiences.add("contacts", Audience("contacts", "contacts", NewsletterContact.objects.all, "address"))
    try:
        for name in ("a", "b"):
            NewsletterContact.objects.create(address=f"{name}@example.org", joined_at=now)
        services.opt_out(address="a@example.org", source="staff", now=now, actor=actor)
        started(audience="contacts")
        run(now, actor)
    finally:
        audiences.remove("contacts")
    assert [recipient for recipient, _mail in server.mails] == ["b@example.org"]


def test_a_clients_people_are_no_audience(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTC-3.3-3."""
    from privacy.datamap import graph

    declared = graph.find(NewsletterContact)
    assert declared is not None
    monkeypatch.setattr(declared, "scope", "client")
    audiences.add("contacts", Audience("contacts", "contacts", NewsletterContact.objects.all, "address"))
    try:
        with pytest.raises(ClientData):
            write(audience="contacts")
    finally:
        audiences.remove("contacts")


def test_the_same_code_written_anew_reaches_nobody_again(
    server: Mailbox, started: Any, now: datetime, actor: Actor, settings: Any
) -> None:
    members(3)
    mailing = started()
    run(now, actor)
    OutboxMessage.objects.update(mailing=None)
    mailing.delete()
    settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": ["n" * 40]}
    started()
    run(now + timedelta(days=1), actor)
    assert len(server.mails) == 3


def test_a_paused_mailing_sends_nothing_until_it_goes_on(
    server: Mailbox, started: Any, now: datetime, actor: Actor
) -> None:
    members(4)
    mailing = started(per_minute=2)
    run(now, actor)
    assert len(server.mails) == 2
    mailing = services.pause(mailing=mailing, now=now, actor=actor)
    run(now + timedelta(minutes=5), actor)
    assert len(server.mails) == 2
    with pytest.raises(services.WrongMailingState):
        services.pause(mailing=mailing, now=now, actor=actor)
    services.resume(mailing=mailing, now=now, actor=actor)
    run(now + timedelta(minutes=6), actor)
    assert len(server.mails) == 4


def test_a_mailing_paused_while_it_is_sent_stops_before_the_next_message(
    server: Mailbox, started: Any, now: datetime, actor: Actor
) -> None:
    members(6)
    mailing = started()

    def answer(_recipient: str, _attempt: int) -> str:
        from threading import Thread

        def stop() -> None:
            services.pause(mailing=mailing, now=now, actor=actor)
            connection.close()

        if len(server.mails) == 2:
            thread = Thread(target=stop)
            thread.start()
            thread.join()
        return "take"

    server.answer = answer
    run(now, actor)
    assert len(server.mails) == 3
    assert OutboxMessage.objects.queued().count() == 3


def test_a_stopped_mailing_drops_what_waits(server: Mailbox, started: Any, now: datetime, actor: Actor) -> None:
    members(3)
    mailing = started()
    services.prepare(mailing=mailing, now=now)
    assert services.stop(mailing=mailing, now=now, actor=actor) == 3
    run(now, actor)
    assert not server.mails


def test_a_gathering_that_was_interrupted_goes_on_where_it_stopped(
    server: Mailbox, started: Any, now: datetime, actor: Actor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "BATCH_SIZE": 2}
    members(7)
    mailing = started()
    from privacy.messages import preparing

    real, calls = preparing._insert, []

    def crashes(messages: Any) -> None:
        calls.append(len(messages))
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(messages)

    with monkeypatch.context() as patched:
        patched.setattr(preparing, "_insert", crashes)
        with pytest.raises(KeyboardInterrupt):
            services.prepare(mailing=mailing, now=now)
    assert OutboxMessage.objects.count() == 4
    run(now, actor)
    assert len(server.mails) == 7


def test_nothing_goes_that_nobody_tested_and_approved(write: Any, now: datetime, actor: Actor) -> None:
    """HMY-15-3."""
    mailing = write()
    with pytest.raises(services.NotTested):
        services.approve(mailing=mailing, promotional=True, now=now, actor=actor)
    with pytest.raises(services.WrongMailingState):
        services.start(mailing=mailing, now=now, actor=actor)


def test_promotion_inside_a_service_mailing_is_refused(write: Any, now: datetime, actor: Actor) -> None:
    """HTC-5.3-3, CPT-6-3."""
    mailing = write(topic="administration")
    services.test(mailing=mailing, address="staff@example.org", now=now)
    mailing.refresh_from_db()
    with pytest.raises(services.PromotionalContent):
        services.approve(mailing=mailing, promotional=True, now=now, actor=actor)


def test_a_sender_of_another_domain_is_refused(rules: Any, write: Any) -> None:
    """HMY-15-3."""
    rules('sender_domains = ["example.org"]')
    with pytest.raises(UntruthfulSender):
        write(sender="Your Bank <help@bank.example>")


def test_a_changed_draft_has_to_be_tested_and_approved_again(write: Any, now: datetime, actor: Actor) -> None:
    mailing = write()
    services.test(mailing=mailing, address="staff@example.org", now=now)
    mailing.refresh_from_db()
    mailing = services.approve(mailing=mailing, promotional=True, now=now, actor=actor)
    mailing = services.rewrite(mailing=mailing, text="Something else", now=now, actor=actor)
    assert (mailing.tested_at, mailing.approved_at, mailing.promotional) == (None, None, None)


def test_the_count_before_the_start_is_what_is_sent_after_it(
    server: Mailbox, write: Any, started: Any, now: datetime, actor: Actor
) -> None:
    members(5)
    get_user_model().objects.create(username="twin", email="M1@example.org")
    services.opt_out(address="m2@example.org", source="staff", now=now, actor=actor)
    counted = services.reach(mailing=write(code="draft"), now=now)
    mailing = started()
    assert services.prepare(mailing=mailing, now=now) == counted.people == 4
    mailing.refresh_from_db()
    assert {word: count for word, count in counted.left_out.items() if count} == mailing.left_out


def test_a_test_is_the_mail_as_its_readers_get_it_and_counts_as_nothing(
    server: Mailbox, write: Any, now: datetime, actor: Actor
) -> None:
    services.opt_out(address="staff@example.org", source="staff", now=now, actor=actor)
    services.test(mailing=write(), address="staff@example.org", now=now)
    run(now, actor)
    [(_recipient, mail)] = server.mails
    assert "We have news." in mail.get_body(("plain",)).get_content()
    assert "Unsubscribe" in mail.get_body(("html",)).get_content()
    assert not OutboxMessage.objects.sent().exists()


DEALS = ("[[messages.topics]]", 'code = "deals"', 'title = "Deals"', 'class = "marketing_own"', 'basis = "customer"')


@pytest.fixture
def buying() -> Iterator[Callable[[], None]]:
    """Everybody is a customer once it was called."""
    yield lambda: providers.add(CUSTOMERS, lambda keys: set(keys)) and None
    providers.remove(CUSTOMERS)


def test_a_customer_may_be_written_to_where_the_policy_says_so(
    rules: Any, queue: Any, member: Any, buying: Any, now: datetime
) -> None:
    """HMY-15-2."""
    rules(*DEALS)
    assert queue(user=member, topic="deals").refused == "not_allowed"
    buying()
    assert queue(user=member, topic="deals").refused == ""
    assert OutboxMessage.objects.queued().get().basis == "customer"


@pytest.mark.parametrize("purpose", ["", "news"])
@pytest.mark.parametrize("word", ["objects", "objects to all", "restricts", "takes back"])
def test_being_a_customer_is_no_ground_against_the_persons_word(
    word: str, purpose: str, rules: Any, queue: Any, member: Any, buying: Any, now: datetime
) -> None:
    """GDPR Art. 7(3), 18 and 21(3); the topic may rest on a purpose as well as on being a customer."""
    rules(*DEALS, *([f'purpose = "{purpose}"'] if purpose else []))
    buying()
    who = {"person": Person.of_user(member), "surface": "account", "now": now, "actor": Actor.member(member)}
    if word == "takes back":
        agree(member, now)
        withdraw(purpose="news", **who)
    elif word == "restricts":
        restrict(ground="claims", **who)
    else:
        object_to(purpose=purpose if word == "objects" else "", **who)
    stands = word == "takes back" and not purpose
    assert queue(user=member, topic="deals").refused == ("" if stands else "not_allowed")


def test_a_list_that_fails_keeps_nothing_else_from_leaving(
    server: Mailbox, queue: Any, started: Any, now: datetime, actor: Actor
) -> None:
    """A list is the site's own code; what it says when it fails may name somebody."""

    def people() -> Any:
        raise RuntimeError("robin@example.org has no list")

    members(1)
    Mailing.objects.filter(pk=started().pk).update(audience="broken")
    audiences.add("broken", Audience("broken", "Broken", people, "email"))
    try:
        queue(address="robin@example.org", topic="breach")
        assert run(now, actor).errors == ["news-1: RuntimeError"]
    finally:
        audiences.remove("broken")
    assert server.to("robin@example.org")


def test_a_run_asks_for_another_only_where_that_would_find_something(
    server: Mailbox, queue: Any, now: datetime, actor: Actor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a minute's limit, runs that nudge each other would spin until the minute is over."""
    from privacy.messages import outbox

    asked: list[str] = []
    monkeypatch.setattr(outbox, "nudge", asked.append)
    for number in range(3):
        queue(address=f"m{number}@example.org")
    settings.PRIVACY = {**settings.PRIVACY, "MESSAGES_PER_MINUTE": 1}
    assert run(now, actor).counts == {"sent": 1}
    assert run(now, actor).counts == {}
    assert asked == []
    settings.PRIVACY = {**settings.PRIVACY, "MESSAGES_PER_MINUTE": 0, "DISPATCH_SECONDS": 1}
    clock = iter(range(1000))
    monkeypatch.setattr("privacy.messages.dispatching.time.monotonic", lambda: float(next(clock)))
    run(now + timedelta(minutes=2), actor)
    assert asked == ["privacy.dispatch"]
