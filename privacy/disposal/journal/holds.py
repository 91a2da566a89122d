"""What the journal is told of legal holds, and how they are there again after a restore, before anybody is erased."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from privacy.core.actors import Actor
from privacy.core.replayers import Told
from privacy.disposal import closing, journal
from privacy.disposal.journal import Line, files, matching
from privacy.disposal.models import Hold

KIND = "hold"
_MOMENTS = ("placed_at", "review_at", "ends_at", "reviewed_at")


def told(holds: Sequence[Hold], state: str, *, now: datetime) -> None:
    """Tell, with the open transaction, that holds were ``placed``, ``reviewed`` or ``released``.

    Raises:
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    if files.folder() is None:
        return
    about = matching.who([hold.subject_key for hold in holds if hold.subject_key])
    journal.tell(
        [Line(KIND, str(hold.pk), state, about.get(hold.subject_key, {}), _facts(hold, now)) for hold in holds], now=now
    )


def replay_holds(told: list[Told], _now: datetime, _actor: Actor) -> dict[str, int]:
    """Place again what was placed since the backup, move what was reviewed, release what was released.

    Returns:
        ``told`` holds of the journal, ``in_force`` again, ``released`` again, and ``gone``, whose person is not there.
    """
    counts = Counter(told=len(told), in_force=0, released=0, gone=0)
    named = [one for one in told if one.who]
    keys = {found.told.id: found.key for about in matching.accounts_back(named) for found in about}
    for one in told:
        if one.who and one.id not in keys and one.state != "released":
            counts["gone"] += 1
            continue
        with transaction.atomic(using=closing.using()):
            counts[_again(one, keys.get(one.id, ""))] += 1
    return {word: count for word, count in counts.items() if word}


def _again(one: Told, key: str) -> str:
    rows = Hold.objects.filter(pk=one.id)
    if one.state == "released":
        released = rows.filter(released_at__isnull=True).update(released_at=one.at, alarm=Hold.Alarm.NONE)
        return "released" if released else ""
    facts = {**one.facts, **{name: _moment(one.facts.get(name)) for name in _MOMENTS}}
    facts.pop("cutoff", None)
    facts["alarm"] = Hold.Alarm.NONE
    if not rows.update(**facts):
        Hold.objects.create(pk=one.id, subject_key=key, **facts)
    return "in_force"


def _facts(hold: Hold, now: datetime) -> dict[str, Any]:
    named = ("scope", "categories", "case", "ground", *_MOMENTS)
    return {"cutoff": now, **{name: getattr(hold, name) for name in named}}


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
