"""One message: how it leaves, in which form, and what becomes of it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.core.checks import run_checks

from privacy.consent.models import Purpose
from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry
from privacy.messages import services
from privacy.messages.models import OutboxMessage
from tests.messages.conftest import Mailbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]
State = OutboxMessage.State
ADDRESS = "robin@example.org"


def row() -> OutboxMessage:
    return OutboxMessage.objects.get()


def test_a_message_leaves_in_the_promised_form(
    server: Mailbox, rules: Any, queue: Any, send: Any, member: Any, now: datetime
) -> None:
    rules('label = "Advertisement"', 'postal_address_on = "marketing"', 'sender_domains = ["example.org"]')
    queue(user=member)
    assert send().counts == {"sent": 1}
    [mail] = server.to(ADDRESS)
    text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    for part in (text, html):
        assert "Advertisement" in part
        assert "1 Example Street" in part
        assert "https://example.org/privacy/unsubscribe/" in part
        assert "We have something." in part
    assert mail["List-Unsubscribe"].strip().startswith("<https://example.org/privacy/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert ADDRESS not in mail["List-Unsubscribe"]
    assert mail["From"] == "Test Site <site@example.org>"
    sent = row()
    assert (sent.state, sent.linked, sent.labelled, sent.addressed) == (State.SENT, True, True, True)
    assert sent.sender_domain == "example.org"
    assert mail["Message-ID"] == sent.message_id


def test_one_click_is_offered_by_https_only(server: Mailbox, queue: Any, send: Any, settings: Any) -> None:
    """RFC 8058, 3.1. The link itself stays."""
    assert not [one for one in run_checks(include_deployment_checks=True) if one.id == "privacy.W803"]
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "http://example.org"}
    assert [one for one in run_checks(include_deployment_checks=True) if one.id == "privacy.W803"]
    queue(address=ADDRESS)
    send()
    [mail] = server.to(ADDRESS)
    assert mail["List-Unsubscribe"].strip().startswith("<http://example.org/privacy/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] is None


def test_a_text_keeps_its_dots_and_lines_on_the_way(server: Mailbox, queue: Any, send: Any) -> None:
    text = "First\n.\n..two\n.three\nlast." + "\n" + "ü" * 200
    queue(address=ADDRESS, topic="site_mail", text=text)
    send()
    [mail] = server.to(ADDRESS)
    assert text in mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        ("later", State.QUEUED, 451),
        ("later_after", State.QUEUED, 452),
        ("never", State.REFUSED, 550),
        ("never_after", State.REFUSED, 554),
        ("drop", State.AMBIGUOUS, None),
        ("take_and_drop", State.AMBIGUOUS, None),
        ("hang_before", State.QUEUED, None),
        ("hang_after", State.AMBIGUOUS, None),
    ],
)
def test_what_a_server_says_or_does_not_say_decides(
    answer: str, state: str, code: int | None, server: Mailbox, queue: Any, send: Any
) -> None:
    """Before the text nobody has it; after it only the server knows."""
    server.answer = lambda *_: answer
    queue(address=ADDRESS)
    send()
    assert (row().state, row().code, row().attempts) == (state, code, 1)
    assert row().claim is None


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (b"200 taken", State.SENT),
        (b"251 taken, and passed on", State.SENT),
        (b"354 go on", State.AMBIGUOUS),
        (b"mumble", State.AMBIGUOUS),
    ],
)
def test_no_odd_answer_after_the_text_sends_it_again(
    said: bytes, state: str, queue: Any, send: Any, settings: Any
) -> None:
    """Only a 4xx or 5xx says that the server does not have it."""
    with speaking(said) as port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 2
        queue(address=ADDRESS)
        send()
    assert row().state == state


@contextmanager
def speaking(last: bytes) -> Iterator[int]:
    """A server that says yes to everything, and this to the text."""

    def serve() -> None:
        peer, _ = listening.accept()
        with peer, peer.makefile("rb") as lines:
            peer.sendall(b"220 here\r\n")
            for line in lines:
                if line.startswith(b"data"):
                    peer.sendall(b"354 go on\r\n")
                    for part in iter(lines.readline, b".\r\n"):
                        assert part
                    peer.sendall(last + b"\r\n")
                else:
                    peer.sendall(b"250 yes\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


@pytest.mark.parametrize("address", ["a@b..example.org", "a@.example.org", "ü@example.org"])
def test_an_address_that_no_server_can_be_told_stops_nobody_elses_mail(
    address: str, server: Mailbox, queue: Any, send: Any
) -> None:
    queue(address=address, topic="breach")
    queue(address=ADDRESS, topic="breach")
    assert send().counts == {"sent": 1, "refused": 1}
    assert OutboxMessage.objects.get(address=address).reason == "unfit_address"


def test_a_part_that_cannot_be_written_stops_nobody_elses_mail(server: Mailbox, queue: Any, send: Any) -> None:
    queue(address="m1@example.org", topic="breach", content={"headers": {"X-Two": "one\ntwo"}})
    queue(address=ADDRESS, topic="breach")
    assert send().counts == {"sent": 1, "refused": 1}
    assert OutboxMessage.objects.get(address="m1@example.org").reason == "unfit_mail"


def test_what_cannot_be_put_together_is_set_aside_and_tried_again(
    server: Mailbox, queue: Any, send: Any, now: datetime
) -> None:
    """A template or an attachment of other code may fail; nobody behind it waits for ever."""
    queue(address="m1@example.org", topic="breach", content={"attachments": [["a.txt", "x", "text/plain"]]})
    queue(address=ADDRESS, topic="site_mail")
    assert send().counts == {"sent": 1, "put_off": 1}
    bad = OutboxMessage.objects.get(address="m1@example.org")
    assert (bad.state, bad.reason, bad.attempts, bad.claim) == (State.QUEUED, "unfit_form", 1, None)
    OutboxMessage.objects.filter(pk=bad.pk).update(content={})
    assert send(now + timedelta(minutes=2)).counts == {"sent": 1}
    OutboxMessage.objects.filter(pk=bad.pk).update(
        state=State.QUEUED, attempts=11, content={"attachments": [["a.txt", "x", "text/plain"]]}
    )
    assert send(now + timedelta(minutes=3)).counts == {"refused": 1}


def test_one_that_fails_stops_no_other(server: Mailbox, queue: Any, send: Any) -> None:
    fates = ["never", "drop", "hang_before", "later", "hang_after"]
    server.answer = lambda address, _attempt: dict(enumerate(fates)).get(int(address[1]), "take")
    for number in range(9):
        queue(address=f"m{number}@example.org")
    assert send().counts == {"sent": 4, "refused": 1, "ambiguous": 2, "put_off": 2}
    assert len(server.mails) == 4


def test_what_was_put_off_is_tried_again_after_longer_and_longer_times(
    server: Mailbox, queue: Any, send: Any, now: datetime
) -> None:
    server.answer = lambda _address, attempt: "later" if attempt < 3 else "take"
    queue(address=ADDRESS)
    send()
    assert timedelta(0) < row().not_before - now < timedelta(minutes=2)
    send(now + timedelta(seconds=30))
    assert row().attempts == 1
    send(now + timedelta(minutes=2))
    assert row().not_before - now > timedelta(minutes=6)
    send(now + timedelta(minutes=10))
    assert row().state == State.SENT
    assert len(server.to(ADDRESS)) == 1


def test_what_is_put_off_for_days_counts_as_refused(server: Mailbox, queue: Any, send: Any, now: datetime) -> None:
    server.answer = lambda *_: "later"
    queue(address=ADDRESS)
    for day in range(12):
        send(now + timedelta(days=day))
    assert (row().state, row().attempts) == (State.REFUSED, 12)


def test_an_ambiguous_message_is_never_sent_again_by_itself(
    server: Mailbox, queue: Any, send: Any, now: datetime
) -> None:
    server.answer = lambda _address, attempt: "drop" if attempt == 1 else "take"
    queue(address=ADDRESS)
    send()
    for day in range(1, 9):
        assert send(now + timedelta(days=day)).counts == {}
    assert server.attempts[ADDRESS] == 1
    assert EvidenceEntry.objects.filter(act="messages.ambiguous").exists()


@pytest.mark.parametrize(
    ("decision", "state", "taken"), [("arrived", State.SENT, 0), ("again", State.SENT, 1), ("drop", State.DROPPED, 0)]
)
def test_a_person_decides_about_an_ambiguous_message(
    decision: services.Decision,
    state: str,
    taken: int,
    server: Mailbox,
    queue: Any,
    send: Any,
    now: datetime,
    actor: Actor,
) -> None:
    server.answer = lambda _address, attempt: "drop" if attempt == 1 else "take"
    queue(address=ADDRESS)
    send()
    services.decide(message=row(), decision=decision, now=now, actor=actor)
    send()
    assert row().state == state
    assert len(server.to(ADDRESS)) == taken
    with pytest.raises(services.NotInDoubt):
        services.decide(message=row(), decision="again", now=now, actor=actor)


def test_a_server_that_is_away_costs_no_attempt(queue: Any, send: Any, settings: Any, free_port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", free_port, 1
    queue(address=ADDRESS)
    report = send()
    assert "cannot be reached" in report.error
    assert (row().state, row().attempts, row().claim) == (State.QUEUED, 0, None)


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_the_same_key_is_never_sent_twice(server: Mailbox, queue: Any, send: Any) -> None:
    first, second = queue(address=ADDRESS, key="invoice-4711"), queue(address=ADDRESS, key="invoice-4711")
    assert (first.again, second.again, first.id) == (False, True, second.id)
    send()
    assert queue(address=ADDRESS, key="invoice-4711").again
    send()
    assert len(server.to(ADDRESS)) == 1


def test_what_is_urgent_goes_before_what_is_promotion(server: Mailbox, queue: Any, send: Any) -> None:
    queue(address="a@example.org")
    queue(address="b@example.org", topic="breach")
    send()
    assert [recipient for recipient, _mail in server.mails] == ["b@example.org", "a@example.org"]


def test_no_more_leaves_in_a_minute_than_is_allowed(
    server: Mailbox, queue: Any, send: Any, settings: Any, now: datetime
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "MESSAGES_PER_MINUTE": 3}
    for number in range(7):
        queue(address=f"m{number}@example.org")
    assert send().counts == {"sent": 3}
    assert send(now + timedelta(seconds=20)).counts == {}
    assert send(now + timedelta(seconds=70)).counts == {"sent": 3}
    assert send(now + timedelta(seconds=140)).counts == {"sent": 1}


def test_a_message_waits_where_the_site_has_no_address_for_its_way_out(
    server: Mailbox, queue: Any, send: Any, settings: Any
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": ""}
    queue(address=ADDRESS)
    send()
    assert (row().state, row().reason) == (State.DROPPED, "NoWayOut")
    assert not server.mails


def test_a_backend_that_tells_nothing_gives_sent_or_in_doubt(
    queue: Any, send: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core import mail
    from django.core.mail.backends.locmem import EmailBackend

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    queue(address=ADDRESS)
    assert send().counts == {"sent": 1}
    assert mail.outbox[0].to == [ADDRESS]

    def fails(self: Any, messages: Any) -> int:
        raise RuntimeError(ADDRESS)

    monkeypatch.setattr(EmailBackend, "send_messages", fails)
    queue(address="other@example.org")
    assert send().counts == {"ambiguous": 1}
    assert not OutboxMessage.objects.filter(reason__contains="@").exists()


@pytest.mark.parametrize(("status", "state"), [(429, State.QUEUED), (422, State.REFUSED), (503, State.AMBIGUOUS)])
def test_a_provider_that_names_a_status_is_understood(
    status: int, state: str, queue: Any, send: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core.mail.backends.locmem import EmailBackend

    class Refused(Exception):
        status_code = status

    def fails(self: Any, messages: Any) -> int:
        raise Refused

    monkeypatch.setattr(EmailBackend, "send_messages", fails)
    queue(address=ADDRESS)
    send()
    assert row().state == state


def test_the_cost_of_a_run_grows_with_messages_by_one_transaction_each(
    server: Mailbox, queue: Any, send: Callable[..., Any]
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked(count: int, start: int) -> int:
        for number in range(count):
            queue(address=f"m{start + number}@example.org")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            send()
        return len([one for one in seen if one["sql"].startswith(("SELECT", "UPDATE", "INSERT"))])

    few, many = asked(5, 0), asked(45, 100)
    # Two updates a message: what became of the one before, and that this one begins.
    assert many - few <= 2 * 40


def test_a_topic_that_asks_for_a_purpose_nobody_declared_is_named(rules: Any, actor: Actor) -> None:
    def found() -> list[str]:
        return [one.msg for one in run_checks(databases=["default"]) if one.id == "privacy.W804"]

    assert found() == []
    Purpose.objects.filter(code="news").delete()
    [told] = found()
    assert '"newsletter"' in told
    assert '"news"' in told
