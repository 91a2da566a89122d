"""Whether a mail rested on a consent from before it left, by the consent ledger itself."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from privacy.consent.models import ConsentContext
from privacy.consent.people import Person
from privacy.core.batches import keyset
from privacy.messages.models import OutboxMessage
from privacy.messages.querysets import OutboxQuerySet
from privacy.messages.rules import MessageRules

_AT_ONCE = 1_000
_Told = tuple[datetime, str]


def sent_without_grant(rows: OutboxQuerySet, rules: MessageRules) -> int:
    """How many of these left while the ledger's last word before was no grant. Three queries for a thousand.

    What a restore marked as sent has no address any more, and is left out.
    """
    wrong = 0
    for keys in keyset(rows.exclude(reason="restored"), _AT_ONCE):
        some = list(rows.filter(pk__in=keys).only("topic", "user_key", "address", "sending_at", "sent_at"))
        told = _told(some)
        wrong += sum(not _had_agreed(row, rules, told) for row in some)
    return wrong


def _told(some: list[OutboxMessage]) -> dict[tuple[str, str], list[_Told]]:
    """By person (key or digest) and purpose what the ledger says, the oldest first."""
    people = list({person for row in some if (person := person_of(row))})
    found: dict[tuple[str, str], list[_Told]] = defaultdict(list)
    rows = ConsentContext.objects.of_any(people).order_by("record__at", "record_id")
    columns = ("user_key", "digest", "purpose", "record__at", "record__decision")
    for key, word, purpose, at, decision in rows.values_list(*columns):
        found[key or word, purpose].append((at, decision))
    return found


def _had_agreed(row: OutboxMessage, rules: MessageRules, told: dict[tuple[str, str], list[_Told]]) -> bool:
    topic = rules.topics.get(row.topic)
    began, person = row.sending_at or row.sent_at, person_of(row)
    if topic is None or not topic.purpose or began is None or person is None:
        return False
    words = [person.user_key] if person.user_key else list(person.digests)
    before = [said for word in words for said in told.get((word, topic.purpose), ()) if said[0] <= began]
    return bool(before) and max(before)[1] == "given"


def person_of(row: OutboxMessage) -> Person | None:
    """Whose mail it was: a member by the account, anybody else by the address; None where a restore took both."""
    if row.user_key:
        return Person(user_key=row.user_key)
    return Person(address=row.address) if row.address else None
