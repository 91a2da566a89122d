"""What the journal is told of opt-outs and of messages that left, and what a restore makes of it.

A restored database has forgotten the opt-outs since the backup, and believes that what was sent since is still to be
sent. The journal knows both: opt-outs are entered again, and what left is marked, by its key, before anything goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import router, transaction

from privacy.core.actors import Actor
from privacy.core.among import Among
from privacy.core.batches import chunks
from privacy.core.pseudonyms import pseudonym
from privacy.core.replayers import Told
from privacy.disposal import journal
from privacy.disposal.journal import Line, files, matching
from privacy.messages.models import OutboxMessage, Preference, Suppression

SUPPRESSION = "suppression"
DISPATCHED = "dispatched"
CHOICE = "choice"
_AT_ONCE = 500
_State = OutboxMessage.State
_SUPPRESSION_FACTS = ("channel", "digest", "key_id", "level", "topic", "source", "requested_at", "entered_at")
_CHOICE_FACTS = ("topic", "channel", "wanted", "frequency", "chosen_at")
_MESSAGE_FACTS = ("topic", "kind", "priority", "basis")


def tell_suppressions(rows: Sequence[Suppression], *, now: datetime) -> None:
    """Tell, with the open transaction, that opt-outs are in force, or lifted.

    Raises:
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    if files.folder() is None:
        return
    journal.tell(
        [
            Line(
                SUPPRESSION,
                str(row.pk),
                "lifted" if row.lifted_at else "in_force",
                {},
                {name: getattr(row, name) for name in _SUPPRESSION_FACTS},
            )
            for row in rows
        ],
        now=now,
    )


def tell_choices(rows: Sequence[Preference], *, now: datetime) -> None:
    """Tell, with the open transaction, what members chose: a box that was emptied stays empty. One query.

    Raises:
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    if files.folder() is None or not rows:
        return
    whose = matching.who(list({row.user_key for row in rows}))
    journal.tell(
        [
            Line(
                CHOICE,
                # The same of each box, so that its last word counts.
                pseudonym("messages choice", f"{row.user_key}\0{row.topic}\0{row.channel}"),
                "wanted" if row.wanted else "refused",
                whose[row.user_key],
                {"cutoff": now, **{name: getattr(row, name) for name in _CHOICE_FACTS}},
            )
            for row in rows
        ],
        now=now,
    )


def line_of(message: OutboxMessage, state: str) -> Line:
    """A line about one message; its key tells nobody's address."""
    facts: dict[str, Any] = {name: getattr(message, name) for name in _MESSAGE_FACTS}
    return Line(DISPATCHED, message.key, state, {}, {**facts, "queued_at": message.queued_at})


def tell(lines: Sequence[Line], *, now: datetime) -> None:
    """Tell, with the open transaction, what began to be sent (``sending``), and what ``left``, did ``not`` leave, or
    is not known to have left (``unknown``).

    Raises:
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    if files.folder() is not None:
        journal.tell(lines, now=now)


def replay_suppressions(told: list[Told], _now: datetime, _actor: Actor) -> dict[str, int]:
    """Enter again what was opted out since the backup, and lift what its person lifted.

    What waits for these people is dropped when its turn comes: whoever sends asks again.

    Returns:
        ``told`` opt-outs of the journal, ``in_force`` again, ``lifted`` again.
    """
    counts = Counter(told=len(told))
    for some in chunks(told, _AT_ONCE):
        with transaction.atomic(using=router.db_for_write(Suppression)):
            kept = set(
                Suppression.objects.filter(Among("pk", [UUID(one.id) for one in some])).values_list("pk", flat=True)
            )
            for one in some:
                counts[_suppress_again(one, UUID(one.id) in kept)] += 1
    return {word: count for word, count in counts.items() if word}


def replay_choices(told: list[Told], _now: datetime, _actor: Actor) -> dict[str, int]:
    """Fill and empty again the boxes that members changed since the backup. Walks over all accounts once.

    Returns:
        ``told`` choices of the journal, ``again`` as they were, and ``gone``, whose member is not there.
    """
    counts = Counter(told=len(told))
    here = {one.told.id: one.key for found in matching.accounts_back(told) for one in found}
    for some in chunks(sorted(told, key=lambda one: one.at), _AT_ONCE):
        with transaction.atomic(using=router.db_for_write(Preference)):
            for one in some:
                counts[_choose_again(one, here[one.id]) if one.id in here else "gone"] += 1
    return {word: count for word, count in counts.items() if word}


def replay_dispatched(told: list[Told], _now: datetime, _actor: Actor) -> dict[str, int]:
    """Mark what was sent since the backup, so that it never goes again, although it waits again or is queued anew.

    What only began to be sent may have arrived: a person decides.

    Returns:
        ``told`` messages of the journal, ``sent`` that are marked, ``ambiguous`` that wait for a decision.
    """
    counts = Counter(told=len(told))
    for some in chunks([one for one in told if one.state != "not"], _AT_ONCE):
        with transaction.atomic(using=router.db_for_write(OutboxMessage)):
            rows = OutboxMessage.objects.select_for_update().filter(Among("key", [one.id for one in some]))
            here = {row.key: row for row in rows}
            new: list[OutboxMessage] = []
            for one in some:
                counts[_mark(one, here.get(one.id), new)] += 1
            OutboxMessage.objects.bulk_create(new)
    return {word: count for word, count in counts.items() if word}


def _suppress_again(one: Told, is_here: bool) -> str:
    rows = Suppression.objects.filter(pk=one.id)
    if one.state == "lifted":
        return "lifted" if rows.filter(lifted_at__isnull=True).update(lifted_at=one.at) else ""
    if is_here:
        return ""
    facts = {name: one.facts[name] for name in _SUPPRESSION_FACTS}
    for name in ("requested_at", "entered_at"):
        facts[name] = datetime.fromisoformat(facts[name])
    same = {name: facts[name] for name in ("channel", "digest", "level", "topic")}
    if Suppression.objects.in_force().filter(**same).exists():
        return ""
    Suppression.objects.create(pk=one.id, **facts)
    return "in_force"


def _choose_again(one: Told, user_key: str) -> str:
    chosen_at = datetime.fromisoformat(one.facts["chosen_at"])
    box = {"user_key": user_key, "topic": one.facts["topic"], "channel": one.facts["channel"]}
    values = {"wanted": one.facts["wanted"], "frequency": one.facts["frequency"], "chosen_at": chosen_at}
    row, made = Preference.objects.get_or_create(**box, defaults=values)
    if made:
        return "again"
    return "again" if Preference.objects.filter(pk=row.pk, chosen_at__lt=chosen_at).update(**values) else ""


def _mark(one: Told, row: OutboxMessage | None, new: list[OutboxMessage]) -> str:
    left = one.state == "left"
    if row is not None and row.state == _State.SENT:
        return ""
    if row is None:
        # A place without an address: whoever queues the same again finds it taken.
        facts = {name: one.facts[name] for name in _MESSAGE_FACTS}
        queued_at = datetime.fromisoformat(one.facts["queued_at"])
        row = OutboxMessage(key=one.id, queued_at=queued_at, not_before=queued_at, **facts)
        new.append(row)
    row.state = _State.SENT if left else _State.AMBIGUOUS
    row.reason = "restored"
    row.sent_at = one.at if left else None
    row.ended_at = one.at
    row.claim, row.claimed_by, row.claimed_until = None, "", None
    if row.pk:
        row.save(update_fields=("state", "reason", "sent_at", "ended_at", "claim", "claimed_by", "claimed_until"))
    return "sent" if left else "ambiguous"
