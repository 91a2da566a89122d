"""The profile's [datamap] table, and the published list of data."""

from __future__ import annotations

from typing import Any

import pytest

from privacy.core.registries import profile_sections
from privacy.datamap.queries import inventory
from privacy.datamap.rules import DatamapRules, WrongDatamapRules

WRONG = [
    ({"colour": "red"}, "datamap.colour"),
    ({"purposes": "orders"}, "datamap.purposes"),
    ({"purposes": [""]}, "datamap.purposes"),
    ({"legal_bases": ["habit"]}, "datamap.legal_bases"),
    ({"ip": "blurred"}, "datamap.ip"),
]


def test_a_table_becomes_typed_rules() -> None:
    rules = profile_sections.get("datamap").parse({"purposes": ["orders"], "ip": "shortened"})
    assert rules == DatamapRules(purposes=("orders",), ip="shortened")


@pytest.mark.parametrize(("table", "field"), WRONG)
def test_a_wrong_table_is_told_by_its_key(table: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongDatamapRules) as caught:
        DatamapRules.parse(table)
    assert caught.value.field == field


def test_the_published_list_comes_from_the_declarations(django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        rows = {row.label: row for row in inventory()}
    order = rows["host.Order"]
    assert (order.category, order.purpose, order.legal_basis, order.clause) == (
        "purchases",
        "orders",
        "contract",
        "§2.1",
    )
    assert order.on_erasure == "anonymise"
    assert order.fields == ("address", "phone", "total")
    assert [(kept.field, kept.ground, kept.period) for kept in order.kept] == [("total", "tax law, 10 years", "P10Y")]
    assert rows["host.PageView"].ends == ("P30D", "P13M")
    assert rows["host.NewsletterContact"].fields == ("address", "name")
    assert rows["host.Team.members"].what
    assert list(rows)[-1] == "host.ClientContact"
