"""What a batch of invented people wrote, uploaded and earned, table by table."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Model

from project.coop import models
from project.coop.people import DAY, HEADLINES, MATTERS, Person

ROWS_IN_ONE_INSERT = 2_000
REACH = DAY * 480


@dataclass(frozen=True, slots=True)
class Written:
    """Primary keys that the large tables need, and how much was made."""

    members: list[int]
    campaigns: list[int]
    rows: int
    files: int


def write(
    *, people: Sequence[Person], users: Sequence[Any], tags: Sequence[models.PreferenceTag], now: datetime, using: str
) -> Written:
    """Everything but the large tables, for people whose accounts stand in ``users`` in the same order."""
    rows = files = 0

    def save(made: Iterable[Any]) -> list[Any]:
        nonlocal rows
        objects = list(made)
        if not objects:
            return []
        manager = type(objects[0])._default_manager.using(using)
        rows += len(objects)
        return list(manager.bulk_create(objects, batch_size=ROWS_IN_ONE_INSERT))

    def stored(name: str, content: bytes) -> str:
        nonlocal files
        files += 1
        return default_storage.save(name, ContentFile(content))

    members = save(
        models.Member(
            user=user,
            display_name=one.name,
            phone=one.phone(),
            address=one.address(),
            birth_date=one.birth_date(),
            payment_email=f"pay.{one.email}",
            avatar=stored(f"avatars/{one.token()}.png", _picture(one)),
            status=one.status,
            joined_at=one.joined_at,
            closed_at=one.closed_at,
        )
        for one, user in zip(people, users, strict=True)
    )
    both = list(zip(people, members, strict=True))
    interest = models.Member.interests.through
    save(interest(member=m, preferencetag=tag) for one, m in both for tag in one.random.sample(list(tags), 3))

    sites = save(_site(one, m, n, now) for one, m in both for n in range(1 + one.number % 2))
    by_member = {member.pk: one for one, member in both}
    campaigns = save(_campaign(by_member[site.member_id], site, now) for site in sites)
    save(_earning(one, m, n, now) for one, m in both for n in range(8) if one.joined_at + 30 * DAY * n < now)
    save(
        models.Upload(
            member=m,
            file=stored(f"uploads/{one.token()}.txt", one.words(40, 80).encode()),
            caption=one.words(2, 4),
            uploaded_at=one.moment(now),
        )
        for one, m in both
    )
    save(_messages(both, _partners(members, using), now))
    tickets = save(_ticket(one, m, now) for one, m in both for _ in range(one.number % 3))
    desk = _desk(using)
    save(_replies(tickets, by_member, desk, now))
    save(_enquiry(one, now) for one, _ in both if one.number % 6 == 0)
    kinds = ContentType.objects.db_manager(using)
    about = kinds.get_for_model(models.Member)
    save(
        models.Note(
            content_type=about, object_id=str(m.pk), author=desk, text=one.words(6, 12), written_at=one.moment(now)
        )
        for one, m in both
        if one.number % 4 == 0
    )
    save(_session(one, user, now) for one, user in zip(people, users, strict=True) if one.status == "active")
    account = kinds.get_for_model(get_user_model())
    save(
        LogEntry(
            user=desk,
            content_type=account,
            object_id=str(user.pk),
            object_repr=user.get_username(),
            action_flag=CHANGE,
            change_message="[]",
            action_time=one.moment(now),
        )
        for one, user in zip(people, users, strict=True)
        if one.number % 2 == 0
    )
    return Written([m.pk for m in members], [c.pk for c in campaigns], rows, files)


def _site(one: Person, member: models.Member, n: int, now: datetime) -> Model:
    return models.Site(
        member=member,
        url=f"https://{one.token(8)}.example.org/",
        title=f"{one.last}'s page {n + 1}",
        description=one.words(8, 16),
        added_at=one.moment(now),
    )


def _campaign(one: Person, site: models.Site, now: datetime) -> Model:
    return models.Campaign(
        site=site,
        headline=one.random.choice(HEADLINES),
        body=one.words(10, 20),
        credits=one.random.randint(0, 5_000),
        started_at=one.moment(now, site.added_at),
    )


def _earning(one: Person, member: models.Member, n: int, now: datetime) -> Model:
    return models.Earning(
        member=member,
        number=f"V{one.number:07d}-{n + 1:03d}",
        amount=Decimal(one.random.randint(100, 9_999)) / 100,
        payee_name=one.name,
        payee_address=one.address(),
        payment_email=f"pay.{one.email}",
        remark=one.words(2, 6),
        paid_at=one.moment(now),
    )


def _partners(members: Sequence[models.Member], using: str) -> list[int]:
    """Accounts to write to: those of the batch, or of earlier ones when somebody comes alone."""
    if len(members) > 1:
        return [member.user_id for member in members]
    rest = models.Member.objects.using(using).exclude(pk=members[0].pk).order_by("pk")
    return list(rest.values_list("user_id", flat=True)[:40])


def _messages(both: Sequence[tuple[Person, models.Member]], partners: Sequence[int], now: datetime) -> Iterable[Model]:
    for one, member in both:
        for turn in range(7 if partners else 0):
            ends = [member.user_id, one.random.choice(partners)]
            if ends[0] != ends[1]:
                sender, recipient = ends if turn % 2 else ends[::-1]
                yield models.Message(
                    sender_id=sender,
                    recipient_id=recipient,
                    subject=one.random.choice(HEADLINES if turn % 3 else MATTERS),
                    body=one.words(12, 40),
                    sent_at=one.moment(now, now - REACH),
                )


def _ticket(one: Person, member: models.Member, now: datetime) -> Model:
    opened_at = one.moment(now, now - REACH)
    return models.Ticket(
        member=member,
        subject=one.random.choice(MATTERS),
        body=one.words(15, 40),
        opened_at=opened_at,
        closed_at=opened_at + timedelta(hours=one.random.randint(1, 60)),
    )


def _replies(
    tickets: Iterable[models.Ticket], by_member: dict[int, Person], desk: Any, now: datetime
) -> Iterable[Model]:
    for ticket in tickets:
        one = by_member[ticket.member_id]
        for author_id in (desk.pk, ticket.member.user_id):
            written_at = min(now, ticket.opened_at + timedelta(minutes=one.random.randint(10, 3_000)))
            yield models.TicketReply(ticket=ticket, author_id=author_id, body=one.words(8, 24), written_at=written_at)


def _enquiry(one: Person, now: datetime) -> Model:
    return models.Enquiry(
        name=one.name, email=one.email, text=one.words(10, 30), received_at=one.moment(now, now - 300 * DAY)
    )


def _session(one: Person, user: Any, now: datetime) -> Model:
    content = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    return Session(session_key=one.token(32), session_data=SessionStore().encode(content), expire_date=now + 14 * DAY)


def _desk(using: str) -> Any:
    """A member of staff to answer and to note; made when the site has none."""
    users = get_user_model()._default_manager.using(using)
    staff = users.filter(is_staff=True).order_by("pk").first()
    return staff or users.create(username="desk", is_staff=True, password=make_password(None))


def _picture(one: Person) -> bytes:
    """A small PNG of one colour."""
    size = 48
    line = b"\0" + bytes(one.random.choices(range(80, 200), k=3)) * size

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(line * size)) + chunk(b"IEND", b"")
    )
