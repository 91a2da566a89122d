"""Pages: nothing is skipped or shown twice, and each costs what the first one cost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacy.promises.models import PromiseRun
from tests.api.planting import plant

CHECKS = "/api/privacy/promises/checks/"


def run(moment: datetime) -> PromiseRun:
    return PromiseRun.objects.create(site="", checked_at=moment, asked_by="night")


def walk(client: Client, url: str, word: str) -> tuple[list[Any], str]:
    """All pages from ``url`` on, one after the other, and the address of the last."""
    pages = []
    while True:
        body = client.get(url).json()
        pages.append(body["results"])
        if not body[word]:
            return pages, url
        url = body[word]


@pytest.mark.parametrize("limit", [1, 2, 7, 10, 200])
def test_walking_forth_and_back_shows_every_row_once(chief: Client, now: datetime, limit: int) -> None:
    for number in range(10):  # four moments, so that rows share them
        run(now + timedelta(hours=number % 4))
    wanted = list(PromiseRun.objects.order_by("-checked_at", "-id").values_list("id", "kept"))
    for kept, (key, _zero) in enumerate(wanted):
        PromiseRun.objects.filter(pk=key).update(kept=kept)
    forth, last = walk(chief, f"{CHECKS}?limit={limit}", "next")
    assert [row["kept"] for page in forth for row in page] == list(range(10))
    back, _first = walk(chief, last, "previous")
    assert [row["kept"] for page in reversed(back) for row in page] == list(range(10))


def test_more_rows_of_one_moment_than_a_page_holds_are_all_reached(chief: Client, now: datetime) -> None:
    PromiseRun.objects.bulk_create(
        PromiseRun(site="", checked_at=now, asked_by="night", kept=number) for number in range(450)
    )
    pages, _last = walk(chief, f"{CHECKS}?limit=200", "next")
    assert sorted(row["kept"] for page in pages for row in page) == list(range(450))


def test_what_is_new_meanwhile_moves_no_page(chief: Client, now: datetime) -> None:
    for number in range(4):
        run(now + timedelta(hours=number))
    first = chief.get(f"{CHECKS}?limit=2").json()
    run(now + timedelta(days=1))
    second = chief.get(first["next"]).json()
    assert [row["checked_at"] for row in second["results"]] == ["2026-03-16T13:00:00Z", "2026-03-16T12:00:00Z"]


@pytest.mark.parametrize("cursor", ["", "x", "WyJuIl0:made-up", "a:b:c", "\0", "ä"])
def test_a_cursor_that_was_never_given_out_is_no_page(chief: Client, now: datetime, cursor: str) -> None:
    run(now)
    answer = chief.get(CHECKS, {"cursor": cursor})
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["problem"] == "This list has no such page"


def test_a_cursor_of_another_list_is_no_page(chief: Client, now: datetime) -> None:
    plant(now, rows=3)
    following = chief.get(f"{CHECKS}?limit=1").json()["next"]
    cursor = following.partition("cursor=")[2].partition("&")[0]
    assert chief.get(f"{CHECKS}?limit=1&cursor={cursor}").status_code == 200
    assert chief.get(f"/api/privacy/promises/EXA-1.1-1/findings/?cursor={cursor}").status_code == 404


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "+5", "٣", "", "9" * 5000])
def test_a_limit_outside_its_bounds_is_refused(chief: Client, limit: str) -> None:
    answer = chief.get(CHECKS, {"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "limit"


def test_the_last_page_costs_what_the_first_one_cost(chief: Client, now: datetime) -> None:
    """The same queries, and each narrowed by the index's own column: no OFFSET."""
    for number in range(30):
        run(now + timedelta(hours=number))
    with CaptureQueriesContext(
        connection,
    ) as first:
        following = chief.get(f"{CHECKS}?limit=5").json()["next"]
    for _ in range(4):
        with CaptureQueriesContext(connection) as later:
            following = chief.get(following).json()["next"]
    assert len(later) == len(first)
    assert not [query for query in later.captured_queries if "OFFSET" in query["sql"]]
