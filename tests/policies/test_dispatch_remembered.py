"""What is remembered of a mail about a version: its first moment, once, and nothing about who is gone."""

# ruff: noqa: F811 - fixtures of another file

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models.signals import pre_save
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.disposal.mandate import Mandate
from privacy.disposal.services import close_account
from privacy.messages.models import Mailing, OutboxMessage
from privacy.messages.services import prepare, run_outbox
from privacy.policies.models import PolicyNotice, PolicyVersion
from privacy.policies.services import put_away, remember_bounce, remember_dispatch
from tests.messages.conftest import Mailbox
from tests.policies.test_clocks import CPT, DAY, HVR
from tests.policies.test_notices import change, people, site  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)
Publish = Callable[..., PolicyVersion]


@pytest.fixture
def row(people: list[Any], change: Publish, now: datetime) -> OutboxMessage:
    """The mail to Robin, gathered."""
    change()
    prepare(mailing=Mailing.objects.get(), now=now)
    return OutboxMessage.objects.get(user_key=str(people[0].pk))


def test_the_first_dispatch_counts_though_a_mail_is_sent_once_more(row: OutboxMessage, now: datetime) -> None:
    remember_dispatch(message=row, at=now)
    remember_dispatch(message=row, at=now + DAY)
    assert PolicyNotice.objects.get().dispatched_at == now


def test_a_banner_put_away_before_the_mail_keeps_both(row: OutboxMessage, now: datetime) -> None:
    put_away(user_key=row.user_key, versions=["privacy.en.2"], now=now)
    remember_dispatch(message=row, at=now + DAY)
    put_away(user_key=row.user_key, versions=["privacy.en.2"], now=now + 2 * DAY)
    notice = PolicyNotice.objects.get()
    assert (notice.seen_at, notice.dispatched_at, notice.newest) == (now, now + DAY, True)


def test_a_banner_put_away_at_the_very_moment_keeps_no_mail_in_doubt(row: OutboxMessage, now: datetime) -> None:
    """The other row comes between the look and the writing."""

    def meanwhile(instance: PolicyNotice, **kwargs: Any) -> None:
        if instance.dispatched_at:
            PolicyNotice.objects.bulk_create(
                [PolicyNotice(version_id="privacy.en.2", user_key=row.user_key, seen_at=now)], ignore_conflicts=True
            )

    pre_save.connect(meanwhile, sender=PolicyNotice)
    try:
        remember_dispatch(message=row, at=now)
    finally:
        pre_save.disconnect(meanwhile, sender=PolicyNotice)
    assert PolicyNotice.objects.get().dispatched_at == now


def test_nothing_is_remembered_of_an_account_that_is_gone(row: OutboxMessage, now: datetime) -> None:
    get_user_model().objects.filter(pk=row.user_key).delete()
    remember_dispatch(message=row, at=now)
    assert not PolicyNotice.objects.exists()


def test_an_account_closed_while_its_mail_is_under_way_leaves_no_notice(
    server: Mailbox,
    row: OutboxMessage,
    people: list[Any],
    now: datetime,
    actor: Actor,
    monkeypatch: Any,
) -> None:
    """Between the server's yes and the writing down of it, the member goes."""
    from privacy.messages.transport import Carrier

    carry = Carrier.carry

    def carried(self: Carrier, mail: Any) -> Any:
        outcome = carry(self, mail)
        if mail.to == ["robin@example.org"]:
            robin = people[0]
            close_account(user=robin, mandate=Mandate("member", "page", "password"), now=now, actor=Actor.member(robin))
        return outcome

    key = row.user_key
    monkeypatch.setattr(Carrier, "carry", carried)
    run_outbox(now=now, actor=actor)
    assert "robin@example.org" in [address for address, _ in server.mails]
    assert not PolicyNotice.objects.filter(user_key=key).exists()
    assert PolicyNotice.objects.count() == 3


def words_of_mail() -> str:
    return Mailing.objects.get().text


def test_a_mail_that_goes_first_says_that_its_own_day_counts(
    people: list[Any],
    change: Publish,
    now: datetime,
) -> None:
    """HVR: the mail is the first notice, thirty days from it, though the page shows it ten days later."""
    change(HVR, post_at=now + 10 * DAY)
    assert "30 days after this mail was sent" in words_of_mail()
    assert "at the latest: April 25, 2026" in words_of_mail()


def test_a_mail_without_any_clock_of_its_own_names_the_day(
    people: list[Any],
    change: Publish,
    now: datetime,
) -> None:
    change(HVR)
    assert "It is in force from April 15, 2026" in words_of_mail()


def test_the_days_of_a_mail_are_those_of_the_site_wherever_its_publisher_is(
    people: list[Any],
    change: Publish,
    now: datetime,
) -> None:
    with timezone.override("Pacific/Kiritimati"):
        change(CPT)
    assert "March 18, 2026, 1 p.m." in words_of_mail()


def test_the_first_bounce_is_kept_though_a_server_says_it_again(row: OutboxMessage, now: datetime) -> None:
    remember_dispatch(message=row, at=now)
    for day in (1, 2):
        remember_bounce(message=row, at=now + day * DAY)
    notice = PolicyNotice.objects.get()
    assert (notice.dispatched_at, notice.bounced_at) == (now, now + DAY)
