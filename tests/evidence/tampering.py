"""What the owner of a database can do to sealed evidence with SQL, and what must be named afterwards.

Six entries stand under two seals of three; ``entries`` are their keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from privacy.evidence import triggers
from privacy.evidence.models import EvidenceEntry
from privacy.evidence.statements import entry_text, text_hash

ENTRY, DETAIL, SEAL, LEAF = "privacy_evidenceentry", "privacy_evidencedetail", "privacy_seal", "privacy_sealleaf"
POSTGRESQL = connection.vendor == "postgresql"


def run(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def become_owner() -> None:
    """Drop what stands in an owner's way: the triggers, and the foreign keys."""
    triggers.remove("default")
    if not POSTGRESQL:
        return  # they are deferred, and a test ends before they are looked at
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.cursor() as cursor:
        for table in (DETAIL, LEAF):
            found = connection.introspection.get_constraints(cursor, table)
            for name, constraint in found.items():
                if constraint["foreign_key"]:
                    cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def nothing_left() -> None:
    """Foreign keys that no longer hold must not outlive the test."""
    triggers.remove("default")
    for table in (LEAF, SEAL, DETAIL, ENTRY):
        run(f"DELETE FROM {table}")


def remove_entry(pk: int) -> None:
    run(f"DELETE FROM {DETAIL} WHERE entry_id = %s", pk)
    run(f"DELETE FROM {ENTRY} WHERE id = %s", pk)


def swap(table: str, column: str, key: str, one: int, two: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}, {column} FROM {table} WHERE {key} IN (%s, %s)", [one, two])
        values = dict(cursor.fetchall())
    run(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", values[two], one)
    run(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", values[one], two)


def swap_keys(table: str, key: str, one: int, two: int) -> None:
    for was, becomes in ((one, -1), (two, one), (-1, two)):
        run(f"UPDATE {table} SET {key} = %s WHERE {key} = %s", becomes, was)


def alter_with_leaf(pk: int) -> None:
    run(f"UPDATE {ENTRY} SET label = 'auth.Group' WHERE id = %s", pk)
    run(f"UPDATE {LEAF} SET hash = %s WHERE entry_id = %s", text_hash(entry_text(EvidenceEntry.objects.get(pk=pk))), pk)


def cut_tail(entries: list[int], *, leaves: bool) -> None:
    if leaves:
        run(f"DELETE FROM {LEAF} WHERE seal_id = 2")
        for pk in entries[3:]:
            remove_entry(pk)
    run(f"DELETE FROM {SEAL} WHERE number = 2")


def insert_under_seal(entries: list[int]) -> None:
    run(
        f"INSERT INTO {ENTRY} (id, at, act, label, counts, commitment) "
        f"SELECT 999999999, at, act, label, counts, commitment FROM {ENTRY} WHERE id = %s",
        entries[0],
    )
    hashed = text_hash(entry_text(EvidenceEntry.objects.get(pk=999999999)))
    run(f"INSERT INTO {LEAF} (entry_id, seal_id, position, hash) VALUES (999999999, 1, 3, %s)", hashed)


def move_leaf(entries: list[int]) -> None:
    run(f"UPDATE {LEAF} SET seal_id = 2, position = 3 WHERE entry_id = %s", entries[2])


def remove_and_close_up(entries: list[int]) -> None:
    run(f"DELETE FROM {LEAF} WHERE entry_id = %s", entries[1])
    remove_entry(entries[1])
    run(f"UPDATE {LEAF} SET position = 1 WHERE entry_id = %s", entries[2])


@dataclass(frozen=True)
class Attack:
    """One attack, and what is found: pairs of a name and an entry (from 0), a seal ("s1") or "any" other entry."""

    act: Callable[[list[int]], None]
    found: set[tuple[str, int | str]]
    sqlite_only: bool = False


def _update(sql: str, number: int = 1) -> Callable[[list[int]], None]:
    return lambda entries: run(sql, entries[number])


def _plain(sql: str) -> Callable[[list[int]], None]:
    return lambda entries: run(sql)


#: With the seals signed. What also or only an older export finds stands in AGAINST.
ATTACKS: dict[str, Attack] = {
    f"the {column} of an entry": Attack(
        _update(f"UPDATE {ENTRY} SET {column} = {value} WHERE id = %s"), {("entry_altered", 1)}
    )
    for column, value in {
        "act": "'retention.night'",
        "label": "'auth.Group'",
        "counts": "'{\"rows\": 7777}'",
        "at": "'2020-01-01 00:00:00'",
        "commitment": f"'{'0' * 64}'",
    }.items()
}
ATTACKS |= {
    "the key of an entry": Attack(
        lambda e: (run(f"DELETE FROM {DETAIL}"), run(f"UPDATE {ENTRY} SET id = 999999999 WHERE id = %s", e[1]))[0],
        {("entry_removed", 1)},
    ),
    "an entry removed": Attack(lambda e: remove_entry(e[1]), {("entry_removed", 1)}),
    "the last entry removed": Attack(lambda e: remove_entry(e[5]), {("entry_removed", 5)}),
    "an entry removed with its leaf": Attack(
        lambda e: (run(f"DELETE FROM {LEAF} WHERE entry_id = %s", e[1]), remove_entry(e[1]))[0],
        {("leaf_missing", "s1")},
    ),
    "an entry removed, and the places closed up": Attack(remove_and_close_up, {("leaf_missing", "s1")}),
    "all entries of a seal removed with their leaves": Attack(
        lambda e: (run(f"DELETE FROM {LEAF} WHERE seal_id = 1"), [remove_entry(pk) for pk in e[:3]])[0],
        {("leaf_missing", "s1")},
    ),
    "an entry inserted under a seal": Attack(insert_under_seal, {("leaf_added", "any")}),
    "two entries that swapped their contents": Attack(
        lambda e: swap(ENTRY, "label", "id", e[0], e[1]), {("entry_altered", 0), ("entry_altered", 1)}
    ),
    "two entries that swapped their keys": Attack(
        lambda e: (run(f"DELETE FROM {DETAIL}"), swap_keys(ENTRY, "id", e[0], e[1]))[0],
        {("entry_altered", 0), ("entry_altered", 1)},
    ),
    "two leaves that swapped their places": Attack(
        lambda e: swap(LEAF, "position", "entry_id", e[0], e[1]), {("reordered", 0)}
    ),
    "two leaves on one place": Attack(
        _update(f"UPDATE {LEAF} SET position = 0 WHERE entry_id = %s"), {("leaf_added", 1), ("leaf_missing", "s1")}
    ),
    "a leaf moved to another seal": Attack(move_leaf, {("leaf_missing", "s1"), ("leaf_added", 2), ("reordered", 2)}),
    "a leaf altered": Attack(
        _update(f"UPDATE {LEAF} SET hash = '{'ab' * 32}' WHERE entry_id = %s"), {("leaf_altered", 1)}
    ),
    "a leaf that is no hash": Attack(
        _update(f"UPDATE {LEAF} SET hash = 'nonsense' WHERE entry_id = %s"), {("leaf_altered", 1)}
    ),
    "a leaf in capitals": Attack(
        _update(f"UPDATE {LEAF} SET hash = upper(hash) WHERE entry_id = %s"), {("leaf_altered", 1)}
    ),
    "an entry altered with its leaf": Attack(lambda e: alter_with_leaf(e[1]), {("root_wrong", "s1")}),
    "all leaves removed": Attack(_plain(f"DELETE FROM {LEAF}"), {("leaf_missing", "s1"), ("leaf_missing", "s2")}),
    "the root of a seal": Attack(
        _plain(f"UPDATE {SEAL} SET root = '{'ab' * 32}' WHERE number = 1"),
        {("root_wrong", "s1"), ("signature_wrong", "s1"), ("chain_broken", "s2")},
    ),
    "the size of a seal": Attack(
        _plain(f"UPDATE {SEAL} SET size = 2 WHERE number = 1"),
        {("leaf_added", 2), ("signature_wrong", "s1"), ("chain_broken", "s2")},
    ),
    "the time of a seal": Attack(
        _plain(f"UPDATE {SEAL} SET made_at = '2020-01-01 00:00:00' WHERE number = 1"),
        {("signature_wrong", "s1"), ("chain_broken", "s2")},
    ),
    "the time of the last seal": Attack(
        _plain(f"UPDATE {SEAL} SET made_at = '2020-01-01 00:00:00' WHERE number = 2"), {("signature_wrong", "s2")}
    ),
    "the chain": Attack(
        _plain(f"UPDATE {SEAL} SET previous = '{'ab' * 32}' WHERE number = 2"),
        {("chain_broken", "s2"), ("signature_wrong", "s2")},
    ),
    "the first seal chained to something": Attack(
        _plain(f"UPDATE {SEAL} SET previous = '{'ab' * 32}' WHERE number = 1"),
        {("chain_broken", "s1"), ("signature_wrong", "s1"), ("chain_broken", "s2")},
    ),
    "a signature": Attack(
        _plain(f"UPDATE {SEAL} SET signature = '{'ab' * 64}' WHERE number = 2"), {("signature_wrong", "s2")}
    ),
    "a signature taken away": Attack(
        _plain(f"UPDATE {SEAL} SET signature = '' WHERE number = 2"), {("signature_wrong", "s2")}
    ),
    "signature and key taken away": Attack(
        _plain(f"UPDATE {SEAL} SET signature = '', key = '' WHERE number = 2"), {("unsigned", "s2")}
    ),
    "a key that nobody knows": Attack(
        _plain(f"UPDATE {SEAL} SET key = 'feedfeedfeedfeed' WHERE number = 2"), {("key_unknown", "s2")}
    ),
    "the first seal removed": Attack(_plain(f"DELETE FROM {SEAL} WHERE number = 1"), {("seal_missing", "s1")}),
    "the last seal removed, its leaves left": Attack(lambda e: cut_tail(e, leaves=False), {("seal_missing", "s2")}),
    "two seals that swapped their numbers": Attack(
        lambda e: swap_keys(SEAL, "number", 1, 2),
        {(what, seal) for what in ("chain_broken", "signature_wrong", "root_wrong") for seal in ("s1", "s2")},
    ),
    "a moment that is none": Attack(
        _update(f"UPDATE {ENTRY} SET at = '2026-13-45 00:00:00' WHERE id = %s"),
        {("entry_altered", 1)},
        sqlite_only=True,
    ),
    "a moment that is a number": Attack(
        _update(f"UPDATE {ENTRY} SET at = 5 WHERE id = %s"), {("entry_altered", 1)}, sqlite_only=True
    ),
    "an act that is bytes": Attack(
        _update(f"UPDATE {ENTRY} SET act = x'ff00' WHERE id = %s"), {("entry_altered", 1)}, sqlite_only=True
    ),
    "a place that is a word": Attack(
        _update(f"UPDATE {LEAF} SET position = 'first' WHERE entry_id = %s"),
        {("leaf_added", 1), ("leaf_missing", "s1"), ("reordered", 1)},
        sqlite_only=True,
    ),
    "the time of a seal that is none": Attack(
        _plain(f"UPDATE {SEAL} SET made_at = 'once' WHERE number = 1"),
        {("signature_wrong", "s1"), ("chain_broken", "s2")},
        sqlite_only=True,
    ),
    "the size of a seal that is a word": Attack(
        _plain(f"UPDATE {SEAL} SET size = 'many' WHERE number = 1"),
        {("leaf_added", 0), ("leaf_added", 1), ("leaf_added", 2), ("signature_wrong", "s1"), ("chain_broken", "s2")},
        sqlite_only=True,
    ),
}

#: Only an export that was kept elsewhere finds these, or tells more.
AGAINST: dict[str, Attack] = {
    "the tail cut off": Attack(
        lambda e: cut_tail(e, leaves=True),
        {("seal_missing", "s2"), ("leaf_missing", 3), ("leaf_missing", 4), ("leaf_missing", 5)},
    ),
    "every trace removed": Attack(
        lambda e: nothing_left(),
        {("seal_missing", "s1"), ("seal_missing", "s2")} | {("leaf_missing", n) for n in range(6)},
    ),
    "an entry altered with its leaf": Attack(
        lambda e: alter_with_leaf(e[1]), {("root_wrong", "s1"), ("entry_altered", 1)}
    ),
    "an entry removed with its leaf": Attack(
        lambda e: (run(f"DELETE FROM {LEAF} WHERE entry_id = %s", e[1]), remove_entry(e[1]))[0],
        {("leaf_missing", "s1"), ("leaf_missing", 1)},
    ),
    "a leaf moved to another seal": Attack(
        move_leaf, {("leaf_missing", "s1"), ("leaf_added", 2), ("reordered", 2), ("leaf_moved", 2)}
    ),
}
