"""Fills the small site from a seed, as a program: people who closed their accounts, people who stay, all their traces.

The moments lie far from every end of a period, so that any night of the same week does the same.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

STAYING = 60
#: Of the closed accounts so many asked for it themselves; the site closed the others by its own flag.
ASKED = 5


def fill(*, closed: int, seed: int, night: datetime) -> None:
    """An empty database becomes a site whose night at ``night`` has much to do."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)

    from django.db import transaction

    from privacy.core.actors import Actor
    from privacy.retention.services import sync_schedules

    with transaction.atomic():
        people = _people(closed, Random(seed), night)
        _belongings(people, Random(seed), night)
        _outside(people)
        _close_by_themselves(people[:closed:ASKED], night)
        _nobodys(night)
        _dumps(night)
        _approved(night)
        sync_schedules(now=night - timedelta(days=1), actor=Actor.system("tests"))


def _people(closed: int, chance: Random, night: datetime) -> list[Any]:
    from django.contrib.auth import get_user_model

    from tests.host.models import Customer

    users = get_user_model()
    users.objects.create(username="former-member", password="!")
    made = users.objects.bulk_create(
        users(
            username=f"m{n}",
            email=f"m{n}@example.org",
            first_name=f"first{n}",
            last_name=f"last{n}",
            password="!",
            is_active=n >= closed or n % ASKED == 0,
            date_joined=night - timedelta(days=chance.randint(100, 900)),
        )
        for n in range(closed + STAYING)
    )
    Customer.objects.bulk_create(
        Customer(
            user=user,
            display_name=f"name of {user.username}",
            phone=str(chance.randint(10_000, 99_999)),
            closed_at=None if user.is_active else night - timedelta(days=chance.randint(3, 60), minutes=n),
        )
        for n, user in enumerate(made)
    )
    return list(made)


def _belongings(people: Sequence[Any], chance: Random, night: datetime) -> None:
    from django.contrib.admin.models import CHANGE, LogEntry
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.core.cache import cache
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from privacy.disposal.models import SessionIndex
    from tests.host import models as host

    def ago(least: int, most: int) -> datetime:
        return night - timedelta(days=chance.randint(least, most), minutes=chance.randint(1, 1000))

    def others() -> Any:
        return chance.choice(people)

    orders, lines, views, notes, sessions, index, uploads, log = [], [], [], [], [], [], [], []
    user_type, order_type = map(ContentType.objects.get_for_model, (people[0], host.Order))
    for user in people:
        for number in range(chance.randint(1, 3)):
            # Some are older than the ten years for which the total is kept: those rows go whole.
            placed = ago(3700, 4200) if chance.random() < 0.1 else ago(100, 3000)
            orders.append(
                host.Order(customer=user, number=f"{user.pk}-{number}", address=f"street of {user.username}",
                           phone="1", total=chance.randint(1, 99), placed_at=placed)
            )  # fmt: skip
        views += [
            host.PageView(user=user, ip=f"203.0.113.{chance.randint(1, 250)}", user_agent=f"of {user.username}",
                          path="/", viewed_at=ago(2, 25))
            for _ in range(chance.randint(2, 5))
        ]  # fmt: skip
        notes.append(host.Note(content_type=user_type, object_id=str(user.pk), text=f"about {user.username}"))
        key = f"session{user.pk:025d}"
        data = SessionStore().encode({"_auth_user_id": str(user.pk), "basket": user.username})
        sessions.append(Session(session_key=key, session_data=data, expire_date=night + timedelta(days=3000)))
        if chance.random() < 0.5:  # the others are from before the app
            index.append(SessionIndex(session_key=key, user_key=str(user.pk), seen_at=night - timedelta(days=1)))
        for number in range(chance.randint(0, 3)):
            name = default_storage.save(f"uploads/{user.username}-{number}.txt", ContentFile(user.username.encode()))
            uploads.append(host.Upload(owner=user, title=f"of {user.username}", file=name))
        cache.set(f"customer:{user.pk}", user.username, None)
        log.append(
            # By somebody who stays: a row with two people who go would be counted once or twice, as their batches fall.
            LogEntry(user=people[-1], content_type=user_type, object_id=str(user.pk), object_repr=user.username,
                     action_flag=CHANGE, change_message=f"changed {user.username}", action_time=ago(3, 90))
        )  # fmt: skip
    host.Order.objects.bulk_create(orders)
    for order in orders:
        lines.append(host.OrderLine(order=order, article="spoon", engraving=f"for {order.number}"))
        if chance.random() < 0.3:
            notes.append(host.Note(content_type=order_type, object_id=str(order.pk), text=f"about {order.number}"))
        if chance.random() < 0.3:
            cache.set(f"order:{order.pk}", order.number, None)
    host.OrderLine.objects.bulk_create(lines)
    host.PageView.objects.bulk_create(views)
    host.Note.objects.bulk_create(notes)
    Session.objects.bulk_create(sessions)
    SessionIndex.objects.bulk_create(index)
    host.Upload.objects.bulk_create(uploads)
    LogEntry.objects.bulk_create(log)
    host.Message.objects.bulk_create(
        host.Message(sender=user, recipient=others(), subject=f"from {user.username}", body="words", sent_at=ago(3, 90))
        for user in people
    )
    comments = host.Comment.objects.bulk_create(host.Comment(author=user, text=user.username) for user in people)
    host.Comment.objects.bulk_create(
        host.Comment(author=others(), parent=above, text=f"an answer to {above.text}") for above in comments
    )
    teams = host.Team.objects.bulk_create(host.Team(name=f"team {n}") for n in range(10))
    through = host.Team.members.through
    through.objects.bulk_create(through(team=chance.choice(teams), user=user) for user in people)
    host.NewsletterContact.objects.bulk_create(
        host.NewsletterContact(address=f"{user.username}@Example.org", name=user.first_name, joined_at=ago(3, 90))
        for user in people[::2]
    )
    for user in people[::5]:  # two tables each: no bulk_create
        host.Contract.objects.create(owner=user, title=f"of {user.username}", terms=user.last_name)
    host.ClientContact.objects.bulk_create(
        host.ClientContact(client=user, name=f"client of {user.username}", email="c@example.org") for user in people
    )
    host.Invoice.objects.bulk_create(
        host.Invoice(customer=user, billed_to=user.last_name, amount=chance.randint(1, 99),
                     issued_on=ago(100, 3000).date())
        for user in people
    )  # fmt: skip
    host.Review.objects.bulk_create(
        host.Review(author=user, signed_as=user.first_name, stars=chance.randint(1, 5)) for user in people
    )


def _outside(people: Sequence[Any]) -> None:
    from django.conf import settings

    folder = Path(settings.OUTSIDE_FOLDER)
    folder.mkdir(parents=True)
    for user in people:
        (folder / f"{user.pk}.txt").write_text(user.username)


def _close_by_themselves(people: Sequence[Any], night: datetime) -> None:
    from privacy.disposal.mandate import Mandate
    from privacy.disposal.opening import open_many

    then = night - timedelta(days=2)
    open_many([(user.pk, then) for user in people], Mandate("member", "page", "password"), now=then)


def _nobodys(night: datetime) -> None:
    from tests.host.models import PageView

    PageView.objects.bulk_create(
        PageView(path="/", ip=f"198.51.{n % 200}.{n % 250 + 1}", viewed_at=night - timedelta(days=days, minutes=n))
        for rows, days in ((2000, 420), (1000, 60), (200, 2))
        for n in range(rows)
    )


def _dumps(night: datetime) -> None:
    """Three backups, of which two are older than the month that is promised."""
    import os

    from django.conf import settings

    from privacy.promises.models import ProfileTable

    ProfileTable.objects.create(name="backups", table={"kept_for": "P1M"})
    folder = Path(settings.STORAGES["dbbackup"]["OPTIONS"]["location"])
    folder.mkdir(parents=True)
    for days in (100, 60, 10):
        taken = night - timedelta(days=days)
        path = folder / f"default-host-{taken:%Y-%m-%d-%H%M%S}.dump"
        path.write_text(f"of {days} days ago")
        os.utime(path, (taken.timestamp(), taken.timestamp()))


def _approved(night: datetime) -> None:
    from privacy.disposal.queries import take_over_fingerprint
    from privacy.retention.models import Approval

    then = night - timedelta(days=1)
    Approval.objects.create(
        status="used", reasons=["first"], fingerprint=take_over_fingerprint(), asked_at=then, confirmed_at=then
    )


if __name__ == "__main__":
    import django

    django.setup()
    fill(closed=int(sys.argv[1]), seed=int(sys.argv[2]), night=datetime.fromisoformat(sys.argv[3]))
