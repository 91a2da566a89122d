"""History tables as simple-history makes them: found by what they copy, gone with it, silent about who changed it.

The tables are written by hand here, so that the suite needs no further package.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.db import connection, models

from privacy.core.actors import Actor
from privacy.datamap import graph
from privacy.datamap.bundled import history
from privacy.datamap.registry import registry
from privacy.disposal.services import Mandate, close_account
from tests.disposal.planting import plant
from tests.disposal.searching import tables_with
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

COPIED: dict[str, Any] = {"null": True, "related_name": "+", "on_delete": models.DO_NOTHING, "db_constraint": False}


def columns(original: type[models.Model]) -> dict[str, Any]:
    """What every history table adds to the copied columns."""
    return {
        "__module__": __name__,
        "Meta": type("Meta", (), {"app_label": "host"}),
        "__str__": lambda self: "history",
        "instance_type": original,
        "history_id": models.AutoField(primary_key=True),
        "history_date": models.DateTimeField(),
        "history_change_reason": models.CharField(max_length=100, null=True),
        "history_type": models.CharField(max_length=1),
        "history_user": models.ForeignKey(get_user_model(), models.SET_NULL, null=True, related_name="+"),
    }


@pytest.fixture
def tables() -> Iterator[dict[str, Any]]:
    user = get_user_model()
    made: dict[str, Any] = {
        "user": type(
            "HistoricalUser",
            (models.Model,),
            {**columns(user), "id": models.IntegerField(), "username": models.CharField(max_length=150)},
        ),
        "order": type(
            "HistoricalOrder",
            (models.Model,),
            {
                **columns(host.Order),
                "id": models.IntegerField(),
                "customer": models.ForeignKey(user, **COPIED),
                "address": models.TextField(),
                "placed_at": models.DateTimeField(),
            },
        ),
    }
    made["team"] = type(
        "HistoricalTeam",
        (models.Model,),
        {**columns(host.Team.members.through), "id": models.IntegerField(), "user": models.ForeignKey(user, **COPIED)},
    )
    made["memberships"] = type(
        "HistoricalTeamMembers",
        (models.Model,),
        {
            "__module__": __name__,
            "Meta": type("Meta", (), {"app_label": "host"}),
            "__str__": lambda self: "history",
            "instance_type": host.Team.members.through,
            "m2m_history_id": models.AutoField(primary_key=True),
            "user": models.ForeignKey(user, **COPIED),
            "history": models.ForeignKey(made["team"], models.DO_NOTHING, db_constraint=False),
        },
    )
    with connection.schema_editor() as editor:
        for model in made.values():
            editor.create_model(model)
    history.declare_all()
    yield made
    with connection.schema_editor() as editor:
        for model in reversed(made.values()):
            editor.delete_model(model)
    for model in made.values():
        del apps.all_models["host"][model._meta.model_name]
    apps.clear_cache()


def test_history_tables_need_no_declaration_of_their_own(tables: dict[str, Any]) -> None:
    assert run_checks(tags=["privacy"]) == []
    sides = {name: [side.name for side in graph.find(model).sides] for name, model in tables.items()}  # type: ignore[union-attr]
    assert sides == {
        "user": ["key:id", "history_user"],
        "order": ["customer", "history_user"],
        "team": ["user", "history_user"],
        "memberships": ["user", "history__user"],
    }


def test_the_sites_own_declaration_of_a_history_table_wins(tables: dict[str, Any]) -> None:
    registry.withdraw(tables["order"])
    registry.exclude("host.HistoricalOrder", reason="this site empties it every hour")
    history.declare_all()
    assert graph.find(tables["order"]) is None


def test_history_goes_with_what_it_copies_and_forgets_who_changed_it(
    tables: dict[str, Any], now: datetime, actor: Actor
) -> None:
    leaver, stays = plant("xqleaver"), plant("xqstays")
    for person in (leaver, stays):
        given = {"history_date": now, "history_type": "~", "history_change_reason": f"by {leaver.username}"}
        given["history_user"] = leaver
        tables["user"].objects.create(id=person.pk, username=person.username, **given)
        tables["order"].objects.create(
            id=1, customer=person, address=person.username, placed_at=now - timedelta(days=1), **given
        )
        row = tables["team"].objects.create(id=1, user=person, **given)
        tables["memberships"].objects.create(user=person, history=row)

    report = close_account(user=leaver, mandate=Mandate("member", "page", "password"), now=now, actor=actor)

    assert (report.status, report.errors) == ("done", ())
    assert tables_with("xqleaver") == []
    assert [model.objects.count() for model in tables.values()] == [1, 1, 1, 1]
    left = tables["order"].objects.get()
    assert (left.customer_id, left.address, left.history_user_id) == (stays.pk, "xqstays", None)
    assert left.history_change_reason is None
