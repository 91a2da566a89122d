"""After a restore: opt-outs count again, and nothing that left before leaves again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from privacy.core.actors import Actor
from privacy.disposal.journal.replaying import replay
from privacy.disposal.journal.restores import SiteRestored, notice
from privacy.messages import services
from privacy.messages.models import OutboxMessage, Preference, Suppression
from privacy.messages.tasks import dispatch as task
from tests.disposal.journal.conftest import journal, text_of, undone  # noqa: F401 fixture
from tests.messages.conftest import Mailbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("journal", "site")]
ADDRESS = "robin@example.org"
State = OutboxMessage.State


def test_what_was_sent_before_a_restore_does_not_go_again(
    server: Mailbox, queue: Any, send: Any, now: datetime, actor: Actor
) -> None:
    queue(address=ADDRESS)
    queue(address="b@example.org")
    with undone():
        queue(address="c@example.org", key="made-since")
        assert send().counts == {"sent": 3}
    assert OutboxMessage.objects.queued().count() == 2
    notice(now)
    with pytest.raises(SiteRestored):
        send()
    assert task() == "restored"
    report = replay(now=now, actor=actor)
    assert report.open
    assert report.kinds["dispatched"] == {"told": 3, "sent": 3}
    assert send(now + timedelta(days=1)).counts == {}
    assert queue(address="c@example.org", key="made-since").again
    send(now + timedelta(days=1))
    assert len(server.mails) == 3


def test_opt_outs_are_applied_again_after_a_restore(
    server: Mailbox, queue: Any, send: Any, member: Any, now: datetime, actor: Actor
) -> None:
    queue(user=member)
    with undone():
        services.opt_out(address=ADDRESS, source="staff", now=now, actor=actor)
    assert not Suppression.objects.exists()
    notice(now)
    assert replay(now=now, actor=actor).kinds["suppression"] == {"told": 1, "in_force": 1}
    assert send().counts == {"dropped": 1}
    assert queue(user=member).refused == "opted_out"
    assert not server.mails
    assert replay(now=now, actor=actor).kinds["suppression"] == {"told": 1}
    assert Suppression.objects.count() == 1


def test_a_box_that_was_emptied_is_empty_after_a_restore(
    rules: Any, queue: Any, member: Any, now: datetime, actor: Actor
) -> None:
    """HTC-5.3-2, CPT-2-3."""
    rules('channels = ["email", "phone"]')
    who, other = Actor.member(member), get_user_model().objects.create_user("marian", "marian@example.org")
    before, after = now + timedelta(minutes=1), now + timedelta(hours=1)
    choices = [services.Choice("offers", "email", False), services.Choice("offers", "phone", False)]
    back = [services.Choice("partners", "email", True, "weekly")]
    services.choose(user=member, choices=[services.Choice("partners", "email", False)], now=now, actor=who)
    with undone():
        services.choose(user=member, choices=choices, now=before, actor=who)
        services.choose(user=member, choices=back, now=before, actor=who)
        services.choose(user=member, choices=[services.Choice("offers", "phone", True)], now=after, actor=who)
    assert queue(user=member).refused == ""
    notice(after)
    assert replay(now=after, actor=actor).kinds["choice"] == {"told": 3, "again": 3}
    assert queue(user=member).refused == "not_wanted"
    assert queue(user=member, topic="partners").refused == ""
    assert queue(user=other).refused == ""
    told = Preference.objects.values_list("topic", "channel", "wanted", "frequency")
    assert set(told) == {
        ("offers", "email", False, "every"),
        ("offers", "phone", True, "every"),
        ("partners", "email", True, "weekly"),
    }
    assert replay(now=after, actor=actor).kinds["choice"] == {"told": 3}


def test_a_choice_of_who_is_gone_comes_back_to_nobody(db: None, now: datetime, actor: Actor) -> None:
    with undone():
        brief = get_user_model().objects.create(username="brief", date_joined=now)
        refused = services.Choice("offers", "email", False)
        services.choose(user=brief, choices=[refused], now=now, actor=Actor.member(brief))
    get_user_model().objects.create(pk=brief.pk, username="next", date_joined=now + timedelta(days=1))
    notice(now)
    assert replay(now=now, actor=actor).kinds["choice"] == {"told": 1, "gone": 1}
    assert not Preference.objects.exists()


def test_an_opt_out_that_its_person_lifted_stays_lifted(queue: Any, member: Any, now: datetime, actor: Actor) -> None:
    services.opt_out(address=ADDRESS, source="staff", now=now, actor=actor)
    with undone():
        services.lift(address=ADDRESS, now=now, actor=Actor.member(member))
    notice(now)
    assert replay(now=now, actor=actor).kinds["suppression"]["lifted"] == 1
    assert queue(user=member).refused == ""


def test_what_only_began_to_leave_is_put_before_a_person(
    server: Mailbox, queue: Any, send: Any, now: datetime, actor: Actor
) -> None:
    server.answer = lambda *_: "drop"
    queue(address=ADDRESS)
    with undone():
        assert send().counts == {"ambiguous": 1}
    notice(now)
    assert replay(now=now, actor=actor).kinds["dispatched"]["ambiguous"] == 1
    assert OutboxMessage.objects.get().state == State.AMBIGUOUS
    assert send(now + timedelta(days=1)).counts == {}


def test_a_doubt_that_was_decided_against_sending_does_not_go_after_a_restore(
    server: Mailbox, queue: Any, send: Any, now: datetime, actor: Actor
) -> None:
    server.answer = lambda *_: "take_and_drop"
    queue(address=ADDRESS)
    later = now + timedelta(hours=1)
    with undone():
        assert send().counts == {"ambiguous": 1}
        services.decide(message=OutboxMessage.objects.get(), decision="drop", now=later, actor=actor)
    notice(later)
    replay(now=later, actor=actor)
    assert send(now + timedelta(days=1)).counts == {}
    assert OutboxMessage.objects.get().state == State.AMBIGUOUS


def test_what_the_server_refused_may_go_after_a_restore(
    server: Mailbox, queue: Any, send: Any, now: datetime, actor: Actor
) -> None:
    server.answer = lambda _address, attempt: "later" if attempt == 1 else "take"
    queue(address=ADDRESS)
    with undone():
        assert send().counts == {"put_off": 1}
        queue(address="b@example.org")
    notice(now)
    replay(now=now, actor=actor)
    assert send().counts == {"sent": 1}


def test_the_journal_names_nobody(
    server: Mailbox,
    queue: Any,
    send: Any,
    member: Any,
    now: datetime,
    actor: Actor,
    journal: Path,  # noqa: F811
) -> None:
    queue(user=member)
    send()
    services.opt_out(address=ADDRESS, source="staff", now=now, actor=actor)
    told = text_of(journal)
    assert "dispatched" in told
    assert "suppression" in told
    assert "robin" not in told
    assert "@" not in told
