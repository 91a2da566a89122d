"""Database triggers that refuse to change evidence, whoever asks: a shell, a migration, another program.

``INSERT OR REPLACE`` on SQLite removes a row without firing its DELETE trigger, so that an INSERT of a
known key is refused as well. What the owner of the database does anyway, by dropping the triggers
first, is not prevented here. Rooms above have rows that are written once as well, and name them with ``protect``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Model

from privacy.evidence.models import EvidenceEntry, Seal, SealLeaf

_protected: dict[str, type[Model]] = {}
_REFUSAL = "privacy evidence is append-only"
_RAISE = f"RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger that should stand: its table, and its text behind ``CREATE TRIGGER name``."""

    table: str
    body: str


def protect(*models: type[Model]) -> None:
    """From the next migrate on, the database refuses to change rows of these models, or to remove them.

    Args:
        models: their primary key is their only unique column, and they live where the evidence does.
    """
    _protected.update({model._meta.db_table: model for model in models})


protect(EvidenceEntry, Seal, SealLeaf)


# The names in these statements are our own constants.
def _sqlite(table: str, key: str) -> dict[str, Trigger]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    known = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608
    return {
        f"{table}_no_update": Trigger(table, f"BEFORE UPDATE ON {table} {refuse}"),
        f"{table}_no_delete": Trigger(table, f"BEFORE DELETE ON {table} {refuse}"),
        f"{table}_no_replace": Trigger(table, f"BEFORE INSERT ON {table} WHEN {known} {refuse}"),
    }


def _postgresql(table: str) -> dict[str, Trigger]:
    # An INSERT … ON CONFLICT DO UPDATE is an UPDATE to it: nothing goes round the refusal as on SQLite.
    refuse = f"EXECUTE FUNCTION {table}_refuse()"
    return {
        f"{table}_no_update": Trigger(table, f"BEFORE UPDATE ON {table} FOR EACH ROW {refuse}"),
        f"{table}_no_delete": Trigger(table, f"BEFORE DELETE ON {table} FOR EACH ROW {refuse}"),
        f"{table}_no_truncate": Trigger(table, f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"),
    }


_BODY = f"BEGIN {_RAISE} END"


def _key(table: str) -> str:
    return str(_protected[table]._meta.pk.column)


def install(using: str) -> list[str]:
    """Create the triggers that are missing. Safe to call again.

    Args:
        using: alias of the database; tables that it has not are left alone.

    Returns:
        The names of the triggers that were created.
    """
    absent = missing(using)
    connection = connections[using]
    if not absent:
        return []
    wanted = _wanted(connection)
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in {wanted[name].table for name in absent}:
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $${_BODY}$$"
                )
        for name in absent:
            table = wanted[name].table
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{_on(connection, table)}")
            cursor.execute(f"CREATE TRIGGER {name} {wanted[name].body}")
            if connection.vendor == "postgresql":
                # Not even a session in replica mode goes round them.
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    return absent


def remove(using: str) -> None:
    """Drop the triggers: only for a test suite that flushes its tables (``EVIDENCE_TRIGGERS``)."""
    connection = connections[using]
    tables = _tables(using)
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for name, trigger in _wanted(connection).items():
            if trigger.table in tables:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{_on(connection, trigger.table)}")


def missing(using: str) -> list[str]:
    """The triggers that should stand in this database and do not, or are switched off or altered."""
    connection = connections[using]
    wanted = _wanted(connection)
    tables = _tables(using) if wanted else set()
    if not tables:
        return []
    standing = _standing(connection, tables)
    return [
        name
        for name, trigger in wanted.items()
        if trigger.table in tables and standing.get(name) != _ours(connection, name, trigger)
    ]


def _wanted(connection: Any) -> dict[str, Trigger]:
    if connection.vendor == "sqlite":
        return {name: found for table in _protected for name, found in _sqlite(table, _key(table)).items()}
    if connection.vendor == "postgresql":
        return {name: found for table in _protected for name, found in _postgresql(table).items()}
    return {}


def _on(connection: Any, table: str) -> str:
    return f" ON {table}" if connection.vendor == "postgresql" else ""


def _tables(using: str) -> set[str]:
    """Our tables that this database has."""
    if not router.allow_migrate_model(using, EvidenceEntry):
        return set()
    return set(_protected) & set(connections[using].introspection.table_names())


def _standing(connection: Any, tables: set[str]) -> dict[str, str]:
    """Name to what tells an altered trigger from ours: its text; on PostgreSQL its state and its function too."""
    marks = ", ".join(["%s"] * len(tables))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({marks})",  # noqa: S608
                list(tables),
            )
        else:
            cursor.execute(
                "SELECT t.tgname, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid, true), p.prosrc)"
                " FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
                " WHERE t.tgrelid = ANY (%s::regclass[]) AND NOT t.tgisinternal",
                [sorted(tables)],
            )
        return dict(cursor.fetchall())


def _ours(connection: Any, name: str, trigger: Trigger) -> str:
    """What ``_standing`` says of this trigger as long as nobody touched it."""
    text = f"CREATE TRIGGER {name} {trigger.body}"
    if connection.vendor == "sqlite":
        return text
    return f"A {text} {_BODY}"
