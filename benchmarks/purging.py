"""Removing members: the app's own nightly purge, and raw SQL in the same batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection

from benchmarks import rawsql
from benchmarks.filling import NOW, ROWS, fill_members
from benchmarks.measuring import Result, in_turns, ratio, timed
from benchmarks.scratch import fresh
from benchmarks.sizes import Size
from privacy.core.actors import Actor
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure
from privacy.disposal.opening import open_many
from privacy.disposal.services import run_closures

ACTOR = Actor.system("night")
#: More members than this are not copied anew for every round: each round takes its own share of one site.
_COPIED = 5_000


def site(members: int, share: float = 1.0) -> None:
    """Put a site of so many members in place."""
    fresh(f"members_{members}_{round(share * 100)}", lambda: fill_members(members, share))


def ask_to_close(keys: Sequence[int]) -> list[int]:
    """What happened before the night: these members closed their accounts. Returns them in the order of the purge."""
    open_many([(key, NOW) for key in keys], Mandate("member", "page"), now=NOW)
    return [int(key) for key in Closure.objects.unfinished().order_by("pk").values_list("subject_key", flat=True)]


def purge() -> list[int]:
    """The night's step; returns the batches it took, by their number of people."""
    batches: list[int] = []

    def progress(counts: dict[str, int]) -> None:
        batches.append(counts["accounts"] - sum(batches))

    counts = run_closures(now=NOW, horizon=NOW, actor=ACTOR, progress=progress)
    if counts["partial"]:
        raise SystemExit(f"{counts['partial']} accounts were not erased")
    return [batch for batch in batches if batch]


def compare(what: str, statements: Sequence[str], size: Size, *, limit: float) -> list[Result]:
    """Purge by the app and by raw SQL, in turns."""
    return [_compare(what, statements, members, size, limit=limit) for members in size.members]


def _compare(what: str, statements: Sequence[str], members: int, size: Size, *, limit: float) -> Result:
    slices = _slices(members, size.rounds)
    whole, people = len(slices) == 1, len(slices[0])
    batches: list[list[int]] = []
    order: list[int] = []
    ends: dict[str, tuple[int, ...]] = {}

    def prepared() -> list[int]:
        if whole or not batches:
            site(members, size.share)
        return slices[0] if whole else slices.pop()

    def ours(_round: int) -> float:
        keys = prepared()
        order[:] = ask_to_close(keys)
        took = timed(lambda: batches.append(purge()))
        ends["ours"] = _left()
        return took

    def raw(_round: int) -> float:
        keys = prepared()
        # The very people of each batch: neighbours by number would lie side by side in the tables, and go faster.
        parts = _cut(_as_mixed(keys, order), batches[-1])
        took = timed(lambda: rawsql.purge(statements, parts))
        ends["raw"] = _left()
        return took

    ours(-1)  # nobody's time counts until code and batches are known
    mine, other = in_turns(ours, raw, size.rounds)
    if whole and ends["ours"] != ends["raw"]:
        raise SystemExit(f"{what}: the two ways did not leave the same rows behind")
    return ratio(
        f"{what}, {members} members",
        mine,
        other,
        limit=limit,
        members=members,
        people_a_round=people,
        people_a_batch=max(batches[-1]),
        rows_a_member=1 + sum(ROWS.values()) if size.share == 1 else None,
    )


def _slices(members: int, rounds: int) -> list[list[int]]:
    keys = list(range(1, members + 1))
    if members <= _COPIED:
        return [keys]
    each = members // (2 * rounds + 1)
    return [keys[start : start + each] for start in range(0, each * (2 * rounds + 1), each)]


def _cut(keys: Sequence[int], batches: Sequence[int]) -> list[list[int]]:
    parts, start = [], 0
    for batch in batches:
        parts.append(list(keys[start : start + batch]))
        start += batch
    return [part for part in (*parts, list(keys[start:])) if part]


def _as_mixed(keys: Sequence[int], order: Sequence[int]) -> list[int]:
    """``keys`` in the order in which the other way took its own, by rank where each round has its own people."""
    ranks = {key: rank for rank, key in enumerate(sorted(order))}
    mine = sorted(keys)
    return [mine[ranks[key]] for key in order]


def _left() -> tuple[int, ...]:
    """How many rows are left in each table, and how many of them still lead to somebody."""
    found: list[int] = [get_user_model()._base_manager.count()]
    for model in ROWS:
        link: Any = next(field for field in model._meta.concrete_fields if field.is_relation)
        rows = model._base_manager.all()
        found += [rows.count(), rows.filter(**{f"{link.name}__isnull": False}).count()]
    connection.close()
    return tuple(found)
