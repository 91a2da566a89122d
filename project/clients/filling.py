"""What invented members keep about their own customers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from project.clients.models import ClientContact, ClientDispute, ClientMail
from project.coop.generate import Batch
from project.coop.people import DAY, HEADLINES, Person

CONTACTS = 6


def make(batch: Batch) -> int:
    """Customers, what became of the mails to them, and a dispute now and then. Returns the rows made."""
    contacts = batch.save(_contact(one, key, batch.now) for one, key in batch.members for _ in range(CONTACTS))
    mails = batch.save(mail for contact in contacts for mail in _mails(contact, batch.now))
    disputes = batch.save(_dispute(one, key, batch.now) for one, key in batch.members if one.number % 12 == 0)
    return len(contacts) + len(mails) + len(disputes)


def _contact(one: Person, client: int, now: datetime) -> ClientContact:
    return ClientContact(
        client_id=client,
        name=f"Customer {one.token(5)}",
        email=f"{one.token(8)}@example.net",
        phone=one.phone(),
        remarks=one.words(3, 6),
        added_at=one.moment(now, now - 30 * DAY * 30),
    )


def _mails(contact: ClientContact, now: datetime) -> Iterable[ClientMail]:
    """The first was sent soon, the second was opened later; some are older than they may be."""
    began = max(contact.added_at, now - 480 * DAY)
    for turn, kind in enumerate(("sent", "opened"), start=1):
        happened_at = began + (now - began) * turn / 4
        subject = HEADLINES[(contact.pk + turn) % len(HEADLINES)]
        yield ClientMail(contact=contact, kind=kind, subject=subject, happened_at=happened_at)


def _dispute(one: Person, client: int, now: datetime) -> ClientDispute:
    return ClientDispute(
        client_id=client,
        claimant=f"Customer {one.token(5)}",
        file_number=f"D-{one.number:06d}",
        summary=one.words(12, 24),
        opened_at=one.moment(now, now - 480 * DAY),
    )
