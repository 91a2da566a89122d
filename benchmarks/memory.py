"""Peak memory of a purge, in a process of its own for each size, while the site listens to ``post_delete``.

``python -m benchmarks.memory MEMBERS SHARE`` is that process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import Result
from benchmarks.sizes import Size

_LIMIT = 15.0
_MODES = {"delete": "set by set", "hooks": "one model by its hooks"}


def measure(size: Size) -> list[Result]:
    results = []
    for erasure, words in _MODES.items():
        small, large = (_peak(members, size.share, erasure) for members in size.growth)
        name = f"memory, {size.growth[0]} to {size.growth[1]} members, {words}"
        raw = {"peak_mb": [small["peak_mb"], large["peak_mb"]], "signals_heard": [small["heard"], large["heard"]]}
        results.append(Result(name, round(large["peak_mb"] - small["peak_mb"], 2), "MB", _LIMIT, raw))
    return results


def _peak(members: int, share: float, erasure: str) -> dict[str, float]:
    words = [sys.executable, "-m", "benchmarks.memory", str(members), str(share)]
    ended = subprocess.run(words, env={**os.environ, "BENCH_ERASURE": erasure}, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def _peak_kb() -> int:
    # Not getrusage: its peak is that of whoever started this process, where that is the higher one.
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def _purge(members: int, share: float) -> dict[str, float]:
    from django.db.models.signals import post_delete

    from benchmarks.purging import ask_to_close, purge, site

    heard = 0

    def listen(**_words: object) -> None:
        nonlocal heard
        heard += 1

    post_delete.connect(listen)
    site(members, share)
    for start in range(0, members, 1000):
        ask_to_close(range(start + 1, min(start + 1000, members) + 1))
    purge()
    return {"peak_mb": _peak_kb() / 1024, "heard": heard}


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(_purge(int(sys.argv[1]), float(sys.argv[2]))))
