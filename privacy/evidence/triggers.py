"""Database triggers that refuse to change evidence, whoever asks: a shell, a migration, another program.

``INSERT OR REPLACE`` on SQLite removes a row without firing its DELETE trigger, so that an INSERT of a
known key is refused as well. What the owner of the database does anyway, by dropping the triggers
first, is not prevented here.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, router, transaction

from privacy.evidence.models import EvidenceEntry

_TABLE = EvidenceEntry._meta.db_table
_REFUSAL = "privacy evidence is append-only"
_FUNCTION = f"{_TABLE}_refuse"
_GUARD = f"{_TABLE}_guard"

# The names in these statements are our own constants.
_SQLITE = {
    f"{_TABLE}_no_update": f"BEFORE UPDATE ON {_TABLE} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    f"{_TABLE}_no_delete": f"BEFORE DELETE ON {_TABLE} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    f"{_TABLE}_no_replace": (
        f"BEFORE INSERT ON {_TABLE} WHEN EXISTS (SELECT 1 FROM {_TABLE} WHERE id = NEW.id) "  # noqa: S608
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    ),
}
_POSTGRESQL = {
    f"{_TABLE}_no_update": f"BEFORE UPDATE ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()",
    f"{_TABLE}_no_delete": f"BEFORE DELETE ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()",
    f"{_TABLE}_no_replace": f"BEFORE INSERT ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION {_GUARD}()",
    f"{_TABLE}_no_truncate": f"BEFORE TRUNCATE ON {_TABLE} FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()",
}
_RAISE = f"RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';"
_FUNCTIONS = {
    _FUNCTION: f"BEGIN {_RAISE} END",
    _GUARD: f"BEGIN IF EXISTS (SELECT 1 FROM {_TABLE} WHERE id = NEW.id) THEN {_RAISE} END IF; RETURN NEW; END",  # noqa: S608
}


def install(using: str) -> list[str]:
    """Create the triggers that are missing. Safe to call again.

    Args:
        using: alias of the database; one without the table is left alone.

    Returns:
        The names of the triggers that were created.
    """
    absent = missing(using)
    connection = connections[using]
    if not absent:
        return []
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for function, body in _FUNCTIONS.items():
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
                )
        for name in absent:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{_on(connection)}")
            cursor.execute(f"CREATE TRIGGER {name} {_wanted(connection)[name]}")
            if connection.vendor == "postgresql":
                # Not even a session in replica mode goes round them.
                cursor.execute(f"ALTER TABLE {_TABLE} ENABLE ALWAYS TRIGGER {name}")
    return absent


def remove(using: str) -> None:
    """Drop the triggers: only for a test suite that flushes its tables (``EVIDENCE_TRIGGERS``)."""
    connection = connections[using]
    if not _has_table(using):
        return
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for name in _wanted(connection):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{_on(connection)}")


def missing(using: str) -> list[str]:
    """The triggers that should stand in this database and do not, or are switched off or altered."""
    connection = connections[using]
    wanted = _wanted(connection)
    if not wanted or not _has_table(using):
        return []
    standing = _standing(connection)
    return [name for name, body in wanted.items() if standing.get(name) != _ours(connection, name, body)]


def _wanted(connection: Any) -> dict[str, str]:
    return {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}.get(connection.vendor, {})


def _on(connection: Any) -> str:
    return f" ON {_TABLE}" if connection.vendor == "postgresql" else ""


def _has_table(using: str) -> bool:
    if not router.allow_migrate_model(using, EvidenceEntry):
        return False
    return _TABLE in connections[using].introspection.table_names()


def _standing(connection: Any) -> dict[str, str]:
    """Name to what tells an altered trigger from ours: its text; on PostgreSQL its state and its function too."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [_TABLE])
        else:
            cursor.execute(
                "SELECT t.tgname, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid, true), p.prosrc)"
                " FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
                " WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal",
                [_TABLE],
            )
        return dict(cursor.fetchall())


def _ours(connection: Any, name: str, body: str) -> str:
    """What ``_standing`` says of this trigger as long as nobody touched it."""
    text = f"CREATE TRIGGER {name} {body}"
    if connection.vendor == "sqlite":
        return text
    return f"A {text} {_FUNCTIONS[_GUARD if f'{_GUARD}()' in body else _FUNCTION]}"
