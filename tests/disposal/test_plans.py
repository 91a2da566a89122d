"""The database reads an index where there is one, whatever the size of the tables."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from privacy.core.actors import Actor
from privacy.disposal.models import Closure
from privacy.disposal.services import run_closures
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

#: Every way in which a person reaches these is indexed: by a link, over one, or by a generic key.
INDEXED = {
    "host_customer",
    "host_order",
    "host_orderline",
    "host_pageview",
    "host_message",
    "host_note",
    "host_comment",
    "host_team_members",
    "host_contract",
    "host_document",
    "host_clientcontact",
    "host_invoice",
    "host_review",
}


class Plans:
    """Asks the database for the plan of each statement before it runs."""

    def __init__(self) -> None:
        self.scanned: dict[str, str] = {}
        self.asked = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if (
            not many
            and sql.lstrip("(")[:6] in ("SELECT", "DELETE", "UPDATE", "INSERT")
            and " host_" in f" {sql}".replace('"', "")
        ):
            self.asked += 1
            for table in self._tables_read_whole(sql, params):
                self.scanned.setdefault(table, sql)
        return execute(sql, params, many, context)

    def _tables_read_whole(self, sql: str, params: Any) -> Iterator[str]:
        if connection.vendor == "sqlite":
            rows = sqlite3.Connection.execute(
                connection.connection, f"EXPLAIN QUERY PLAN {sql.replace('%s', '?').replace('%%', '%')}", params or ()
            )
            yield from (
                self._table(sql, row[3].split()[1])
                for row in rows
                if row[3].startswith("SCAN ") and "USING" not in row[3]
            )
        else:
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                [[[plan]]] = cursor.fetchall()
            yield from self._scans(plan if isinstance(plan, dict) else json.loads(plan))

    def _scans(self, node: Any) -> Iterator[str]:
        if isinstance(node, list):
            for part in node:
                yield from self._scans(part)
        elif isinstance(node, dict):
            if node.get("Node Type") == "Seq Scan":
                yield str(node["Relation Name"])
            for part in node.values():
                yield from self._scans(part)

    def _table(self, sql: str, alias: str) -> str:
        """SQLite's plan names what the statement names: an alias stands behind its table."""
        words = sql.replace('"', "").replace("(", " ").replace(")", " ").split()
        return next(
            (words[at - 1] for at, word in enumerate(words) if word == alias and words[at - 1].startswith("host_")),
            alias,
        )


def test_no_indexed_table_is_read_whole(now: datetime, actor: Actor) -> None:
    """Sub-selects of a batch: many rows of others lie beside those of the batch."""
    others = plant("others", orders=0)
    host.PageView.objects.bulk_create(host.PageView(user=others, path="/", viewed_at=now) for _ in range(3000))
    host.Note.objects.bulk_create(
        host.Note(content_type=ContentType.objects.get_for_model(host.Order), object_id=str(-n), text="x")
        for n in range(3000)
    )
    for number in range(5):
        Closure.objects.create(
            subject_key=str(plant(f"planned{number}").pk),
            pseudonym="p",
            channel="command",
            closed_at=now,
            due_at=now,
            status="planned",
        )
    plans = Plans()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            # The tables here are small; what is still read whole then has no index that would help.
            cursor.execute("SET enable_seqscan = off")
    try:
        with connection.execute_wrapper(plans):
            assert run_closures(now=now, horizon=now, actor=actor)["accounts"] == 5
    finally:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("RESET enable_seqscan")
    assert plans.asked > 25
    assert {table: sql[:200] for table, sql in plans.scanned.items() if table in INDEXED} == {}
