"""Closures that a restore undid: erased again, waiting again, or, where nobody knows, shown to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from privacy.core.actors import Actor
from privacy.core.batches import chunks
from privacy.core.conf import settings
from privacy.core.pseudonyms import pseudonym, pseudonym_key_id
from privacy.core.replayers import Told
from privacy.disposal import closing
from privacy.disposal.batches import run_batch
from privacy.disposal.journal import closures as journalling
from privacy.disposal.journal.matching import Found, accounts_back
from privacy.disposal.models import Closure

_Verdict = Literal["erase", "reopen", "undecided"]


def replay_closures(told: list[Told], now: datetime, actor: Actor) -> dict[str, int]:
    """Erase again whoever was erased, close again whoever waited, and lock out whoever was being erased.

    An account whose key was given to somebody else since is left alone: it was made after the erasure, or what
    the journal knows of it is not what it is.

    Returns:
        ``told`` closures of the journal, ``erased``, ``held`` and ``partial`` again, ``waiting`` again, ``undecided``
        ones that an admin must run or take back, ``gone`` already, ``others`` who have a key anew, and ``unknown``
        ones: the line that says who they are is damaged, and somebody chose to go on without it.
    """
    known = [one for one in told if one.who]
    verdicts = {one.id: verdict for one in known if (verdict := _verdict(one))}
    counts = Counter(told=len(told), erased=0, held=0, partial=0, waiting=0, undecided=0, gone=0, others=0)
    counts["unknown"] = sum(not one.who and _verdict(one) is not None for one in told)
    found: dict[_Verdict, list[Found]] = {"erase": [], "reopen": [], "undecided": []}
    back: set[str] = set()
    for about in accounts_back([one for one in known if one.id in verdicts]):
        if about:
            back.add(about[0].key)
            found[verdicts[about[0].told.id]].append(about[0])
        else:
            counts["others"] += 1
    counts["gone"] = len({one.who["account"] for one in known if one.id in verdicts}) - len(back) - counts["others"]
    for some in chunks(found["erase"], settings.batch_size):
        _erase_again(some, counts, now=now, actor=actor)
    for some in chunks(found["reopen"], settings.batch_size):
        counts["waiting"] += _wait_again(some, Closure.Status.SCHEDULED, now=now)
    for some in chunks(found["undecided"], settings.batch_size):
        counts["undecided"] += _wait_again(some, Closure.Status.UNDECIDED, now=now)
    return dict(counts)


def _verdict(one: Told) -> _Verdict | None:
    if "done" in one.states or one.state == "held":  # of one that is held, what no hold covers was gone
        return "erase"
    if one.state == "void":
        return None
    # Nobody knows whether an intention was carried out, nor what would have stopped it: a person decides.
    return "undecided" if one.state == "intended" else "reopen"


def _erase_again(some: list[Found], counts: Counter[str], *, now: datetime, actor: Actor) -> None:
    with transaction.atomic(using=closing.using()):
        ids = _open_again(some, Closure.Status.PLANNED, due_at=now, now=now)
    became: dict[str, int] = {"accounts": 0, "partial": 0, "reopened": 0}
    run_batch(ids, became, now=now, actor=actor)
    counts["erased"] += became["accounts"]
    counts["partial"] += became["partial"]
    counts["held"] += Closure.objects.filter(pk__in=ids, status=Closure.Status.HELD).count()


def _wait_again(some: list[Found], status: Closure.Status, *, now: datetime) -> int:
    with transaction.atomic(using=closing.using()):
        ids = _open_again(some, status, due_at=None, now=now)
        closures = list(Closure.objects.filter(pk__in=ids, status=status))
        closing.lock_out(closures, now=now, for_good=False)
        if status == Closure.Status.SCHEDULED:
            journalling.opened(closures, now=now)
    return len(closures)


def _open_again(some: list[Found], status: Closure.Status, *, due_at: datetime | None, now: datetime) -> list[UUID]:
    """Give each account an open closure in this state; one that the backup holds is brought to it."""
    keys = [account.key for account in some]
    Closure.objects.bulk_create(
        [_closure(account, status, due_at=due_at, now=now) for account in some], ignore_conflicts=True
    )
    under_way = Closure.objects.unerased().open().filter(subject_key__in=keys)
    before = under_way.exclude(status=Closure.Status.CUT_OFF)
    before.update(status=status, **({"due_at": due_at} if due_at else {}))
    return list(under_way.values_list("pk", flat=True))


def _closure(account: Found, status: Closure.Status, *, due_at: datetime | None, now: datetime) -> Closure:
    facts: Mapping[str, Any] = account.told.facts
    closed_at = _moment(facts.get("closed_at")) or account.told.at
    channel = str(facts.get("channel") or Closure.Channel.REPLAY)
    return Closure(
        subject_key=account.key,
        pseudonym=pseudonym("subject", account.key),
        pseudonym_key=pseudonym_key_id(),
        status=status,
        channel=Closure.Channel.REPLAY if status == Closure.Status.PLANNED else channel,
        requested_by=str(facts.get("requested_by") or "site"),
        verified_by=str(facts.get("verified_by") or ""),
        closed_at=closed_at,
        due_at=due_at or _moment(facts.get("due_at")) or now,
    )


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
