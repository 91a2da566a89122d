"""Runs every measurement, or those named: ``python -m benchmarks [NAME …]``. README.md says what each is about.

Ends with 1 where a limit is exceeded. ``SIZE=full`` also renews the results and the chart that are kept here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks import chart, scratch
from benchmarks.measuring import Result

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("deletion", "anonymising", "expiry", "queries", "transactions", "memory", "verification", "gate")
#: Which declarations the measured site has; "delete" unless said here.
_ERASURES = {"anonymising": "anonymise", "verification": "anonymise"}


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(NAMES)
    if unknown:
        sys.stderr.write(f"Unknown: {', '.join(sorted(unknown))}. There are {', '.join(NAMES)}.\n")
        return 2
    place = Path(os.environ.get("BENCH_RESULTS") or _usual_place())
    place.mkdir(parents=True, exist_ok=True)
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="bench", dir=os.environ.get("BENCH_TMP")) as name:
        folder = Path(name)
        try:
            kept = [_measured(each, folder, place) for each in wanted or NAMES]
        finally:
            scratch.drop_all(folder)
    chart.draw(place)
    sys.stdout.write(f"{(monotonic() - began) / 60:.0f} minutes; raw results and chart in {_told(place)}\n")
    return 0 if all(kept) else 1


def _measured(name: str, folder: Path, place: Path) -> bool:
    out = folder / "out.json"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "BENCH_FOLDER": str(folder),
        "BENCH_DATABASE": scratch.scratch_url(folder),
        "BENCH_ERASURE": _ERASURES.get(name, "delete"),
        "PYTHONPATH": str(ROOT),
    }
    sys.stdout.write(f"{name} …\n")
    sys.stdout.flush()
    ended = subprocess.run([sys.executable, "-m", "benchmarks.run", name, str(out)], env=environment, cwd=ROOT)
    if ended.returncode:
        sys.stdout.write(f"  FAILED with {ended.returncode}\n")
        return False
    found = json.loads(out.read_text())
    results = [Result(**each) for each in found["results"]]
    for result in results:
        _show(result)
    _keep(name, found, place)
    return all(result.kept for result in results)


def _show(result: Result) -> None:
    limit = "" if result.limit is None else f"   at most {result.limit:g}   {'kept' if result.kept else 'EXCEEDED'}"
    sys.stdout.write(f"  {result.name:<62} {result.figure:8.2f} {result.unit}{limit}\n")
    sys.stdout.flush()


def _keep(name: str, found: dict[str, Any], place: Path) -> None:
    """One file a database; a measurement that is run again replaces its own part."""
    path = place / f"{found['facts']['database'].split()[0]}.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    measured = {**before.get("measured", {}), name: found["results"]}
    told = {"facts": found["facts"], "measured": {each: measured[each] for each in NAMES if each in measured}}
    path.write_text(json.dumps(told, indent=1) + "\n")


def _usual_place() -> Path:
    full = os.environ.get("SIZE", "full") == "full"
    return ROOT / "benchmarks" / "results" if full else ROOT / "var" / "benchmarks"


def _told(place: Path) -> str:
    return str(place.relative_to(ROOT)) if place.is_relative_to(ROOT) else place.name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
