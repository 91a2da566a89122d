"""``privacy_dispatch``: the outbox of a site that has cron and no Celery worker."""

from __future__ import annotations

import json
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.mail import send_mail
from django.core.management import CommandError, call_command

from privacy.core.actors import Actor
from privacy.disposal.journal.restores import SiteRestored
from privacy.messages import services
from privacy.messages.models import OutboxMessage
from tests.messages.conftest import Mailbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]
ADDRESS = "robin@example.org"


def run(*words: str) -> tuple[int, str]:
    """Exit code and standard output."""
    out = StringIO()
    try:
        call_command("privacy_dispatch", *words, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def test_what_the_site_wrote_leaves_without_a_worker(server: Mailbox, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "MAIL_BACKEND": settings.EMAIL_BACKEND}
    settings.EMAIL_BACKEND = "privacy.messages.backends.EmailBackend"
    send_mail("Your order", "It is on its way.", None, [ADDRESS])
    assert not server.to(ADDRESS)
    assert run() == (0, "1 sent\n")
    assert len(server.to(ADDRESS)) == 1
    assert run() == (0, "Nothing was due.\n")


def test_a_mailing_is_gathered_sent_and_finished(server: Mailbox, member: Any, now: datetime, actor: Actor) -> None:
    mailing = services.write(
        code="news-1", topic="offers", audience="members", sender="site@example.org", language="en",
        subject="News", text="Hello", now=now, actor=actor,
    )  # fmt: skip
    services.test(mailing=mailing, address="staff@example.org", now=now)
    mailing.refresh_from_db()
    mailing = services.approve(mailing=mailing, promotional=True, now=now, actor=actor)
    services.start(mailing=mailing, now=now, actor=actor)
    assert run() == (0, "1 recipient gathered, 2 sent, 1 mailing finished\n")
    assert len(server.to(ADDRESS)) == 1


def test_json_is_the_report(server: Mailbox, queue: Any) -> None:
    queue(address=ADDRESS)
    code, text = run("--json")
    assert (code, json.loads(text)) == (0, {"gathered": 0, "counts": {"sent": 1}, "finished": 0, "errors": []})


def test_a_server_that_cannot_be_reached_ends_with_one_and_loses_nothing(queue: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1
    queue(address=ADDRESS)
    code, text = run()
    assert code == 1
    assert "the mail server cannot be reached" in text
    assert OutboxMessage.objects.get().state == OutboxMessage.State.QUEUED


def test_after_a_restore_nothing_leaves_before_the_replay(queue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(address=ADDRESS)

    def restored() -> None:
        raise SiteRestored

    monkeypatch.setattr("privacy.messages.outbox.require_whole", restored)
    code, text = run()
    assert code == 1
    assert "privacy_replay" in text
