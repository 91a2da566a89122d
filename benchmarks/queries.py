"""Queries of one batch of a thousand people: all of them, and how many a declared model adds.

``python -m benchmarks.queries PEOPLE SHARE`` counts them once; what a site without models of its own needs is
counted by itself, so that what is left is what the models cost.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.measuring import Result
from benchmarks.sizes import Size

_LIMIT = 3.0
_NO_WORK = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK")


def measure(size: Size) -> list[Result]:
    people = size.thousand
    none = _count(people, size.share, "nothing")
    results = []
    for erasure, words in (("delete", "deletion"), ("anonymise", "anonymising")):
        found = _count(people, size.share, erasure)
        models = found["models"] - none["models"]
        figure = (found["queries"] - none["queries"]) / models
        raw = {
            "queries": found["queries"],
            "of_them_without_models": none["queries"],
            "models": models,
            "people": people,
            "all_declared_models": found["models"],
        }
        results.append(Result(f"queries a model and {people} people, {words}", round(figure, 2), "", _LIMIT, raw))
    return results


def _count(people: int, share: float, erasure: str) -> dict[str, int]:
    words = [sys.executable, "-m", "benchmarks.queries", str(people), str(share)]
    environment = {**os.environ, "BENCH_ERASURE": erasure}
    ended = subprocess.run(words, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, int] = json.loads(ended.stdout)
    return found


def _purge_in_one_batch() -> None:
    from benchmarks.filling import NOW
    from benchmarks.purging import ACTOR
    from privacy.disposal.batches import run_batch
    from privacy.disposal.models import Closure

    counts: dict[str, int] = {"accounts": 0, "partial": 0, "reopened": 0}
    run_batch(list(Closure.objects.unfinished().values_list("pk", flat=True)), counts, now=NOW, actor=ACTOR)
    if counts["partial"]:
        raise SystemExit(f"{counts['partial']} accounts were not erased")


def _counted(people: int, share: float) -> dict[str, int]:
    from django.conf import settings
    from django.db import connection

    from benchmarks.purging import ask_to_close, site
    from privacy.datamap import graph

    queries = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal queries
        # Where nothing is declared, the way to the account's row is still cleared table by table: no fixed cost.
        fixed = settings.BENCH_ERASURE != "nothing" or "benchsite_" not in sql
        queries += fixed and not sql.lstrip().upper().startswith(_NO_WORK)
        return execute(sql, params, many, context)

    site(people + 1, share)
    ask_to_close([people + 1])
    _purge_in_one_batch()  # content types and the like are looked up once a process
    ask_to_close(range(1, people + 1))
    with connection.execute_wrapper(count):
        _purge_in_one_batch()
    return {"queries": queries, "models": len(graph.declared())}


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(_counted(int(sys.argv[1]), float(sys.argv[2]))))
