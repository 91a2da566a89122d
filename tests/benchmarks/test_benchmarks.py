"""The benchmarks run, at a size that tells nothing about time: what they count and weigh is held against its limit.

**Speed**: at most three queries a model and thousand people; peak memory does not grow with the members, also when
the site listens to ``post_delete``. Seconds are measured by ``make bench`` alone: here they would say what else runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.processes import ROOT, environment


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    place = tmp_path_factory.mktemp("results")
    told = {**environment(), "SIZE": "tiny", "BENCH_RESULTS": str(place), "BENCH_TMP": str(place)}
    names = ["deletion", "anonymising", "expiry", "queries", "transactions", "memory", "gate"]
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", *names], cwd=ROOT, env=told, capture_output=True, text=True
    )
    # 1 is a limit exceeded, which tiny sizes and a busy machine may bring about.
    assert ended.returncode in (0, 1), ended.stderr[-4000:]
    assert "FAILED" not in ended.stdout, ended.stderr[-4000:]
    [path] = place.glob("*.json")
    assert (place / "chart.svg").read_text().count("<rect") > 10
    found: dict[str, list[dict[str, Any]]] = json.loads(path.read_text())["measured"]
    return found


def test_deletion_anonymising_and_expiry_are_told_as_ratios_in_one_run(measured: dict[str, Any]) -> None:
    for name in ("deletion", "anonymising", "expiry"):
        for result in measured[name]:
            raw = result["raw"]
            assert result["unit"] == "times raw SQL"
            assert result["limit"] in (1.5, 2.0, 2.5)
            assert len(raw["ours_seconds"]) == len(raw["raw_sql_seconds"]) == len(raw["ratio_of_each_round"])
            assert result["figure"] > 0


def test_at_most_three_queries_a_model_and_thousand_people(measured: dict[str, Any]) -> None:
    assert len(measured["queries"]) == 2
    for result in measured["queries"]:
        assert 1 <= result["figure"] <= 3, result


def test_peak_memory_stays_flat_also_when_the_site_listens_to_post_delete(measured: dict[str, Any]) -> None:
    set_based, hooked = measured["memory"]
    for result in (set_based, hooked):
        assert result["figure"] < 15, result
    # Said plainly: statements over sets send no signal, and the hooked mode sends one a row.
    assert max(set_based["raw"]["signals_heard"]) == 0
    assert min(hooked["raw"]["signals_heard"]) > 0


def test_sqlites_write_transactions_are_timed_each(measured: dict[str, Any]) -> None:
    for result in measured["transactions"]:
        assert result["raw"]["transactions"] >= 1
        assert result["limit"] == 2


def test_the_results_that_are_kept_name_no_machine() -> None:
    for path in (ROOT / "benchmarks" / "results").glob("*.json"):
        told = json.loads(path.read_text())
        assert set(told) == {"facts", "measured"}
        assert not [value for value in told["facts"].values() if "/" in str(value)]


def test_warm_the_gate_adds_one_query_and_none_with_a_shared_cache_or_to_an_open_page(measured: dict[str, Any]) -> None:
    told = [result for result in measured["gate"] if result["unit"]]
    added = {result["name"]: (result["figure"], result["limit"]) for result in measured["gate"] if not result["unit"]}
    assert {result["unit"] for result in told} == {"times no gate"}
    assert added == {
        "queries added, gate": (1, 1),
        "queries added, gate with a shared cache": (0, 0),
        "queries added, gate, an open page": (0, 0),
        "queries added, gate, nobody signed in": (0, 0),
    }
