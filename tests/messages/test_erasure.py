"""What is kept about messages goes with the person, and what waits never leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from privacy.core.actors import Actor
from privacy.disposal.mandate import Mandate
from privacy.disposal.services import close_account
from privacy.messages import services
from privacy.messages.models import MailEvent, OutboxMessage, Preference
from privacy.promises.models import ProfileTable
from privacy.retention.models import Schedule
from privacy.retention.services import sync_schedules
from tests.messages.conftest import Mailbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]
PASSWORD = Mandate("member", "page", "password")


def close(user: Any, now: datetime, actor: Actor) -> str:
    return close_account(user=user, mandate=PASSWORD, now=now, actor=actor).status


def test_an_erased_person_leaves_nothing_in_the_outbox(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, actor: Actor
) -> None:
    queue(user=member)
    send()
    queue(user=member, topic="administration")
    queue(address=member.email, topic="site_mail")
    queue(address="other@example.org")
    choice = services.Choice("offers", "email", True, "weekly")
    services.choose(user=member, choices=[choice], now=now, actor=Actor.member(member))
    MailEvent.objects.create(message=1, user_key=str(member.pk), kind="bounced", at=now)
    assert close(member, now, actor) == "done"
    assert list(OutboxMessage.objects.values_list("address", flat=True)) == ["other@example.org"]
    assert not Preference.objects.exists()
    assert not MailEvent.objects.exists()
    send()
    assert [recipient for recipient, _mail in server.mails][1:] == ["other@example.org"]


def test_what_waits_for_an_account_that_is_being_closed_is_dropped_but_for_what_the_law_wants(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, actor: Actor
) -> None:
    queue(user=member)
    queue(user=member, topic="breach")
    ProfileTable.objects.filter(name="closure").update(table={"after": "P3M"})
    assert close(member, now, actor) == "scheduled"
    assert send().counts == {"sent": 1, "dropped": 1}
    assert OutboxMessage.objects.get(state="dropped").reason == "account_gone"


def test_what_was_sent_has_an_end(queue: Any, now: datetime, actor: Actor) -> None:
    sync_schedules(now=now, actor=actor)
    periods = {row.name: row for row in Schedule.objects.all()}
    assert any("OutboxMessage" in name for name in periods), sorted(periods)
    assert any("MailEvent" in name for name in periods)


def test_the_beat_knows_the_outbox_once(db: None) -> None:
    from django.apps import apps
    from django.core.management import call_command

    rows = apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(task="privacy.dispatch")
    call_command("migrate", verbosity=0, run_syncdb=True)
    assert rows.count() <= 1
    if not rows.exists():
        pytest.skip("registered once in this database, and flushed since")
    assert rows.get().interval.every == 1


def test_messages_of_one_person_are_found_in_the_export_words(queue: Any, now: datetime) -> None:
    from privacy.datamap import graph

    declared = graph.find(OutboxMessage)
    assert declared is not None
    assert "text" in declared.data.export
    queue(address="x@example.org", now=now + timedelta(days=1))
