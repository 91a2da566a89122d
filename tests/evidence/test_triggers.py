"""The database itself refuses to change, remove or replace evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import DatabaseError, connection, transaction
from django.db.models.signals import post_migrate
from django.test import override_settings

from privacy.core.actors import Actor
from privacy.evidence import triggers
from privacy.evidence.models import EvidenceDetail, EvidenceEntry, Seal, SealLeaf
from privacy.evidence.querysets import EvidenceImmutable
from privacy.evidence.receivers import keep_triggers
from privacy.evidence.sealing import seal
from privacy.evidence.services import Draft, forget, record, record_many

pytestmark = pytest.mark.django_db
ACT = "evidence.details_expired"
KEEP = override_settings(PRIVACY={"EVIDENCE_TRIGGERS": True})
POSTGRESQL = connection.vendor == "postgresql"
NAMES = {"no_update", "no_delete", "no_truncate" if POSTGRESQL else "no_replace"}
IMMUTABLE = (
    *("evidenceentry", "seal", "sealleaf", "consentrecord", "wording", "policyversion", "policywithdrawal"),
    *("frozenbound", "acceptance", "acceptedversion"),
)
ALL = {f"privacy_evidenceentry_{name}" for name in NAMES}


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    """DDL is part of the test's transaction on both databases, so nothing is left behind."""
    with KEEP:
        triggers.install("default")
        yield


@pytest.fixture
def entry(now: datetime, actor: Actor) -> EvidenceEntry:
    return record(act=ACT, now=now, actor=actor, label="auth.User", subject="42", counts={"rows": 1})


def _run(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


COLUMNS = "(id, at, act, label, counts, commitment)"
ROW = f"{COLUMNS} VALUES (%s, '2020-01-01 00:00:00', 'x', '', '{{}}', 'x')"
INSERT = f"INSERT INTO privacy_evidenceentry {ROW}"
ATTACKS = {
    "update": "UPDATE privacy_evidenceentry SET label = 'x' WHERE id = %s",
    "update of the key": "UPDATE privacy_evidenceentry SET id = id + 1 WHERE id = %s",
    "delete": "DELETE FROM privacy_evidenceentry WHERE id = %s",
    "upsert": f"{INSERT} ON CONFLICT (id) DO UPDATE SET act = 'x'",
}
if POSTGRESQL:
    ATTACKS["merge"] = (
        "MERGE INTO privacy_evidenceentry e USING (SELECT %s::bigint AS id) s ON e.id = s.id "
        "WHEN MATCHED THEN UPDATE SET label = 'x'"
    )
else:
    ATTACKS["insert again"] = INSERT
    ATTACKS["insert or nothing"] = f"{INSERT} ON CONFLICT (id) DO NOTHING"
    ATTACKS["replace"] = f"REPLACE INTO privacy_evidenceentry {ROW}"
    ATTACKS["insert or replace"] = INSERT.replace("INSERT", "INSERT OR REPLACE")
    ATTACKS["insert or ignore"] = INSERT.replace("INSERT", "INSERT OR IGNORE")
    ATTACKS["update or replace"] = "UPDATE OR REPLACE privacy_evidenceentry SET label = 'x' WHERE id = %s"
    ATTACKS["update or ignore"] = "UPDATE OR IGNORE privacy_evidenceentry SET label = 'x' WHERE id = %s"


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite's own attacks of this kind are below")
def test_an_insert_over_an_entry_that_is_there_changes_nothing(entry: EvidenceEntry) -> None:
    with pytest.raises(DatabaseError, match="duplicate key"), transaction.atomic():
        _run(INSERT, entry.pk)
    _run(f"{INSERT} ON CONFLICT (id) DO NOTHING", entry.pk)
    stored = EvidenceEntry.objects.get()
    assert (stored.act, stored.label, stored.commitment) == (entry.act, entry.label, entry.commitment)


@pytest.mark.parametrize("attack", ATTACKS)
def test_evidence_refuses_update_delete_and_replacement(attack: str, entry: EvidenceEntry) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _run(ATTACKS[attack], entry.pk)
    stored = EvidenceEntry.objects.get()
    assert (stored.pk, stored.act, stored.label, stored.commitment) == (entry.pk, ACT, "auth.User", entry.commitment)


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize(
    "words", ["privacy_evidenceentry CASCADE", "privacy_evidencedetail, privacy_evidenceentry, privacy_sealleaf"]
)
def test_evidence_refuses_truncate(words: str, entry: EvidenceEntry) -> None:
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _run(f"TRUNCATE {words}")
    assert EvidenceEntry.objects.count() == 1


@pytest.mark.skipif(not POSTGRESQL, reason="a matter of PostgreSQL")
def test_a_session_in_replica_mode_does_not_go_round_them(entry: EvidenceEntry) -> None:
    _run("SET LOCAL session_replication_role = replica")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _run(ATTACKS["delete"], entry.pk)


def test_writing_on_and_forgetting_people_still_work(entry: EvidenceEntry, now: datetime, actor: Actor) -> None:
    record_many(drafts=[Draft(ACT, subject=str(n)) for n in range(300)], now=now, actor=actor)
    assert forget(subjects=["42"]) == 2
    assert (EvidenceEntry.objects.count(), EvidenceDetail.objects.count()) == (301, 299)


@pytest.mark.parametrize(
    "act",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: EvidenceEntry.objects.update(label="x"),
        lambda entry: EvidenceEntry.objects.filter(pk=entry.pk).delete(),
    ],
)
def test_the_model_refuses_in_words_before_the_database_does(act: Any, entry: EvidenceEntry) -> None:
    with pytest.raises(EvidenceImmutable, match="never changed and never removed"):
        act(entry)


def test_django_itself_cannot_write_an_entry_twice(entry: EvidenceEntry) -> None:
    twin = EvidenceEntry(pk=entry.pk, at=entry.at, act=entry.act, commitment="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        twin.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        EvidenceEntry.objects.bulk_create(
            [twin], update_conflicts=True, unique_fields=["id"], update_fields=["commitment"]
        )
    assert EvidenceEntry.objects.get().commitment == entry.commitment


SEALED = {
    "privacy_seal": "INSERT INTO privacy_seal (number, made_at, size, root, previous, key, signature) "
    "SELECT number, made_at, size, root, previous, key, signature FROM privacy_seal",
    "privacy_sealleaf": "INSERT INTO privacy_sealleaf (entry_id, seal_id, position, hash) "
    "SELECT entry_id, seal_id, position, hash FROM privacy_sealleaf",
}


@pytest.mark.parametrize("table", SEALED)
def test_seals_and_their_leaves_are_guarded_like_the_entries(
    table: str, entry: EvidenceEntry, now: datetime, actor: Actor
) -> None:
    seal(now=now, actor=actor)
    _run("SET CONSTRAINTS ALL IMMEDIATE" if POSTGRESQL else "SELECT 1")
    column = "size" if table == "privacy_seal" else "position"
    again = [SEALED[table], SEALED[table].replace("INSERT", "INSERT OR REPLACE")]
    others = [f"TRUNCATE {table} CASCADE"] if POSTGRESQL else again
    attacks = [f"UPDATE {table} SET {column} = 7", f"DELETE FROM {table}", *others]
    for attack in attacks:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            _run(attack)
    for model in (Seal, SealLeaf):
        with pytest.raises(EvidenceImmutable):
            model.objects.all().delete()
        with pytest.raises(EvidenceImmutable):
            model.objects.get().save()


def test_a_trigger_of_the_seals_that_is_gone_is_named_and_put_back() -> None:
    _run("DROP TRIGGER privacy_sealleaf_no_delete" + (" ON privacy_sealleaf" if POSTGRESQL else ""))
    [message] = _reported()
    assert "privacy_sealleaf_no_delete" in message
    _migrated()
    assert _reported() == []


# --- installing, checking, restoring -------------------------------------------------------


def _reported() -> list[str]:
    return [message.msg for message in run_checks(databases=["default"]) if message.id == "privacy.W010"]


def test_with_all_triggers_the_check_is_silent() -> None:
    assert _reported() == []
    assert triggers.missing("default") == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_dropped_trigger_is_reported_by_name_and_put_back_after_the_next_migrate(name: str) -> None:
    _run(f"DROP TRIGGER {name}" + (" ON privacy_evidenceentry" if POSTGRESQL else ""))
    [message] = _reported()
    assert name in message
    assert triggers.missing("default") == [name]
    _migrated()
    assert _reported() == []


def test_an_altered_trigger_is_no_trigger() -> None:
    name = "privacy_evidenceentry_no_update"
    if POSTGRESQL:
        _run(f"ALTER TABLE privacy_evidenceentry DISABLE TRIGGER {name}")
    else:
        _run(f"DROP TRIGGER {name}")
        _run(f"CREATE TRIGGER {name} BEFORE UPDATE ON privacy_evidenceentry BEGIN SELECT 1; END")
    assert triggers.missing("default") == [name]
    assert triggers.install("default") == [name]
    assert triggers.missing("default") == []


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite's triggers call no function")
def test_a_trigger_whose_function_was_emptied_is_no_trigger(entry: EvidenceEntry) -> None:
    body = "BEGIN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END"
    for function in ("refuse", "guard"):
        _run(
            f"CREATE OR REPLACE FUNCTION privacy_evidenceentry_{function}() RETURNS trigger LANGUAGE plpgsql "
            f"AS $${body}$$"
        )
    [message] = _reported()
    assert all(name in message for name in ALL)
    _migrated()
    assert _reported() == []
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _run(ATTACKS["delete"], entry.pk)


@pytest.mark.skipif(not POSTGRESQL, reason="a matter of PostgreSQL")
def test_a_trigger_that_only_looks_at_one_column_is_no_trigger() -> None:
    name = "privacy_evidenceentry_no_update"
    _run(
        f"CREATE OR REPLACE TRIGGER {name} BEFORE UPDATE OF label ON privacy_evidenceentry FOR EACH ROW "
        "EXECUTE FUNCTION privacy_evidenceentry_refuse()"
    )
    _run(f"ALTER TABLE privacy_evidenceentry ENABLE ALWAYS TRIGGER {name}")
    assert triggers.missing("default") == [name]


def test_they_survive_a_later_change_of_the_table_because_migrate_puts_them_back(entry: EvidenceEntry) -> None:
    """SQLite drops every trigger of a table that Django rebuilds, without a word."""
    if POSTGRESQL:
        _run("ALTER TABLE privacy_evidenceentry ADD COLUMN later integer NULL")
    else:
        _rebuild()
        assert set(triggers.missing("default")) == ALL
        [message] = _reported()
        assert all(name in message for name in ALL)
    _migrated()
    assert triggers.missing("default") == []
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _run(ATTACKS["delete"], entry.pk)


def _rebuild() -> None:
    """What Django's schema editor does to alter a column on SQLite."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'privacy_evidenceentry'")
        [create] = cursor.fetchone()
    _run("PRAGMA defer_foreign_keys = ON")
    _run(create.replace("privacy_evidenceentry", "new__entries", 1))
    _run("INSERT INTO new__entries SELECT * FROM privacy_evidenceentry")
    for name in ALL:
        _run(f"DROP TRIGGER {name}")  # DROP TABLE deletes rows, which they would refuse
    _run("DROP TABLE privacy_evidenceentry")
    _run("ALTER TABLE new__entries RENAME TO privacy_evidenceentry")


def _migrated() -> None:
    post_migrate.send(
        sender=apps.get_app_config("privacy"),
        app_config=apps.get_app_config("privacy"),
        verbosity=0,
        interactive=False,
        using="default",
        apps=apps,
        plan=[],
    )


def test_installing_twice_changes_nothing() -> None:
    assert triggers.install("default") == []


def test_a_suite_that_flushes_its_tables_may_switch_them_off(entry: EvidenceEntry) -> None:
    with override_settings(PRIVACY={"EVIDENCE_TRIGGERS": False}):
        keep_triggers(using="default")
        assert _reported() == []
        _run("UPDATE privacy_evidenceentry SET label = 'x' WHERE id = %s", entry.pk)
    assert set(triggers.missing("default")) == {
        name.replace("evidenceentry", table) for name in ALL for table in IMMUTABLE
    }


def test_a_database_without_the_table_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(type(connection.introspection), "table_names", lambda self, *args, **kwargs: [])
        assert triggers.missing("default") == []
        assert triggers.install("default") == []
        triggers.remove("default")
    assert triggers.missing("default") == []


def test_the_check_asks_only_the_databases_it_is_given(django_assert_num_queries: Any) -> None:
    triggers.remove("default")
    with django_assert_num_queries(0):
        assert [message for message in run_checks() if message.id == "privacy.W010"] == []
