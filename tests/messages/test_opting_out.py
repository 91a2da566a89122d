"""Opt-outs: what they stop, what they do not, and what they survive."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from privacy.consent.models import Choice as ConsentChoice
from privacy.consent.people import Person
from privacy.consent.permission import may_process
from privacy.consent.queries import last_word, served
from privacy.consent.services import decide, object_to, restrict
from privacy.core.actors import Actor
from privacy.datamap import graph
from privacy.disposal.mandate import Mandate
from privacy.disposal.services import close_account
from privacy.evidence.models import EvidenceEntry
from privacy.messages import dispatching, services
from privacy.messages.classes import Channel
from privacy.messages.models import OutboxMessage, Preference, Suppression
from privacy.messages.tokens import UnknownToken, read_token, token_for
from tests.host.models import NewsletterContact
from tests.messages.conftest import PASSWORD, Mailbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]
ADDRESS = "robin@example.org"
State = OutboxMessage.State


def opt_out(now: datetime, actor: Actor, **words: Any) -> services.OptOutReport:
    return services.opt_out(**{"address": ADDRESS, "source": "staff", "now": now, "actor": actor} | words)


def agree(user: Any, now: datetime, purpose: str = "news") -> None:
    agree_as(Person.of_user(user), now, Actor.member(user), purpose)


def agree_as(person: Person, now: datetime, actor: Actor, purpose: str = "news") -> None:
    wording = served([purpose], language="en")[purpose]
    decide(
        person=person,
        purpose=purpose,
        choice=ConsentChoice.GIVEN,
        wording=wording,
        surface="account",
        language="en",
        network=None,
        now=now,
        actor=actor,
    )


def test_a_suppressed_erased_and_registered_anew_address_gets_no_marketing_and_does_get_a_legal_notice(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, actor: Actor
) -> None:
    opt_out(now, actor)
    close_account(user=member, mandate=Mandate("member", "page", "password"), now=now, actor=actor)
    assert not get_user_model().objects.filter(username="robin").exists()
    again = get_user_model().objects.create_user("robin", "Robin@Example.ORG ", PASSWORD)
    assert queue(user=again).refused == "opted_out"
    assert queue(user=again, topic="legal_notice").refused == ""
    send(now + timedelta(days=400))
    [(recipient, mail)] = server.mails
    assert recipient == "Robin@example.org"
    assert "unsubscribe" not in mail.as_string()


def test_an_opt_out_survives_a_rotation_of_keys(
    queue: Any, member: Any, now: datetime, actor: Actor, settings: Any
) -> None:
    opt_out(now, actor)
    link = token_for(ADDRESS, "offers")
    settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": ["a" * 40]}
    assert queue(user=member).refused == "opted_out"
    assert read_token(link).topic == "offers"
    services.leave(token=link, level="all", now=now, actor=actor)
    settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": ["b" * 40, "a" * 40]}
    assert queue(user=member, topic="site_mail").refused == "opted_out"


def test_queued_mail_is_dropped_at_dispatch_when_the_opt_out_came_after(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(user=member)
    queue(user=member, topic="site_mail")
    # Past the service, as a restore or another database would leave it: whoever sends asks again.
    monkeypatch.setattr("privacy.messages.suppression.drop_queued", lambda **_: 0)
    opt_out(now, actor)
    assert send().counts == {"sent": 1, "dropped": 1}
    dropped = OutboxMessage.objects.get(topic="offers")
    assert (dropped.state, dropped.reason) == (State.DROPPED, "opted_out")


def test_an_opt_out_drops_what_waits_at_once(queue: Any, member: Any, now: datetime, actor: Actor) -> None:
    queue(user=member)
    queue(address="other@example.org")
    assert opt_out(now, actor).dropped == 1
    assert OutboxMessage.objects.queued().count() == 1


def test_an_opt_out_that_comes_while_a_run_is_at_work_still_stops_what_has_not_begun(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, actor: Actor
) -> None:
    queue(address="first@example.org")
    queue(user=member)

    def answer(recipient: str, _attempt: int) -> str:
        from threading import Thread

        from django.db import connection

        def leave() -> None:
            opt_out(now, actor)
            connection.close()

        if recipient == "first@example.org":
            thread = Thread(target=leave)
            thread.start()
            thread.join()
        return "take"

    server.answer = answer
    send()
    assert [recipient for recipient, _mail in server.mails] == ["first@example.org"]


def test_a_box_that_is_emptied_while_a_run_is_at_work_still_stops_what_has_not_begun(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(address="first@example.org")
    queue(user=member)
    composed = dispatching.compose

    def and_meanwhile(message: OutboxMessage, **words: Any) -> Any:
        if message.address == "first@example.org":
            refused = services.Choice("offers", "email", False)
            services.choose(user=member, choices=[refused], now=now, actor=Actor.member(member))
        return composed(message, **words)

    monkeypatch.setattr(dispatching, "compose", and_meanwhile)
    send()
    assert [recipient for recipient, _mail in server.mails] == ["first@example.org"]
    assert OutboxMessage.objects.get(user_key=str(member.pk)).reason == "not_wanted"


@pytest.mark.parametrize("raises", [object_to, partial(restrict, ground="claims")])
def test_an_objection_to_everything_keeps_promotion_away_that_names_no_purpose(
    raises: Any, queue: Any, member: Any, now: datetime
) -> None:
    queue(user=member)
    raises(person=Person.of_user(member), surface="account", now=now, actor=Actor.member(member))
    assert OutboxMessage.objects.get().state == State.DROPPED
    assert queue(user=member).refused == "not_allowed"
    assert queue(user=member, topic="administration").refused == ""


@pytest.mark.parametrize(
    ("level", "stopped"),
    [
        ("topic", {"offers"}),
        ("marketing", {"offers", "partners", "newsletter"}),
        ("all", {"offers", "partners", "newsletter", "site_mail", "administration"}),
    ],
)
def test_each_level_stops_what_it_says(
    level: str, stopped: set[str], queue: Any, member: Any, now: datetime, actor: Actor
) -> None:
    agree(member, now)
    opt_out(now, actor, level=level, topic="offers")
    topics = [
        "offers", "partners", "newsletter", "site_mail", "administration", "breach", "request_answer", "legal_notice",
    ]  # fmt: skip
    assert {topic for topic in topics if queue(user=member, topic=topic).refused} == stopped


def test_all_correspondence_stops_service_mail_while_breach_notices_and_answers_go_and_each_is_logged(
    rules: Any, server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, actor: Actor
) -> None:
    """HMY-15-9, T41."""
    rules('opt_out = "all"', 'link_on = "every"')
    services.leave(token=token_for(ADDRESS, "site_mail"), now=now, actor=actor)
    assert queue(user=member, topic="site_mail").refused == "opted_out"
    queue(user=member, topic="breach")
    queue(user=member, topic="request_answer")
    assert send().counts == {"sent": 2}
    logged = EvidenceEntry.objects.filter(act="messages.exempt_sent")
    assert [entry.detail.details["why"] for entry in logged] == ["request", "breach"]
    assert {entry.detail.subject_key for entry in logged} == {str(member.pk)}


def test_administrative_mail_goes_on_after_an_opt_out_of_promotion(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, actor: Actor
) -> None:
    """HTC-5.3-3, CPT-6-3."""
    services.leave(token=token_for(ADDRESS, "offers"), now=now, actor=actor)
    queue(user=member, topic="administration")
    queue(user=member, topic="offers")
    assert send().counts == {"sent": 1}
    assert not EvidenceEntry.objects.filter(act="messages.exempt_sent").exists()


def test_a_newsletter_goes_only_to_an_express_opt_in(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime
) -> None:
    """HVR-4-1, T18: being a member or a subscriber of anything else is no opt-in."""
    assert queue(user=member, topic="newsletter").refused == "not_allowed"
    agree(member, now)
    assert queue(user=member, topic="newsletter").refused == ""
    assert queue(address="stranger@example.org", topic="newsletter").refused == "not_allowed"
    send()
    assert [recipient for recipient, _mail in server.mails] == [ADDRESS]


def test_a_consent_withdrawn_after_queueing_drops_what_waits(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime
) -> None:
    from privacy.consent.services import withdraw

    agree(member, now)
    queue(user=member, topic="newsletter")
    withdraw(person=Person.of_user(member), purpose="news", surface="account", now=now, actor=Actor.member(member))
    assert OutboxMessage.objects.get().state == State.DROPPED
    assert send().counts == {}


# --- the link ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_link_scanner_unsubscribes_nobody(method: str, client: Client) -> None:
    answer = getattr(client, method)(f"/privacy/unsubscribe/{token_for(ADDRESS, 'offers')}/")
    assert answer.status_code in (200, 405)
    assert not Suppression.objects.exists()


def test_one_click_of_a_mail_program_unsubscribes_without_cookie_or_sign_in() -> None:
    """RFC 8058: a POST with one field, from nowhere in particular."""
    client = Client(enforce_csrf_checks=True)
    link = f"/privacy/unsubscribe/{token_for(ADDRESS, 'offers')}/"
    answer = client.post(link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    row = Suppression.objects.get()
    assert (row.source, row.level, row.topic) == ("one_click", "marketing", "")


def test_the_page_asks_how_much_and_stops_just_that(client: Client) -> None:
    link = f"/privacy/unsubscribe/{token_for(ADDRESS, 'offers')}/"
    assert client.post(link, {}).status_code == 400
    assert not Suppression.objects.exists()
    assert client.post(link, {"level": "topic"}).status_code == 200
    assert Suppression.objects.get().level == "topic"
    assert client.post(link, {"level": "topic"}).status_code == 200
    assert Suppression.objects.count() == 1


def test_a_link_of_a_forwarded_or_very_old_mail_still_works(client: Client, queue: Any, member: Any) -> None:
    queue(user=member)
    link = f"/privacy/unsubscribe/{token_for(ADDRESS, 'a_topic_long_gone')}/"
    OutboxMessage.objects.all().delete()
    member.delete()
    assert client.post(link, {"level": "marketing"}).status_code == 200
    assert Suppression.objects.get().level == "marketing"


def test_a_link_carries_no_address_and_cannot_be_made_up(client: Client) -> None:
    token = token_for(ADDRESS, "offers")
    assert "robin" not in token
    for wrong in (token[:-1], token.replace("offers", "partners"), "x", "a.b.c.d", "ü.ü.ü.ü"):
        with pytest.raises(UnknownToken):
            read_token(wrong)
        assert client.get(f"/privacy/unsubscribe/{wrong}/").status_code == 404


def test_leaving_a_newsletter_by_its_link_withdraws_the_consent_too(
    rules: Any, server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, actor: Actor
) -> None:
    """HVR-4-2."""
    rules('opt_out = "topic"')
    agree(member, now)
    queue(user=member, topic="newsletter")
    send()
    services.leave(token=token_for(ADDRESS, "newsletter"), one_click=True, now=now, actor=actor)
    assert not may_process(Person.of_user(member), "news", now=now)
    assert Suppression.objects.get().topic == "newsletter"
    assert queue(user=member, topic="newsletter").refused == "opted_out"
    assert queue(user=member, topic="offers").refused == ""


def test_leaving_by_the_link_withdraws_the_consent_of_people_without_an_account(
    queue: Any, now: datetime, actor: Actor
) -> None:
    person = Person(address=ADDRESS)
    agree_as(person, now, actor)
    assert queue(address=ADDRESS, topic="newsletter").refused == ""
    services.leave(token=token_for(ADDRESS, "newsletter"), one_click=True, now=now, actor=actor)
    assert not may_process(person, "news", now=now)


def test_a_link_from_before_a_rotation_drops_what_was_queued_after_it(
    queue: Any, settings: Any, now: datetime, actor: Actor
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": ["first-key-of-thirty-two-letters-or-more"]}
    old = token_for(ADDRESS, "offers")
    queue(address=ADDRESS)
    keys = ["second-key-of-thirty-two-letters-or-more", "first-key-of-thirty-two-letters-or-more"]
    settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": keys}
    queue(address=ADDRESS)
    assert services.leave(token=old, now=now, actor=actor).dropped == 2


# --- by other ways ----------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["STOP", " stop ", "Stop please", "stop!"])
def test_a_stop_word_stops_texts(answer: str, now: datetime, actor: Actor) -> None:
    report = services.receive_text(number="+44 20 7946-0000", text=answer, now=now, actor=actor)
    assert report.stopped
    assert services.stops_of(Channel.TEXT, ["0044 2079460000"])
    assert not services.stops_of(Channel.PHONE, ["0044 2079460000"])


@pytest.mark.parametrize("answer", ["", "nonstop", "please go on", "?"])
def test_any_other_answer_stops_nothing(answer: str, now: datetime, actor: Actor) -> None:
    assert not services.receive_text(number="+442079460000", text=answer, now=now, actor=actor).stopped
    assert not Suppression.objects.exists()


def test_an_opt_out_that_came_in_writing_counts_from_the_day_it_came(now: datetime, actor: Actor) -> None:
    opt_out(now, actor, requested_at=now - timedelta(days=3))
    row = Suppression.objects.get()
    assert (row.requested_at, row.entered_at) == (now - timedelta(days=3), now)
    with pytest.raises(services.OptOutInFuture):
        opt_out(now, actor, address="x@example.org", requested_at=now + timedelta(days=1))


def test_only_the_person_lifts_an_opt_out_and_only_for_what_they_ask_for(
    queue: Any, member: Any, now: datetime, actor: Actor
) -> None:
    opt_out(now, actor)
    choices = [services.Choice("offers", "email", True)]
    services.choose(user=member, choices=choices, now=now, actor=Actor.member(member))
    assert queue(user=member, topic="offers").refused == ""
    assert queue(user=member, topic="partners").refused == "opted_out"


def test_who_agrees_again_after_an_opt_out_gets_just_that_again(
    queue: Any, member: Any, now: datetime, actor: Actor
) -> None:
    services.stop_all(user=member, now=now, actor=Actor.member(member))
    agree(member, now)
    assert queue(user=member, topic="newsletter").refused == ""
    assert queue(user=member, topic="offers").refused == "opted_out"
    assert queue(user=member, topic="partners").refused == "opted_out"


def test_saving_the_page_refuses_nothing_that_a_member_agreed_to(
    queue: Any, member: Any, now: datetime, actor: Actor
) -> None:
    agree(member, now)
    shown = {one.topic.code: one for one in services.standings(member, now=now)}
    assert shown["newsletter"].granted
    assert shown["newsletter"].channels == {"email": True}
    same = [
        services.Choice(one.topic.code, channel, wanted)
        for one in shown.values()
        for channel, wanted in one.channels.items()
    ]
    assert services.choose(user=member, choices=same, now=now, actor=Actor.member(member)) == 0
    assert queue(user=member, topic="newsletter").refused == ""


def test_no_address_is_kept_of_an_opt_out(now: datetime, actor: Actor) -> None:
    opt_out(now, actor)
    values = [str(value) for row in Suppression.objects.values() for value in row.values()]
    assert not [value for value in values if "robin" in value or "@" in value]


# --- preferences ------------------------------------------------------------------------------


def test_a_refused_topic_is_not_sent_and_another_is(server: Mailbox, queue: Any, member: Any, now: datetime) -> None:
    """HTC-5.3-2."""
    services.choose(
        user=member, choices=[services.Choice("offers", "email", False)], now=now, actor=Actor.member(member)
    )
    assert queue(user=member, topic="offers").refused == "not_wanted"
    assert queue(user=member, topic="partners").refused == ""
    assert EvidenceEntry.objects.filter(act="messages.preference_set").count() == 1


def test_once_a_month_is_once_a_month(server: Mailbox, queue: Any, send: Any, member: Any, now: datetime) -> None:
    wanted = services.Choice("offers", "email", True, "monthly")
    services.choose(user=member, choices=[wanted], now=now, actor=Actor.member(member))
    queue(user=member)
    send()
    assert queue(user=member, now=now + timedelta(days=30)).refused == "too_often"
    assert queue(user=member, now=now + timedelta(days=32)).refused == ""


def test_no_promotion_goes_to_an_address_that_only_a_client_gave(
    server: Mailbox, queue: Any, send: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTC-3.3-3: asked when it is queued, and again when it leaves."""
    queue(address=ADDRESS)
    declared = graph.find(NewsletterContact)
    monkeypatch.setattr(declared, "scope", "client")
    NewsletterContact.objects.create(address=ADDRESS, joined_at=now)
    assert send().counts == {"dropped": 1}
    assert queue(address=ADDRESS).refused == "of_a_client"
    assert queue(address=ADDRESS, topic="request_answer").refused == ""
    get_user_model().objects.create_user("robin", ADDRESS)
    assert queue(address=ADDRESS).refused == ""


def test_of_two_that_wait_together_who_wants_few_gets_one(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime
) -> None:
    wanted = services.Choice("offers", "email", True, "weekly")
    services.choose(user=member, choices=[wanted], now=now, actor=Actor.member(member))
    queue(user=member)
    queue(user=member)
    queue(user=member, topic="partners")
    assert send().counts == {"sent": 2, "dropped": 1}
    assert OutboxMessage.objects.get(state=State.DROPPED).reason == "too_often"


def test_what_perhaps_arrived_counts_for_who_wants_few(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime
) -> None:
    wanted = services.Choice("offers", "email", True, "weekly")
    services.choose(user=member, choices=[wanted], now=now, actor=Actor.member(member))
    server.answer = lambda *_: "take_and_drop"
    queue(user=member)
    send()
    assert queue(user=member, now=now + timedelta(days=1)).refused == "too_often"


def test_lists_for_the_sites_own_channels_leave_out_who_refused(rules: Any, member: Any, now: datetime) -> None:
    """CPT-2-3."""
    rules('channels = ["email", "text", "phone", "post"]')
    other = get_user_model().objects.create_user("marian", "marian@example.org")
    refused = services.Choice("offers", "phone", False)
    services.choose(user=member, choices=[refused], now=now, actor=Actor.member(member))
    keys = [str(member.pk), str(other.pk)]
    assert services.reachable(user_keys=keys, topic="offers", channel="phone") == {str(other.pk)}
    assert services.reachable(user_keys=keys, topic="newsletter", channel="post") == set()


def test_the_one_press_takes_back_the_consent_that_a_newsletter_rests_on(member: Any, now: datetime) -> None:
    agree(member, now)
    services.stop_all(user=member, now=now, actor=Actor.member(member))
    told = last_word(Person.of_user(member), "news")
    assert told is not None
    assert told.decision == "withdrawn"


def test_one_press_stops_all_promotion_by_every_channel(rules: Any, queue: Any, member: Any, now: datetime) -> None:
    rules('channels = ["email", "phone"]')
    services.stop_all(user=member, now=now, actor=Actor.member(member))
    assert queue(user=member).refused == "opted_out"
    assert set(Preference.objects.values_list("wanted", flat=True)) == {False}
    assert queue(user=member, topic="administration").refused == ""
