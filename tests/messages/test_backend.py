"""The site's other mail under the same rules, and what a provider reports about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.mime.application import MIMEApplication
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent
from anymail.signals import tracking as provider_tracking
from django.contrib.auth import forms as auth_forms
from django.core.mail import EmailMultiAlternatives, mail_admins, send_mail
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.messages import services
from privacy.messages.models import MailEvent, Mailing, OutboxMessage, Suppression
from privacy.messages.resetting import PasswordResetForm
from privacy.messages.rules import UnknownTopic
from tests.messages.conftest import Mailbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]
ADDRESS = "robin@example.org"


@pytest.fixture
def ours(server: Mailbox, settings: Any) -> Mailbox:
    """The site uses our backend, and ours Django's."""
    settings.EMAIL_BACKEND = "privacy.messages.backends.EmailBackend"
    return server


@pytest.fixture
def send(actor: Actor) -> Any:
    """One run of the outbox, by the clock: a backend is a door, and reads it."""
    return lambda: services.dispatch(now=timezone.now(), actor=actor)


def write(**words: Any) -> EmailMultiAlternatives:
    given = {"subject": "Your order", "body": "It is on its way.", "from_email": None, "to": [ADDRESS]}
    return EmailMultiAlternatives(**given | words)


def test_a_mail_of_other_code_leaves_with_the_next_run(ours: Mailbox, send: Any) -> None:
    assert send_mail("Your order", "It is on its way.", None, [ADDRESS]) == 1
    assert not ours.mails
    send()
    [mail] = ours.to(ADDRESS)
    assert mail["Subject"] == "Your order"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().strip() == "It is on its way."


def test_a_mail_keeps_all_that_it_carried(ours: Mailbox, send: Any) -> None:
    mail = write(reply_to=["help@example.org"], headers={"X-Order": "4711"}, cc=["copy@example.org"])
    mail.attach_alternative("<p>It is <b>on its way</b>.</p>", "text/html")
    mail.attach("bill.txt", "twelve euros", "text/plain")
    mail.attach(MIMEApplication(b"\x00\x01", Name="data.bin"))
    mail.send()
    send()
    assert sorted(recipient for recipient, _mail in ours.mails) == ["copy@example.org", ADDRESS]
    [found] = ours.to(ADDRESS)
    assert "<b>on its way</b>" in found.get_body(("html",)).get_content()
    assert (found["Reply-To"], found["X-Order"], found["To"]) == ("help@example.org", "4711", ADDRESS)
    parts = {part.get_filename(): part.get_content() for part in found.iter_attachments()}
    assert parts["bill.txt"].strip() == "twelve euros"
    assert b"\x00\x01" in parts.values()


def test_every_mail_carries_the_way_out_where_the_policy_promises_it(rules: Any, ours: Mailbox, send: Any) -> None:
    """HMY-15-8, T43."""
    rules('link_on = "every"')
    mail = write()
    mail.attach_alternative("<p>Hello</p>", "text/html")
    mail.send()
    send()
    [found] = ours.to(ADDRESS)
    for kind in ("plain", "html"):
        assert "https://example.org/privacy/unsubscribe/" in found.get_body((kind,)).get_content()
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_topic_in_the_header_decides(ours: Mailbox, send: Any, now: datetime, actor: Actor) -> None:
    services.opt_out(address=ADDRESS, level="all", source="staff", now=now, actor=actor)
    write().send()
    write(headers={"X-Privacy-Topic": "offers"}).send()
    write(headers={"X-Privacy-Topic": "request_answer"}).send()
    send()
    [mail] = ours.to(ADDRESS)
    assert OutboxMessage.objects.get(state="sent").topic == "request_answer"
    assert "X-Privacy-Topic" not in mail
    with pytest.raises(UnknownTopic):
        write(headers={"X-Privacy-Topic": "anything"}).send()


def test_a_password_reset_reaches_even_whoever_stopped_all_correspondence(
    rules: Any, ours: Mailbox, send: Any, member: Any, now: datetime
) -> None:
    rules('opt_out = "all"')
    services.stop_all(user=member, now=now, actor=Actor.member(member))
    words = {"domain_override": "example.org", "email_template_name": "registration/password_reset_subject.txt"}
    for form in (auth_forms.PasswordResetForm({"email": ADDRESS}), PasswordResetForm({"email": ADDRESS})):
        assert form.is_valid()
        form.save(**words)
    send()
    [mail] = ours.to(ADDRESS)
    assert "example.org" in mail["Subject"]
    assert OutboxMessage.objects.get(state="sent").topic == "request_answer"


def test_a_key_in_the_header_sends_once(ours: Mailbox, send: Any) -> None:
    for _ in range(2):
        write(headers={"X-Privacy-Key": "order-4711"}).send()
    send()
    assert len(ours.mails) == 1


def test_an_alarm_to_the_sites_admins_goes_straight_on(ours: Mailbox, settings: Any) -> None:
    settings.ADMINS = [("Site admin", "admin@example.org")]
    mail_admins("The night failed", "Look at it.")
    assert len(ours.to("admin@example.org")) == 1
    assert not OutboxMessage.objects.exists()


def test_a_mail_of_a_transaction_that_is_undone_never_leaves(ours: Mailbox, send: Any) -> None:
    from django.db import transaction

    with transaction.atomic():
        write().send()
        transaction.set_rollback(True)
    send()
    assert not ours.mails


# --- what a provider reports --------------------------------------------------------------------


def reported(message: OutboxMessage, kind: str, at: datetime) -> None:
    event = AnymailTrackingEvent(event_type=kind, timestamp=at, message_id=message.message_id, event_id="1")
    provider_tracking.send(sender=object, event=event, esp_name="Test")


def sent(queue: Any, send: Any, **words: Any) -> OutboxMessage:
    queue(address=ADDRESS, **words)
    send()
    return OutboxMessage.objects.latest("pk")


def test_a_bounce_is_kept_and_stops_nothing_else(server: Mailbox, queue: Any, send: Any, now: datetime) -> None:
    """T31: dispatch counts, the bounce is kept beside it."""
    message = sent(queue, send)
    for _ in range(2):
        reported(message, "bounced", now)
    message.refresh_from_db()
    assert (message.state, message.bounced_at) == ("sent", now)
    assert MailEvent.objects.count() == 1
    assert queue(address=ADDRESS).refused == ""


def test_who_marks_promotion_as_spam_has_opted_out(server: Mailbox, queue: Any, send: Any, now: datetime) -> None:
    reported(sent(queue, send), "complained", now)
    assert Suppression.objects.get().source == "complaint"
    assert queue(address=ADDRESS).refused == "opted_out"


def test_openings_are_kept_only_where_the_mailing_says_so(
    server: Mailbox, queue: Any, send: Any, now: datetime
) -> None:
    """HVR-5-1, HTC-2.2-2."""
    message = sent(queue, send)
    reported(message, "opened", now)
    assert not MailEvent.objects.exists()
    mailing = Mailing.objects.create(
        code="x", topic="offers", kind="marketing_own", audience="members", language="en", sender="a@example.org",
        subject="s", text="t", tracking=True, created_at=now,
    )  # fmt: skip
    OutboxMessage.objects.filter(pk=message.pk).update(mailing=mailing)
    reported(message, "opened", now)
    reported(message, "clicked", now + timedelta(minutes=1))
    assert set(MailEvent.objects.values_list("kind", "tracked")) == {("opened", True), ("clicked", True)}


def test_an_event_of_a_mail_that_nobody_knows_is_left_alone(now: datetime) -> None:
    reported(OutboxMessage(message_id="<unknown@example.org>"), "bounced", now)
    reported(OutboxMessage(message_id=""), "bounced", now)
    assert not MailEvent.objects.exists()
